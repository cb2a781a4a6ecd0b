import { describe, expect, it } from 'vitest';
import { Journal } from '../../../actors/work/executor/journal.ts';
import type { JournalEntry } from '../../../src/core/dispatch/worker-types.ts';
import { epoch, executionId, jobName, nodeName, stamp, wallNs } from '../../../src/core/units.ts';
import { StoreFull } from '../../../src/runtime/ports.ts';
import { MemoryFiles } from '../../support/memory-files.ts';
import { MemoryStore } from '../../support/memory-store.ts';

const idOf = (number: number) => executionId(stamp(1_700_000_000_000_000_000n + BigInt(number)), nodeName('n0'));

const begun = (number: number): { readonly type: 'entry'; readonly entry: JournalEntry } => ({
  type: 'entry',
  entry: {
    id: idOf(number),
    job: jobName('job1'),
    executor: 'shell',
    startedAtNs: wallNs(5n),
    process: null,
    end: null,
  },
});

const forgotten = (number: number) => ({ type: 'forget', id: idOf(number) }) as const;

class Disk {
  readonly store = new MemoryStore();
  readonly files = new MemoryFiles();

  open(): Journal {
    return new Journal(this.store, this.files);
  }

  checkpoint(journal: Journal): Error | null | undefined {
    let outcome: Error | null | undefined;
    journal.checkpoint([], (error) => {
      outcome = error;
    });
    this.store.flush();
    return outcome;
  }

  /** What a new life reads. */
  found(): string[] {
    return this.open()
      .read('')
      .entries.map(({ id }) => id);
  }
}

describe('the journal', () => {
  it('gives the next life what was appended, whether or not it is in the store', () => {
    const disk = new Disk();
    const journal = disk.open();
    journal.read('');
    journal.append([begun(1), begun(2)]);
    expect(disk.found()).toEqual([idOf(1), idOf(2)]);
    expect(disk.checkpoint(journal)).toBe(null);
    expect([disk.store.size, disk.files.numbers()]).toEqual([2, []]);
    journal.append([forgotten(1), begun(3)]);
    expect(disk.found()).toEqual([idOf(2), idOf(3)]);
    expect(disk.checkpoint(journal)).toBe(null);
    expect(disk.found()).toEqual([idOf(2), idOf(3)]);
  });

  it('tells its store nothing of what came and went between two checkpoints', () => {
    const disk = new Disk();
    const journal = disk.open();
    journal.read('');
    journal.append([begun(1)]);
    journal.append([forgotten(1)]);
    let keys = 0;
    const commit = disk.store.commit.bind(disk.store);
    disk.store.commit = (writes, done) => {
      keys += writes.length;
      commit(writes, done);
    };
    disk.checkpoint(journal);
    expect([keys, disk.files.numbers()]).toEqual([0, []]);
  });

  it('keeps what changes during a checkpoint', () => {
    const disk = new Disk();
    const journal = disk.open();
    journal.read('');
    journal.append([begun(1), begun(2)]);
    journal.checkpoint([], () => undefined);
    expect(journal.isCheckpointing).toBe(true);
    journal.append([forgotten(1), begun(3)]);
    expect(disk.found()).toEqual([idOf(2), idOf(3)]);
    disk.store.flush();
    expect(journal.isCheckpointing).toBe(false);
    expect(disk.found()).toEqual([idOf(2), idOf(3)]);
    disk.checkpoint(journal);
    expect([disk.store.size, disk.files.numbers()]).toEqual([2, []]);
  });

  it('keeps its files until their changes are in the store: a full disk loses nothing', () => {
    const disk = new Disk();
    const journal = disk.open();
    journal.read('');
    journal.append([begun(1), begun(2)]);
    disk.store.failure = new StoreFull();
    expect(disk.checkpoint(journal)).toBeInstanceOf(StoreFull);
    journal.append([forgotten(1)]);
    expect(disk.found()).toEqual([idOf(2)]);
    disk.store.failure = null;
    expect(disk.checkpoint(journal)).toBe(null);
    expect(disk.files.numbers()).toEqual([]);
    expect(disk.found()).toEqual([idOf(2)]);
  });

  it('reads files again whose checkpoint was the last thing of a life', () => {
    const disk = new Disk();
    const journal = disk.open();
    journal.read('');
    journal.append([begun(1), begun(2), forgotten(1)]);
    const [file = 0] = disk.files.numbers();
    const bytes = disk.files.read(file);
    disk.checkpoint(journal);
    disk.files.replace(file, bytes);
    expect(disk.found()).toEqual([idOf(2)]);
  });

  it('takes into the store what an earlier life left, with the record of the new one', () => {
    const disk = new Disk();
    const before = disk.open();
    before.read('');
    before.append([begun(1)]);
    const journal = disk.open();
    journal.read('');
    journal.checkpoint([{ type: 'life', epoch: epoch(7), bootId: 'boot', since: epoch(7) }], () => undefined);
    disk.store.flush();
    expect([disk.store.size, disk.files.numbers()]).toEqual([2, []]);
    expect(disk.open().read('boot')).toMatchObject({ epoch: 7, entries: [{ id: idOf(1) }] });
  });
});
