import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { LinuxProcessTable } from '../../../src/adapters/processes/linux-process-table.ts';
import { ProcessTree } from '../../../src/adapters/processes/process-tree.ts';
import { HeldTimers } from '../../support/held-timers.ts';
import { modes, type RunningJob, ShellJobs } from '../../support/shell-jobs.ts';

const GRACE_MS = 54_321;
const MEMORY_POLL_MS = 1_000;
const DRAIN_MS = 250;

const table = new LinuxProcessTable();

/** Pids of what carries the execution's id, found by the test itself. */
function carriers(executionId: string): readonly string[] {
  const mark = `CARILLON_EXECUTION_ID=${executionId}`;
  return readdirSync('/proc').filter((name) => {
    try {
      return /^[0-9]+$/.test(name) && readFileSync(`/proc/${name}/environ`, 'latin1').split('\0').includes(mark);
    } catch {
      return false;
    }
  });
}

/** Processes everywhere: in another session, orphaned, both, and one that hides its environment. Each says its word. */
const scattered = `
  setsid sh -c 'sleep 1000 & echo one; exec sleep 1001' &
  (sh -c 'setsid sh -c "echo two; exec sleep 1002" &' &)
  (sh -c 'echo three; exec sleep 1003' &)
  env -i sh -c 'echo four; exec sleep 1004' &
  sleep 1005
`;

