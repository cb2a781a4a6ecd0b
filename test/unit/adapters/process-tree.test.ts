import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { LinuxProcessTable } from '../../../src/adapters/processes/linux-process-table.ts';
import type { ProcessRow, ProcessTable } from '../../../src/adapters/processes/process-table.ts';
import { ProcessTree } from '../../../src/adapters/processes/process-tree.ts';

/** Living processes of a process group, zombies left out, as the test itself sees them. */
const groupOf = (groupId: number): readonly number[] =>
  readdirSync('/proc').flatMap((name) => {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
      const [state, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return Number(group) === groupId && state !== 'Z' ? [Number(name)] : [];
    } catch {
      return [];
    }
  });

/** After each look at the system something happens before anybody can act on what was seen. */
class OvertakenTable extends LinuxProcessTable {
  readonly #happens: () => void;

  constructor(happens: () => void) {
    super();
    this.#happens = happens;
  }

  override rows(): readonly ProcessRow[] {
    const rows = super.rows();
    this.#happens();
    return rows;
  }
}

/** A table of processes that don't exist; tells whom it was asked to signal. */
class ToldTable implements ProcessTable {
  readonly told: string[] = [];
  readonly #rows: readonly ProcessRow[];

  constructor(rows: readonly ProcessRow[]) {
    this.#rows = rows;
  }

  rows = (): readonly ProcessRow[] => this.#rows;
  identify = (pid: number) => ({ pid, startTicks: 1, bootId: 'boot' });
  carries = (): boolean => false;
  environment = (): ReadonlySet<string> => new Set();
  residentBytes = (): number => 0;

  signal(pid: number, signal: NodeJS.Signals): boolean {
    this.told.push(`${signal} ${pid}`);
    return true;
  }

  signalGroup(groupId: number, signal: NodeJS.Signals): boolean {
    this.told.push(`${signal} group ${groupId}`);
    return true;
  }
}

describe('the processes of an execution', () => {
  const groups: number[] = [];
  afterEach(() => {
    for (const groupId of groups.splice(0)) for (const pid of groupOf(groupId)) process.kill(pid, 'SIGKILL');
  });

  it('are all told, also one that was forked while the table was read', async () => {
    const child = spawn('/bin/sh', ['-c', 'echo ready; read line; sleep 1000 & wait'], { detached: true });
    const { pid = 0 } = child;
    groups.push(pid);
    await once(child.stdout, 'data');
    const forks = (): void => {
      child.stdin.write('go\n');
      // Nothing of this thread may run between the look and the signals: it waits for the fork without letting go.
      for (const endAt = Date.now() + 20_000; groupOf(pid).length < 2 && Date.now() < endAt; );
      expect(groupOf(pid)).toHaveLength(2);
    };
    const table = new OvertakenTable(forks);
    const root = table.identify(pid);
    const tree = new ProcessTree(table, { mark: 'nobody=carries', root, groupOutlivesRoot: true });
    const closed = once(child, 'close');
    expect(tree.signal(['SIGTERM', 'SIGCONT'])).toBe(1);
    // Both have the output open.
    await closed;
    expect(groupOf(pid)).toEqual([]);
  });

  it('are told one by one where others share their group, and never by a group that means everybody', () => {
    const row = (pid: number, parentPid: number, groupId: number): ProcessRow => ({
      pid,
      parentPid,
      groupId,
      sessionId: 7,
      startTicks: pid,
    });
    const rows = [row(10, 5, 10), row(11, 10, 10), row(12, 11, 30), row(30, 5, 30), row(13, 10, 0), row(14, 10, 1)];
    const table = new ToldTable(rows);
    const root = { pid: 10, startTicks: 10, bootId: 'boot' };
    const tree = new ProcessTree(table, { mark: 'nobody=carries', root, groupOutlivesRoot: true });
    expect(tree.signal(['SIGTERM', 'SIGCONT'])).toBe(5);
    expect(table.told).toEqual(
      ['SIGTERM', 'SIGCONT'].flatMap((signal) => ['group 10', '12', '13', '14'].map((target) => `${signal} ${target}`)),
    );
  });
});
