import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { OneLookTable } from '../../../src/adapters/processes/one-look.ts';
import type { ProcessRow, ProcessTable } from '../../../src/adapters/processes/process-table.ts';
import { ProcessTree } from '../../../src/adapters/processes/process-tree.ts';

/** Living processes by their pid, each with one entry in its environment; counts how often it is read. */
class CountingTable implements ProcessTable {
  readonly living = new Map<number, string>();
  looks = 0;
  environments = 0;

  identify = (pid: number) => ({ pid, startTicks: 1, bootId: 'boot' });
  carries = (pid: number, entry: string): boolean => this.environment(pid).has(entry);
  residentBytes = (): number => 0;
  signal = (pid: number): boolean => this.living.delete(pid);
  signalGroup = this.signal;

  rows(): ProcessRow[] {
    this.looks += 1;
    return [...this.living.keys()].map((pid) => ({ pid, parentPid: 1, groupId: pid, sessionId: pid, startTicks: pid }));
  }

  environment(pid: number): ReadonlySet<string> {
    this.environments += 1;
    return new Set([this.living.get(pid) ?? '']);
  }
}

const treeOf = (table: ProcessTable, mark: string): ProcessTree =>
  new ProcessTree(table, { mark, root: null, groupOutlivesRoot: false });

describe('a process table that is read once in a turn', () => {
  it('finds what a thousand executions left with one look at the system', () => {
    const counting = new CountingTable();
    for (let pid = 1_000_001; pid <= 1_000_100; pid += 1) counting.living.set(pid, `id=${pid}`);
    const table = new OneLookTable(counting);
    for (let at = 0; at < 1_000; at += 1) {
      const pid = 1_000_001 + at;
      expect(treeOf(table, `id=${pid}`).members()).toEqual(at < 100 ? [pid] : []);
    }
    expect([counting.looks, counting.environments]).toEqual([1, 100]);
  });

  it('looks again in the next turn', async () => {
    const counting = new CountingTable();
    counting.living.set(1_000_001, 'id=1');
    const table = new OneLookTable(counting);
    const tree = treeOf(table, 'id=1');
    expect(tree.members()).toEqual([1_000_001]);
    table.signal(1_000_001, 'SIGKILL');
    expect(tree.members()).toEqual([1_000_001]);
    await nextTurn();
    expect(tree.members()).toEqual([]);
  });
});
