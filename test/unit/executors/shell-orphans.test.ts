import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, describe, expect, it } from 'vitest';
import { LinuxProcessTable } from '../../../src/adapters/processes/linux-process-table.ts';
import { createShellExecutor } from '../../../src/executors/shell/executor.ts';
import type { ProcessIdentity } from '../../../src/executors/types.ts';

const table = new LinuxProcessTable();
const executor = createShellExecutor({ mode: 'spawn' });
afterAll(() => new Promise<void>((closed) => executor.close(closed)));

const isAlive = (process: ProcessIdentity): boolean => table.identify(process.pid).startTicks === process.startTicks;

/** Processes as an earlier life of a node leaves them: nobody waits for them. The first line it writes lists pids. */
async function leave(script: string, environment: Readonly<Record<string, string>>): Promise<ProcessIdentity[]> {
  const child = spawn('/bin/sh', ['-c', script], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { PATH: process.env.PATH, ...environment },
  });
  const [line] = await once(child.stdout, 'data');
  const pids = [child.pid ?? 0, ...String(line).trim().split(' ').map(Number)];
  return pids.map((pid) => table.identify(pid));
}

const killOrphan = (id: string, process: ProcessIdentity | null): Promise<void> => {
  return new Promise((done) => executor.killOrphan?.(id, process, done));
};

/** Two that left the session, one of which outlives its parent. */
const script = 'setsid sleep 1000 & a=$!; setsid sh -c "exec sleep 1001" & echo $a $!; exec sleep 1002';

describe('what an earlier life left', () => {
  it('is found by its execution alone, its main process being gone', async () => {
    const [root, ...left] = await leave(`${script.replace('exec sleep 1002', 'exit')}`, {
      CARILLON_EXECUTION_ID: '17-n0',
    });
    const other = await leave(script, { CARILLON_EXECUTION_ID: '17-n00' });
    expect(left.map(isAlive)).toEqual([true, true]);
    await killOrphan('17-n0', root ?? null);
    expect(left.map(isAlive)).toEqual([false, false]);
    expect(other.map(isAlive)).toEqual([true, true, true]);
    await killOrphan('17-n00', null);
    expect(other.map(isAlive)).toEqual([false, false, false]);
  });

  it('is not what another node of the same name started at the same time', async () => {
    const owned = createShellExecutor({ mode: 'spawn', nodeKey: '1-17' });
    const [ours, theirs, unknown] = await Promise.all([
      leave(script, { CARILLON_EXECUTION_ID: '21-n0', CARILLON_NODE_KEY: '1-17' }),
      leave(script, { CARILLON_EXECUTION_ID: '21-n0', CARILLON_NODE_KEY: '1-170' }),
      leave(script, { CARILLON_EXECUTION_ID: '21-n0' }),
    ]);
    await new Promise<void>((done) => owned.killOrphan?.('21-n0', null, done));
    expect([ours, theirs, unknown].map((left) => left.some(isAlive))).toEqual([false, true, false]);
    await killOrphan('21-n0', null);
    expect(theirs.some(isAlive)).toBe(false);
    await new Promise<void>((closed) => owned.close(closed));
  });

  it('is found by its main process', async () => {
    const all = await leave(script, {});
    await killOrphan('18-n0', all[0] ?? null);
    expect(all.map(isAlive)).toEqual([false, false, false]);
  });

  it('is not what has its number now, or had it before this boot', async () => {
    const all = await leave(script, {});
    const [root] = all;
    if (root === undefined) throw new Error('a process was started');
    await killOrphan('19-n0', { ...root, startTicks: root.startTicks - 1 });
    await killOrphan('19-n0', { ...root, bootId: 'another' });
    expect(all.map(isAlive)).toEqual([true, true, true]);
    await killOrphan('19-n0', root);
    expect(all.map(isAlive)).toEqual([false, false, false]);
  });

  it('may be nothing', async () => {
    await killOrphan('20-n0', null);
    await killOrphan('20-n0', { pid: 4_194_000, startTicks: 1, bootId: table.identify(1).bootId });
  });
});
