import { writeSync } from 'node:fs';
import { LEVEL_NUMBERS, type LogLine } from '../log.ts';

/** Tries to write to a pipe that is full for the moment. */
const WRITE_TRIES = 1_000;

/** One line as the sink's pino writes it: JSON with pino's names. */
export function formatLine(node: string, line: LogLine): string {
  const { level, at, actor, fields, message } = line;
  return `${JSON.stringify({ level: LEVEL_NUMBERS[level], node, time: at, actor, ...fields, msg: message })}\n`;
}

/** Writes a line before the call returns: what a thread says last must not wait for another thread. */
export function writeFatal(descriptor: number, node: string, line: LogLine): void {
  let rest: Uint8Array = Buffer.from(formatLine(node, line));
  for (let tries = 0; rest.length > 0 && tries < WRITE_TRIES; tries += 1) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) return;
    }
  }
}
