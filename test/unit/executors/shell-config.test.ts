import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Config, modes, ShellJobs } from '../../support/shell-jobs.ts';

const isRoot = process.getuid?.() === 0;
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'carillon-test-'));
  const file = (name: string, content: string, mode: number): void => {
    writeFileSync(join(folder, name), content);
    chmodSync(join(folder, name), mode);
  };
  file('not-executable', '#!/bin/sh\n', 0o644);
  file('no-shebang', 'echo hi\n', 0o755);
  file('empty', '', 0o755);
  file('bad-interpreter', '#!/nope/sh\n', 0o755);
  file('hello', '#!/bin/sh\necho hello "$0" "$@"\n', 0o755);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Texts of the same mistakes, told by Go 1.24's os/exec, os/user and Dkron's own. */
const mistakes: readonly (readonly [Config, string])[] = [
  [{}, 'shell: Command missing'],
  [{ command: ' ' }, 'shell: Command missing'],
  [{ command: '; echo x' }, 'shell: Command missing'],
  [{ command: '', shell: 'nonsense' }, 'shell: Command missing'],
  [{ command: '""' }, 'exec: no command'],
  [{ command: '(date)' }, 'invalid command line string'],
  [{ command: 'FOO=bar echo' }, 'exec: "FOO=bar": executable file not found in $PATH'],
  [{ command: '.' }, 'exec: ".": executable file not found in $PATH'],
  [{ command: 'a\u0000' }, 'exec: "a\\x00": executable file not found in $PATH'],
  [{ command: '/nope' }, 'fork/exec /nope: no such file or directory'],
  [{ command: '~/x' }, 'fork/exec ~/x: no such file or directory'],
  [{ command: '/tmp' }, 'fork/exec /tmp: permission denied'],
  [{ command: '/etc/passwd' }, 'fork/exec /etc/passwd: permission denied'],
  [{ command: '/etc/passwd/x' }, 'fork/exec /etc/passwd/x: not a directory'],
  [{ command: '{}/not-executable' }, 'fork/exec {}/not-executable: permission denied'],
  [{ command: './not-executable', cwd: '{}' }, 'fork/exec ./not-executable: permission denied'],
  [{ command: '{}/no-shebang' }, 'fork/exec {}/no-shebang: exec format error'],
  [{ command: '{}/empty' }, 'fork/exec {}/empty: exec format error'],
  [{ command: '{}/bad-interpreter' }, 'fork/exec {}/bad-interpreter: no such file or directory'],
  [{ command: '/bin/echo a\u0000b' }, 'fork/exec /bin/echo: invalid argument'],
  [{ command: 'echo \u0000', shell: 'true' }, 'fork/exec /bin/sh: invalid argument'],
  [{ command: 'echo', env: 'A=\u0000' }, 'exec: environment variable contains NUL'],
  [{ command: 'echo', cwd: '/nope' }, 'chdir /nope: no such file or directory'],
  [{ command: 'nope', cwd: '/nope' }, 'exec: "nope": executable file not found in $PATH'],
  [{ command: '/bin/echo', cwd: '/nope', timeout: '0s' }, 'fork/exec /bin/echo: no such file or directory'],
  [{ command: '/bin/echo', cwd: '/etc/passwd' }, 'fork/exec /bin/echo: not a directory'],
  [{ command: `/bin/echo ${'x'.repeat(200_000)}` }, 'fork/exec /bin/echo: argument list too long'],
  [{ command: 'echo', payload: 'SGVsbG8' }, 'illegal base64 data at input byte 4'],
  [{ command: 'echo', timeout: '1' }, 'shell: Error parsing job timeout'],
  [{ command: 'echo', success_codes: '0,x' }, 'shell: success_codes must be exit codes from 0 to 255, as in "0,3"'],
  [
    { command: 'echo', mem_limit: '5PB' },
    'shell: Error parsing job memory limit: unsupported memory unit: PB (supported: B, KB, MB, GB, TB)',
  ],
  [{ command: 'echo', su: 'nobody-such' }, 'user: unknown user nobody-such'],
  [{ command: 'echo', su: '0' }, 'user: unknown user 0'],
  [{ command: 'echo', su: ':root' }, 'user: unknown user '],
  [{ command: 'echo', su: 'root:nobody-such' }, 'group: unknown group nobody-such'],
  [{ command: 'echo', su: 'root:' }, 'group: unknown group '],
];