describe.each(modes)('processes of a job, by %s', (mode) => {
  const timers = new HeldTimers([GRACE_MS, MEMORY_POLL_MS, DRAIN_MS]);
  const jobs = new ShellJobs({ mode, timers });
  let count = 0;
  afterAll(() => jobs.close());

  const start = (config: Readonly<Record<string, string>>): { readonly job: RunningJob; readonly id: string } => {
    count += 1;
    return { job: jobs.start(config), id: jobs.idOf(count) };
  };
  const shell = (command: string, more: Readonly<Record<string, string>> = {}): ReturnType<typeof start> =>
    start({ command, shell: 'true', ...more });
  const textOf = (output: Uint8Array): string => Buffer.from(output).toString('latin1');

  it('write both outputs in their order', async () => {
    const { job } = shell('for i in $(seq 300); do echo o$i; echo e$i >&2; done');
    const expected = Array.from({ length: 300 }, (_, index) => `o${index + 1}\ne${index + 1}\n`).join('');
    expect(textOf((await job.ended).output)).toBe(expected);
  });

  it('show output while they run', async () => {
    const { job } = shell('echo first; echo second >&2; sleep 1000');
    await job.saw('first\nsecond\n');
    job.handle.stop(GRACE_MS);
    expect(await job.ended).toMatchObject({ success: false, error: 'signal: terminated' });
  });

  it('read a payload of any size, or none of it', async () => {
    const payload = Buffer.alloc(5_000_000, 'carillon').toString('base64');
    const digest = createHash('md5').update(Buffer.alloc(5_000_000, 'carillon')).digest('hex');
    const read = start({ command: 'md5sum', payload });
    expect(textOf((await read.job.ended).output)).toBe(`${digest}  -\n`);
    expect(await start({ command: 'true', payload }).job.ended).toMatchObject({ success: true });
    const closed = shell('exec <&-; echo closed', { payload });
    expect(textOf((await closed.job.ended).output)).toBe('closed\n');
  });

  it('write any amount, of which the end is kept, in constant memory', async () => {
    const before = process.memoryUsage().rss;
    const { job } = shell('head -c 200000000 /dev/zero | tr "\\0" x; echo end');
    const { output, droppedBytes, success } = await job.ended;
    expect(success).toBe(true);
    expect(output.length).toBe(256_000);
    expect(textOf(output.subarray(-5))).toBe('xend\n');
    expect(droppedBytes).toBe(200_000_004 - 256_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(120e6);
  });

  it('are all gone after a stop, wherever they went', async () => {
    const { job, id } = shell(scattered);
    await Promise.all(['one', 'two', 'three', 'four'].map((word) => job.saw(word)));
    expect(carriers(id).length).toBeGreaterThanOrEqual(5);
    const root = await job.started;
    const mark = `CARILLON_EXECUTION_ID=${id}`;
    const all = new ProcessTree(table, { mark, root, groupOutlivesRoot: true }).members();
    expect(all.length).toBeGreaterThan(carriers(id).length);
    job.handle.stop(GRACE_MS);
    expect(await job.ended).toMatchObject({ success: false, error: 'signal: terminated' });
    expect(all.filter((pid) => table.identify(pid).startTicks !== 0)).toEqual([]);
    expect(timers.count(GRACE_MS)).toBe(0);
  });

  it('are all gone after a timeout', async () => {
    const command = `${scattered} # end`;
    const { job, id } = shell(command, { timeout: '700ms' });
    const result = await job.ended;
    expect(result).toMatchObject({ success: false, error: 'signal: killed' });
    const text = `shell: Job '${command}' execution time exceeding defined timeout 700ms. Job was killed`;
    expect(textOf(result.output).endsWith(text)).toBe(true);
    expect(carriers(id)).toEqual([]);
  });

  it('are over at once when the timeout is negative', async () => {
    const { job } = start({ command: 'sleep 1000', timeout: '-1m' });
    const { error, output } = await job.ended;
    expect(error).toBe('signal: killed');
    expect(textOf(output)).toBe(
      "shell: Job 'sleep 1000' execution time exceeding defined timeout -1m0s. Job was killed",
    );
  });

  it('may end by themselves when they are told to', async () => {
    const { job } = shell('trap "echo bye; exit 0" TERM; sh -c "echo ready; exec sleep 1000" & wait');
    await job.saw('ready');
    job.handle.stop(GRACE_MS);
    job.handle.stop(GRACE_MS);
    const result = await job.ended;
    expect([result.success, textOf(result.output)]).toEqual([true, 'ready\nbye\n']);
    expect(timers.count(GRACE_MS)).toBe(0);
  });

  it('are killed when the grace is over', async () => {
    const { job, id } = shell('trap "" TERM; echo ready; while :; do sleep 0.01; done');
    await job.saw('ready');
    job.handle.stop(GRACE_MS);
    timers.fire(GRACE_MS);
    expect(await job.ended).toMatchObject({ success: false, error: 'signal: killed' });
    expect(carriers(id)).toEqual([]);
  });

  it('are not over before their descendants are', async () => {
    const { job, id } = shell(
      "trap 'echo bye' TERM; setsid sh -c 'trap \"\" TERM; echo ready; while :; do sleep 0.01; done' >&2 & wait; exec >&-; exit 5",
    );
    await job.saw('ready');
    let isOver = false;
    void job.ended.then(() => {
      isOver = true;
    });
    job.handle.stop(GRACE_MS);
    await job.saw('bye');
    expect([isOver, carriers(id).length > 0]).toEqual([false, true]);
    timers.fire(GRACE_MS);
    timers.fire(DRAIN_MS);
    await job.ended;
    expect(carriers(id)).toEqual([]);
  });

  it('are told to stop while they are stopped', async () => {
    const { job } = shell('echo ready; kill -STOP $$; exit 7');
    const { pid } = await job.started;
    await job.saw('ready');
    while (!/^State:\tT/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'))) await new Promise(setImmediate);
    job.handle.stop(GRACE_MS);
    expect(await job.ended).toMatchObject({ success: false, error: 'signal: terminated' });
    const woken = shell('echo ready; kill -STOP $$; exit 7').job;
    const { pid: asleep } = await woken.started;
    while (!/^State:\tT/m.test(readFileSync(`/proc/${asleep}/status`, 'latin1'))) await new Promise(setImmediate);
    process.kill(asleep, 'SIGCONT');
    expect(await woken.ended).toMatchObject({ success: false, error: 'exit status 7' });
  });

  it('are told to stop before they are there', async () => {
    const { job, id } = start({ command: 'sleep 1000' });
    job.handle.stop(GRACE_MS);
    expect(await job.ended).toMatchObject({ success: false, error: 'signal: terminated' });
    expect(carriers(id)).toEqual([]);
  });

  it('may leave a daemon behind, which lives on with its output dropped', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'carillon-test-'));
    const daemon = `while ! test -e ${folder}/go; do sleep 0.01; done; echo late && echo alive >${folder}/answer`;
    const { job } = shell(`setsid sh -c '${daemon}' & echo main`);
    await job.saw('main\n');
    while (timers.count(DRAIN_MS) === 0) await new Promise(setImmediate);
    timers.fire(DRAIN_MS);
    expect(await job.ended).toMatchObject({ success: true, output: new Uint8Array(Buffer.from('main\n')) });
    const answered = new Promise<void>((resolve) => {
      const watcher = watch(folder, () => {
        if (!existsSync(`${folder}/answer`)) return;
        watcher.close();
        resolve();
      });
    });
    writeFileSync(`${folder}/go`, '');
    await answered;
    expect(textOf((await shell('echo next').job.ended).output)).toBe('next\n');
    rmSync(folder, { recursive: true });
  });

  it('are killed when they take more memory than they may, together', async () => {
    const command = '(head -c 60000000 /dev/zero; echo ready >&2; exec sleep 1000) | tail -c 60000000';
    const { job, id } = shell(command, { mem_limit: '40MB' });
    await job.saw('ready');
    expect(timers.count(MEMORY_POLL_MS)).toBe(1);
    timers.fire(MEMORY_POLL_MS);
    const { error, output } = await job.ended;
    expect(error).toBe('signal: killed');
    expect(textOf(output)).toMatch(
      /memory usage \([0-9]{8} bytes\) exceeding defined limit \(41943040 bytes\)\. Job was killed$/,
    );
    expect(carriers(id)).toEqual([]);
    expect(timers.count(MEMORY_POLL_MS)).toBe(0);
  });

  it('are left alone when they take less, and watched no longer than they live', async () => {
    const { job } = shell('echo ready; sleep 1000', { mem_limit: '1GB' });
    await job.saw('ready');
    timers.fire(MEMORY_POLL_MS);
    expect(timers.count(MEMORY_POLL_MS)).toBe(1);
    job.handle.stop(GRACE_MS);
    expect(await job.ended).toMatchObject({ error: 'signal: terminated' });
    expect(timers.count(MEMORY_POLL_MS)).toBe(0);
  });

  it('leave nothing behind, a thousand of them', async () => {
    const descriptors = (): number => readdirSync('/proc/self/fd').length;
    await Promise.all(Array.from({ length: 20 }, () => start({ command: 'true' }).job.ended));
    const before = descriptors();
    for (let round = 0; round < 125; round += 1) {
      const results = await Promise.all(Array.from({ length: 8 }, () => start({ command: 'echo x' }).job.ended));
      expect(results.every(({ output }) => textOf(output) === 'x\n')).toBe(true);
    }
    expect(descriptors()).toBeLessThanOrEqual(before + 8);
    expect(zombies()).toEqual([]);
  });
});

/** Children and grandchildren of this process that have ended and that nobody asked about. */
function zombies(): readonly string[] {
  const stats = readdirSync('/proc').flatMap((name) => {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
      const [state = '', parent = ''] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return /^[0-9]+$/.test(name) ? [{ pid: name, state, parent }] : [];
    } catch {
      return [];
    }
  });
  const children = new Set([String(process.pid)]);
  for (const { pid, parent } of stats) if (parent === String(process.pid)) children.add(pid);
  return stats.filter(({ state, parent }) => state === 'Z' && children.has(parent)).map(({ pid }) => pid);
}
