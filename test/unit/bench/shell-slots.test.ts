import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { ShellSlots } from '../../../bench/baselines/shell-slots.ts';
import { Scope } from '../../../bench/frame/scope.ts';

it.skipIf(!existsSync('/bin/bash'))(
  'pre-forked shells collect output, errors and the exit code of each job',
  async () => {
    const scope = new Scope(tmpdir());
    const slots = new ShellSlots(scope, 2);
    const commands = ['/bin/echo one', "/bin/sh -c 'echo two >&2; exit 3'", '/usr/bin/false', '/bin/echo four'];
    const results = await Promise.all(commands.map((command) => slots.run(command)));
    expect(results).toEqual([
      { exitCode: 0, stdout: 'one\n', stderr: '' },
      { exitCode: 3, stdout: '', stderr: 'two\n' },
      { exitCode: 1, stdout: '', stderr: '' },
      { exitCode: 0, stdout: 'four\n', stderr: '' },
    ]);
    await scope.close();
  },
);
