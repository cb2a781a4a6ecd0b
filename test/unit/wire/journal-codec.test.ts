import { describe, expect, it } from 'vitest';
import type { JournalEntry } from '../../../src/core/dispatch/worker-types.ts';
import { executionId, jobName, nodeName, stamp, wallNs } from '../../../src/core/units.ts';
import { journalWrite, readJournal } from '../../../src/wire/journal-codec.ts';
import { decodePlain, encodePlain } from '../../../src/wire/msgpack.ts';

const entry: JournalEntry = {
  id: executionId(stamp(1_000_000_000_000_000_000n), nodeName('n0')),
  job: jobName('job1'),
  executor: 'shell',
  startedAtNs: wallNs(5n),
  process: { pid: 7, startTicks: 8, bootId: 'boot' },
  end: { finishedAtNs: wallNs(6n), success: true, output: new Uint8Array([1]), droppedBytes: 2 },
};

/** What a journal gives back of one record. */
function reread(change: (fields: unknown[]) => unknown[]): JournalEntry | undefined {
  const { key, value } = journalWrite({ type: 'entry', entry });
  const fields = decodePlain(value ?? new Uint8Array()) as unknown[];
  return readJournal([[key, encodePlain(change(fields) as never)]]).entries[0];
}

describe("a record of the worker's journal", () => {
  it('comes back as it was', () => {
    expect(reread((fields) => fields)).toEqual(entry);
  });

  it('is read without the name of its job, which was not kept at first', () => {
    expect(reread((fields) => fields.slice(0, -1))).toEqual({ ...entry, job: null });
  });
});
