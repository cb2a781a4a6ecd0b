import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { LinuxProcessTable } from '../../../src/adapters/processes/linux-process-table.ts';
import { systemTimers } from '../../../src/adapters/processes/timers.ts';
import { limits } from '../../../src/core/limits.ts';
import { HeldTimers } from '../../support/held-timers.ts';
import { ShellJobs } from '../../support/shell-jobs.ts';
import { waitUntil } from '../../support/wait-until.ts';

const table = new LinuxProcessTable();
let jobs: ShellJobs | null = null;

function open(): ShellJobs {
  // However busy the machine is, the shells get the time for their trial.
  const timers = new HeldTimers([limits.slotTrialMs]);
  jobs = new ShellJobs({
    mode: 'slots',
    niceness: 5,
    nodeKey: 'tower',
    environment: { PATH: process.env.PATH },
    timers,
  });
  return jobs;
}

afterEach(async () => {
  await jobs?.close();
  jobs = null;
});

const parentOf = (pid: number): number => table.rows().find((row) => row.pid === pid)?.parentPid ?? 0;
const nameOf = (pid: number): string => readFileSync(`/proc/${pid}/comm`, 'utf8').trim();

describe('pre-forked shells', () => {
  it('start plain jobs, at their priority, and leave the rest to plain spawn', async () => {
    const shells = open();
    const plain = await shells.start({ command: 'sleep 1000' }).started;
    expect(nameOf(parentOf(plain.pid))).toBe('bash');
    const fed = await shells.start({ command: 'sleep 1001', payload: 'QQ==' }).started;
    expect(parentOf(fed.pid)).toBe(process.pid);
    expect(await shells.record({ command: 'nice' })).toEqual({ success: true, output: '5\n' });
  });

  it('are not held up by jobs that stay, however many, and close() ends them all', async () => {
    const shells = open();
    const long = Array.from({ length: limits.shellSlotsAtMost + 6 }, () => shells.start({ command: 'sleep 1000' }));
    const short = shells.start({ command: 'echo short' });
    expect(Buffer.from((await short.ended).output).toString()).toBe('short\n');
    const pids = await Promise.all(long.map(async ({ started }) => (await started).pid));
    const parents = pids.map(parentOf);
    expect(new Set(parents.filter((parent) => parent !== process.pid)).size).toBe(limits.shellSlotsAtMost);
    await shells.close();
    jobs = null;
    const results = await Promise.all(long.map(({ ended }) => ended));
    expect(new Set(results.map(({ success }) => success))).toEqual(new Set([false]));
    expect(pids.filter((pid) => table.identify(pid).startTicks !== 0)).toEqual([]);
  });

  it('are tried again when a busy machine made them fail their trial', async () => {
    const timers = new HeldTimers([limits.slotTrialMs, limits.slotRetrialMs]);
    jobs = new ShellJobs({ mode: 'slots', timers });
    timers.fire(limits.slotTrialMs);
    const parentOfNext = async (): Promise<number> => {
      const job = (jobs as ShellJobs).start({ command: 'sleep 1000' });
      const { pid } = await job.started;
      const parent = parentOf(pid);
      job.handle.stop(1_000);
      await job.ended;
      return parent;
    };
    expect(await parentOfNext()).toBe(process.pid);
    timers.fire(limits.slotRetrialMs);
    // Nobody waits for the second trial, and it ends by itself.
    while ((await parentOfNext()) === process.pid);
    expect([timers.count(limits.slotTrialMs), timers.count(limits.slotRetrialMs)]).toEqual([0, 0]);
  });

  it('pass their trial also when the end of its output is seen before its end', async () => {
    // Whoever follows the output from the start hears that the pipe is closed before the shell can say that it knows.
    const after = (delayMs: number, fire: () => void): (() => void) =>
      systemTimers.after(delayMs === limits.outputFollowMs ? 0 : delayMs, fire);
    for (let round = 0; round < 8; round += 1) {
      const shells = new ShellJobs({ mode: 'slots', timers: { after } });
      jobs = shells;
      const { handle, started, ended } = shells.start({ command: 'sleep 1000' });
      expect(nameOf(parentOf((await started).pid))).toBe('bash');
      handle.stop(1_000);
      await ended;
      await shells.close();
      jobs = null;
    }
  });

  it('may be withdrawn from while they wait for a shell', async () => {
    const shells = open();
    const waiting = shells.start({ command: 'touch /nope/never' });
    waiting.handle.stop(1_000);
    expect(await waiting.ended).toMatchObject({ success: false, error: 'signal: terminated' });
  });

  it('lose no job to the death of a shell', async () => {
    const shells = open();
    const job = shells.start({ command: 'echo $PPID; sleep 1000', shell: 'true' });
    const { pid } = await job.started;
    const shell = Number(await job.saw('\n'));
    expect(shell).toBe(parentOf(pid));
    process.kill(shell, 'SIGKILL');
    expect(await job.ended).toMatchObject({
      success: false,
      error: 'shell: the process that watched the job ended; the job was killed',
    });
    expect(table.identify(pid).startTicks).toBe(0);
    const next = await Promise.all(Array.from({ length: 12 }, () => shells.record({ command: 'echo next' })));
    expect(new Set(next.map(({ output }) => output))).toEqual(new Set(['next\n']));
  });

  it('lose no job to the death of a shell before anybody looked for its process', async () => {
    jobs = new ShellJobs({
      mode: 'slots',
      nodeKey: 'tower',
      timers: new HeldTimers([limits.slotTrialMs, limits.outputFollowMs]),
    });
    const directory = mkdtempSync(join(tmpdir(), 'carillon-slots-'));
    const file = join(directory, 'pids');
    const job = jobs.start({
      command: `echo $PPID $$ >${file}.new; mv ${file}.new ${file}; sleep 1000`,
      shell: 'true',
    });
    await waitUntil(() => existsSync(file), { what: 'the job tells its processes' });
    const [shell = 0, pid = 0] = readFileSync(file, 'utf8').split(' ').map(Number);
    rmSync(directory, { recursive: true });
    process.kill(shell, 'SIGKILL');
    expect(await job.ended).toMatchObject({
      success: false,
      error: 'shell: the process that watched the job ended; the job was killed',
    });
    expect(table.identify(pid).startTicks).toBe(0);
  });

  it('hear of signals that Node has no name for', async () => {
    const { output } = await open().record({ command: 'kill -40 $$', shell: 'true' });
    expect(output).toBe('signal: signal 40\n');
  });

  it('hand nothing of one job on to the next', async () => {
    const shells = open();
    const environmentOf = async (config: Record<string, string>): Promise<readonly string[]> => {
      const { output } = await shells.record({ command: 'env', ...config });
      return output
        .trim()
        .split('\n')
        .map((line) => line.replace(/^(CARILLON_EXECUTION_ID=).*/, '$1'))
        .sort();
    };
    const usual = [
      'CARILLON_ATTEMPT=3',
      'CARILLON_EXECUTION_ID=',
      'CARILLON_JOB_NAME=bell',
      'CARILLON_NODE_KEY=tower',
      'CARILLON_SCHEDULED_AT=2026-01-02T03:04:05.006Z',
      'ENV_JOB_NAME=bell',
      `PATH=${process.env.PATH}`,
      'SHLVL=0',
    ];
    for (let round = 0; round < 2 * limits.shellSlots; round += 1) {
      const env = `TOLL=${round}'"$HOME,LC_ALL=POSIX`;
      expect(await environmentOf({ env })).toEqual([...usual, 'LC_ALL=POSIX', `TOLL=${round}'"$HOME`].sort());
      expect(await environmentOf({})).toEqual(usual);
      expect((await shells.record({ command: 'pwd -P', cwd: '/' })).output).toBe('/\n');
      expect((await shells.record({ command: 'pwd -P' })).output).toBe(`${process.cwd()}\n`);
    }
  });

  it('tell a job nothing of a variable that it has not', async () => {
    jobs = new ShellJobs({ mode: 'slots', environment: { PATH: process.env.PATH } });
    const { output } = await jobs.record({ command: 'env' });
    expect(output).toContain('CARILLON_ATTEMPT=3\n');
    expect(output).not.toMatch(/CARILLON_NODE_KEY|LC_ALL|slot_/);
  });

  it('hand on no descriptor of theirs', async () => {
    const shells = open();
    const command = 'ls -l /proc/self/fd';
    for (const cwd of ['', '/']) {
      const { output } = await shells.record({ command, cwd });
      const pipes = [...output.matchAll(/ (\d+) -> (\S+carillon-pipes-\S+)/g)].map(([, number, path]) => [
        number,
        path,
      ]);
      expect(pipes).toEqual([
        ['1', pipes[0]?.[1]],
        ['2', pipes[0]?.[1]],
      ]);
      expect(output).not.toContain('socket:');
    }
  });

  it('keep their own words to themselves', async () => {
    const shells = open();
    const commands = ['kill -KILL $$', 'exit 137', 'kill -HUP $$', 'true'];
    const run = async (command: string): Promise<string> => (await shells.record({ command, shell: 'true' })).output;
    for (let round = 0; round < 60; round += 1) {
      expect(await Promise.all(commands.map(run))).toEqual([
        'signal: killed\n',
        'exit status 137\n',
        'signal: hangup\n',
        '',
      ]);
    }
  });
});
