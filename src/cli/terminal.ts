import { createInterface } from 'node:readline/promises';
import type { Terminal } from './types.ts';

/** The terminal of this process. */
export function systemTerminal(): Terminal {
  const canAsk = process.stdin.isTTY === true && process.stderr.isTTY === true;
  return {
    isOutputTty: process.stdout.isTTY === true,
    isErrorTty: process.stderr.isTTY === true,
    ask: canAsk ? askOnStderr : null,
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
