import type { RecentPage, RecentQuery } from '../core/jobs/reads.ts';
import { startedLate } from '../core/jobs/reads.ts';
import type { ExecutionRecord, LaunchNote } from '../core/jobs/records.ts';
import { limits } from '../core/limits.ts';
import type { Store, StoreWrite } from '../runtime/ports.ts';
import { keyText, type Table, tableKey, tableRange } from './state-keys.ts';

/**
 * Launches that went wrong, of all jobs, by time. An entry's key is that of the record turned around: the stamp, then
 * the job. Its value is empty.
 */
export type RecentTable = Extract<Table, 'missedByTime' | 'skippedByTime' | 'lostByTime' | 'lateByTime'>;

const NOTHING = new Uint8Array(0);

/** `<job>\0<stamp>` from `<stamp>\0<job>`, and back: neither part holds a NUL. */
function turned(key: string): string {
  const at = key.indexOf('\0');
  return `${key.slice(at + 1)}\0${key.slice(0, at)}`;
}

export const noteTable = (kind: LaunchNote['kind']): RecentTable =>
  kind === 'missed' ? 'missedByTime' : 'skippedByTime';

/** What a note that is written, or deleted (null: its kind is not known), changes in the indexes. */
export function noteIndexWrites(key: string, note: LaunchNote | null): StoreWrite[] {
  const kinds: readonly LaunchNote['kind'][] = note === null ? ['missed', 'skipped'] : [note.kind];
  return kinds.map((kind) => entry(noteTable(kind), key, note !== null));
}

/** As `noteIndexWrites`, of an execution: only those that were lost are listed, and lost ones stay lost. */
export function lossIndexWrites(key: string, record: ExecutionRecord | null): StoreWrite[] {
  return record === null || record.outcome === 'lost' ? [entry('lostByTime', key, record !== null)] : [];
}

/** As `noteIndexWrites`, of an execution and of its record before, where that was read: its start may get another time. */
export function lateIndexWrites(
  key: string,
  before: ExecutionRecord | undefined,
  after: ExecutionRecord | null,
): StoreWrite[] {
  const isListed = after !== null && startedLate(after);
  const wasListed = after === null || after.wiped || (before !== undefined && startedLate(before));
  return isListed || wasListed ? [entry('lateByTime', key, isListed)] : [];
}

const entry = (table: RecentTable, key: string, isThere: boolean): StoreWrite => ({
  key: tableKey(table, turned(key)),
  value: isThere ? NOTHING : null,
});

/** A page of an index, newest first; `lookUp` finds the record by its own key. Counts no further than the limit. */
export function recentRecords<Value>(
  store: Store,
  table: RecentTable,
  { start, end }: Omit<RecentQuery, 'job'>,
  lookUp: (key: string) => Value | undefined,
): RecentPage<Value> {
  const keys: string[] = [];
  let total = 0;
  const range = { ...tableRange(table), reverse: true, keysOnly: true, limit: limits.listedLaunches };
  store.range(range, (key) => {
    if (total >= start && (end === null || total < end)) keys.push(turned(keyText(key)));
    total += 1;
    return true;
  });
  return { total, records: keys.map(lookUp).filter((record) => record !== undefined) };
}

/** The same page of one job's records, which are few, and oldest first. */
export function cutNewestFirst<Value>(
  records: readonly Value[],
  { start, end }: Omit<RecentQuery, 'job'>,
): RecentPage<Value> {
  return { total: records.length, records: records.toReversed().slice(start, end ?? records.length) };
}
