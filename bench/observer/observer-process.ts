import { openSync, readSync, writeSync } from 'node:fs';
import { RealClock } from '../support/real-clock.ts';
import { question } from './protocol.ts';

/**
 * Reads the named pipe that jobs write a line into when they start, and stamps what it hears. It blocks in the read, so
 * that nothing of Node.js stands between the system and the stamp. Ends when nobody holds the pipe any more.
 */
const [pipe = ''] = process.argv.slice(2);
const standardOutput = 1;
const file = openSync(pipe, 'r');
const buffer = Buffer.alloc(1 << 16);
const clock = new RealClock();
let heard: string[] = [];
let rest = '';

for (let length = readSync(file, buffer); length > 0; length = readSync(file, buffer)) {
  const atMs = clock.nowMs().toFixed(3);
  const lines = (rest + buffer.toString('utf8', 0, length)).split('\n');
  rest = lines.pop() ?? '';
  for (const line of lines) {
    if (line === question) answer();
    else heard.push(`${line} ${atMs}`);
  }
}

function answer(): void {
  const bytes = Buffer.from([...heard, question, ''].join('\n'));
  for (let written = 0; written < bytes.length; ) written += writeSync(standardOutput, bytes, written);
  heard = [];
}
