import { constants } from 'node:os';
import { createInterface } from 'node:readline';
import type { Screen, ScreenSize, Terminal } from './types.ts';

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

/**
 * stdout stays free for what programs read. The terminal edits the line itself, so that Ctrl-C ends the process as ever;
 * Ctrl-D is an empty answer.
 */
function askOnStderr(question: string): Promise<string> {
  const { stdin, stderr } = process;
  const lines = createInterface({ input: stdin, output: stderr, terminal: false });
  return new Promise((answer) => {
    lines.once('close', () => {
      stderr.write('\n');
      answer('');
    });
    lines.question(question, (line) => {
      lines.removeAllListeners('close').close();
      answer(line);
    });
  });
}

/** Keys that come at once: each an escape sequence, or a character. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: keys are sent as escape sequences
const keys = /\u001b\[[\d;]*[A-Za-z~]|./gsu;
const endingSignals = ['SIGTERM', 'SIGHUP'] as const;
/** Some terminals say that they have no columns: what they don't know themselves. */
const usualSize = { columns: 80, rows: 24 } as const;
const enter = '\u001b[?1049h\u001b[?25l';
const leave = '\u001b[?25h\u001b[?1049l';

/** The terminal's second screen: what was on the first is there again afterwards. */
function openScreen(): Screen {
  const { stdin, stdout } = process;
  const size = (): ScreenSize => ({
    columns: stdout.columns || usualSize.columns,
    rows: stdout.rows || usualSize.rows,
  });
  // However the process ends, the terminal must be usable after it.
  const restore = (): void => void stdout.write(leave);
  // 128 and the signal's number, as shells have it.
  const end = (signal: NodeJS.Signals): void => process.exit(128 + constants.signals[signal]);
  process.once('exit', restore);
  for (const signal of endingSignals) process.once(signal, end);
  stdin.setRawMode(true);
  stdin.setEncoding('utf8').resume();
  stdout.write(enter);
  return {
    size,
    draw: (lines) => {
      // Erased before it is written: after its last column is written, a terminal would erase that.
      const shown = lines.slice(0, size().rows).map((line) => `\u001b[K${line}`);
      stdout.write(`\u001b[H${shown.join('\r\n')}`);
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
