import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { slotFrame, slotScript } from '../../../src/adapters/processes/slot-script.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const killed = {
  program: '/bin/sh',
  argumentZero: 'sh',
  args: ['-c', 'kill -9 $$'],
  environment: new Map(),
  workingDirectory: null,
  account: null,
  input: null,
};
const nothingTold = { usual: [], missing: [], further: [] };
const folder = new TemporaryFolder();
afterEach(() => folder.remove());

describe('the shell of a slot', () => {
  it('ends with its input, also when a job is killed after the pipe of its words has gone', async () => {
    const words = join(folder.path, 'no-pipe');
    const args = ['--norc', '--noprofile', '-c', slotScript, 'carillon-slot', words, 'ITS_NAME'];
    const shell = spawn('/bin/bash', args, { env: { PATH: process.env.PATH, LC_ALL: 'C' } });
    let answers = '';
    shell.stdout.setEncoding('latin1').on('data', (text: string) => {
      answers += text;
    });
    const closed = once(shell, 'close');
    shell.stdin.end(slotFrame(killed, '/dev/null', nothingTold));
    await closed;
    expect(answers).toMatch(/^ended \d+ 137 signalled\n$/);
  });
});