const inFolder = (text: string): string => text.replaceAll('{}', folder);
const placed = (config: Config): Config => {
  return Object.fromEntries(Object.entries(config).map(([key, value]) => [key, inFolder(value)]));
};

/** What succeeds: its output. */
const successes: readonly (readonly [Config, string])[] = [
  [{ command: '', shell: 'true' }, ''],
  [{ command: 'echo "$0"', shell: 'true' }, '/bin/sh\n'],
  [{ command: "echo 'test1' && echo 'success'", shell: 'T' }, 'test1\nsuccess\n'],
  [{ command: 'echo a && echo b', shell: 'yes' }, 'a\n'],
  [{ command: 'echo $HOME * `x` $(y)' }, '$HOME * `x` $(y)\n'],
  [{ command: 'pwd', cwd: '/tmp' }, '/tmp\n'],
  [{ command: './hello a', cwd: '{}' }, 'hello ./hello a\n'],
  [{ command: 'hello b', env: 'PATH={}:/bin' }, 'hello {}/hello b\n'],
  [{ command: 'echo found', env: 'PATH=/nope' }, 'found\n'],
  [{ command: 'echo "$A|$B|$C|$D"', shell: '1', env: "A=1,A=2,B=it's  $x,C,=y,D=" }, "2|it's  $x||\n"],
  [{ command: 'cat', payload: 'SGVsbG8gZnJvbSBzdGRpbg==' }, 'Hello from stdin'],
  [{ command: 'cat /dev/stdin', payload: 'SGVsbG8=' }, 'Hello'],
  [{ command: '/bin/true', payload: 'SGVsbG8=' }, ''],
  [{ command: 'cat' }, ''],
  [{ command: 'echo out >/dev/stdout; echo err >/dev/stderr', shell: 'true' }, 'out\nerr\n'],
  [{ command: 'echo ok', timeout: '0s' }, 'ok\n'],
  [{ command: 'echo ok', timeout: '2000000h' }, 'ok\n'],
  [{ command: 'echo ok', mem_limit: '1TB' }, 'ok\n'],
];

/** What fails by itself. */
const failures: readonly (readonly [string, string])[] = [
  ['exit 3', 'exit status 3'],
  ['nope-nope', 'exit status 127'],
  ['/tmp', 'exit status 126'],
  ['exit 137', 'exit status 137'],
  ['exit 143', 'exit status 143'],
  ['kill -KILL $$', 'signal: killed'],
  ['kill -TERM $$', 'signal: terminated'],
  ['kill -INT $$', 'signal: interrupt'],
  ['kill -PIPE $$', 'signal: broken pipe'],
  ['ulimit -c 0; kill -SEGV $$', 'signal: segmentation fault'],
  ['sh -c "kill -KILL \\$\\$"; exit $?', 'exit status 137'],
];

