import { createInterface } from 'node:readline/promises';
import type { Screen, Terminal } from './types.ts';

/** The terminal of this process. */
export function systemTerminal(): Terminal {
  const { stdin, stdout, stderr } = process;
  const canAsk = stdin.isTTY === true && stderr.isTTY === true;
  const hasScreen = stdin.isTTY === true && stdout.isTTY === true;
  return {
    isOutputTty: stdout.isTTY === true,
    isErrorTty: stderr.isTTY === true,
    ask: canAsk ? askOnStderr : null,
    onInterrupt: (listener) => {
      process.on('SIGINT', listener);
      return () => process.off('SIGINT', listener);
    },
    openScreen: hasScreen ? openScreen : null,
  };
}

/** stdout stays free for what programs read. */
async function askOnStderr(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await lines.question(question);
  } finally {
    lines.close();
  }
}

/** Keys that come at once: each an escape sequence, or a character. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: keys are sent as escape sequences
const keys = /\u001b\[[\d;]*[A-Za-z~]|./gsu;
/** 128 and the signal's number, as shells have it. */
const terminated = 143;
const endingSignals = ['SIGTERM', 'SIGHUP'] as const;
const enter = '\u001b[?1049h\u001b[?25l';
const leave = '\u001b[?25h\u001b[?1049l';

/** The terminal's second screen: what was on the first is there again afterwards. */
function openScreen(): Screen {
  const { stdin, stdout } = process;
  // However the process ends, the terminal must be usable after it.
  const restore = (): void => void stdout.write(leave);
  const end = (): void => process.exit(terminated);
  process.once('exit', restore);
  for (const signal of endingSignals) process.once(signal, end);
  stdin.setRawMode(true);
  stdin.setEncoding('utf8').resume();
  stdout.write(enter);
  return {
    size: () => ({ columns: stdout.columns, rows: stdout.rows }),
    draw: (lines) => {
      const shown = lines.slice(0, stdout.rows).map((line) => `${line}\u001b[K`);
      stdout.write(`\u001b[H${shown.join('\r\n')}\u001b[J`);
    },
    onKey: (listener) => {
      stdin.on('data', (typed: string) => {
        for (const [key] of typed.matchAll(keys)) listener(key);
      });
    },
    onResize: (listener) => void stdout.on('resize', listener),
    close: () => {
      stdin.removeAllListeners('data').pause();
      stdin.setRawMode(false);
      stdout.removeAllListeners('resize');
      process.off('exit', restore);
      for (const signal of endingSignals) process.off(signal, end);
      restore();
    },
  };
}