describe.each(modes)('the config of a shell job, by %s', (mode) => {
  const jobs = new ShellJobs({ mode });
  afterAll(() => jobs.close());

  it.each(mistakes)('%j is refused: %s', async (config, error) => {
    const result = await jobs.start(placed(config)).ended;
    expect(result).toEqual({ success: false, error: inFolder(error), output: new Uint8Array(0), droppedBytes: 0 });
  });

  it.each(successes)('%j writes %j', async (config, output) => {
    expect(await jobs.record(placed(config))).toEqual({ success: true, output: inFolder(output) });
  });

  it.each(failures)('`%s` fails: %s', async (command, error) => {
    const result = await jobs.start({ command, shell: 'true' }).ended;
    expect({ success: result.success, error: result.error }).toEqual({ success: false, error });
  });

  it.each([
    ['exit 3', ''],
    ['exit 0', ''],
    ['exit 137', ''],
    ['exit 4', 'exit status 4'],
    ['kill -KILL $$', 'signal: killed'],
    ['kill -TERM $$', 'signal: terminated'],
  ])('`%s` with success_codes 0, 3, 137 and 143 ends as %j', async (command, error) => {
    const result = await jobs.start({ command, shell: 'true', success_codes: '0,3, 137,143' }).ended;
    expect({ success: result.success, error: result.error }).toEqual({ success: error === '', error });
  });

  it('fails with 0 when that is not among the success_codes', async () => {
    const result = await jobs.start({ command: 'true', success_codes: '3' }).ended;
    expect({ success: result.success, error: result.error }).toEqual({ success: false, error: 'exit status 0' });
  });

  it.skipIf(!isRoot)('su runs as another user and group, in a group of its own', async () => {
    const command = 'id -u; id -g; id -G; ps -o pgid= -p $$ | tr -d " "; echo $$';
    const asNobody = await jobs.record({ command, shell: 'true', su: 'nobody:daemon' });
    const [user, group, groups, processGroup, pid] = asNobody.output.split('\n');
    expect([user, group, groups]).toEqual(['65534', '1', '1']);
    expect(processGroup).toBe(pid);
    const ownGroup = await jobs.record({ command: 'id -g', su: 'nobody' });
    expect(ownGroup.output).toBe('65534\n');
  });

  it('leads a process group of its own, with no signal ignored', async () => {
    const command = 'ps -o pgid= -p $$ | tr -d " "; echo $$; grep SigIgn /proc/$$/status';
    const { output } = await jobs.record({ command, shell: 'true' });
    const [group, pid, ignored] = output.split('\n');
    expect(group).toBe(pid);
    expect(ignored).toBe('SigIgn:\t0000000000000000');
  });
});

describe.each(modes)('what a job sees of the agent, by %s', (mode) => {
  const environment = {
    PATH: process.env.PATH,
    HOME: '/root',
    LANG: 'C.UTF-8',
    LC_ALL: 'xx_XX.UTF-8',
    TZ: 'Asia/Kathmandu',
    CARILLON_ENCRYPT: 'secret',
    AWS_SECRET_ACCESS_KEY: 'secret',
    SHLVL: '7',
  };
  const jobs = new ShellJobs({ mode, environment });
  afterAll(() => jobs.close());

  it('is the allow-list, what the job adds, and what it must know of itself', async () => {
    // Shells add some of their own; this one is no shell.
    const { output } = await jobs.record({ command: '/usr/bin/env', env: 'A.B=x,MINE=1,ENV_JOB_NAME=no,words=w' });
    const lines = output.split('\n').filter((line) => line !== '' && !line.startsWith('SHLVL='));
    expect(lines.sort()).toEqual(
      [
        'A.B=x',
        'CARILLON_ATTEMPT=3',
        `CARILLON_EXECUTION_ID=${jobs.idOf(1)}`,
        'CARILLON_JOB_NAME=bell',
        'CARILLON_SCHEDULED_AT=2026-01-02T03:04:05.006Z',
        'ENV_JOB_NAME=bell',
        'HOME=/root',
        'LANG=C.UTF-8',
        'LC_ALL=xx_XX.UTF-8',
        'MINE=1',
        `PATH=${process.env.PATH}`,
        'TZ=Asia/Kathmandu',
        'words=w',
      ].sort(),
    );
  });

  it('has no more when it is started the fast way', async () => {
    const { output } = await jobs.record({ command: '/usr/bin/env', env: 'MINE=1' });
    const names = output
      .trim()
      .split('\n')
      .map((line) => line.slice(0, line.indexOf('=')));
    expect(names.filter((name) => !/^(?:CARILLON_|SHLVL$)/.test(name)).sort()).toEqual(
      ['ENV_JOB_NAME', 'HOME', 'LANG', 'LC_ALL', 'MINE', 'PATH', 'TZ'].sort(),
    );
  });
});
