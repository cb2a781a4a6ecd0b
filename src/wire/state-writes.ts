import type { LedgerWrites } from '../core/jobs/ledger.ts';
import type { JobRecord } from '../core/jobs/records.ts';
import type { LogIndex } from '../core/units.ts';
import type { StoreWrite } from '../runtime/ports.ts';
import { lateIndexWrites, lossIndexWrites, noteIndexWrites } from './recent-launches.ts';
import { movedIndexKeys, type Table, tableKey, textBytes } from './state-keys.ts';
import {
  encodeAppliedIndex,
  encodeExecution,
  encodeJob,
  encodeLaunch,
  encodeMeta,
  encodeNote,
  encodeRemembered,
  encodeWork,
} from './state-records.ts';
import { encodeJobMinute, encodeMinute } from './stats-records.ts';

/** All changes of a batch and its applied index, as one transaction of the state store. */
export function stateWrites(changes: LedgerWrites, appliedIndex: LogIndex): StoreWrite[] {
  const writes: StoreWrite[] = [
    { key: tableKey('meta', 'applied'), value: encodeAppliedIndex(appliedIndex) },
    { key: tableKey('meta', 'counters'), value: encodeMeta(changes.meta) },
  ];
  for (const change of changes.jobs) pushJob(writes, change.name, change.before, change.after);
  for (const { key, read, after: record } of changes.executions) {
    push(writes, 'executions', key, record, encodeExecution);
    const isOpen = record !== null && record.outcome === 'running';
    writes.push({ key: tableKey('openExecutions', key), value: isOpen ? new Uint8Array(0) : null });
    writes.push(...lossIndexWrites(key, record), ...lateIndexWrites(key, read, record));
  }
  for (const [key, output] of changes.outputs) push(writes, 'outputs', key, output, (bytes) => bytes);
  for (const [key, launch] of changes.launches) push(writes, 'launches', key, launch, encodeLaunch);
  for (const [key, work] of changes.work) push(writes, 'work', key, work, encodeWork);
  for (const [key, note] of changes.notes) {
    push(writes, 'notes', key, note, encodeNote);
    writes.push(...noteIndexWrites(key, note));
  }
  for (const [key, kept] of changes.remembered) push(writes, 'remembered', key, kept, encodeRemembered);
  for (const [key, stats] of changes.minutes) push(writes, 'minutes', key, stats, encodeMinute);
  for (const [key, minute] of changes.jobMinutes) push(writes, 'jobMinutes', key, minute, encodeJobMinute);
  return writes;
}

function push<Value>(
  writes: StoreWrite[],
  table: Table,
  key: string,
  value: Value | null,
  encode: (value: Value) => Uint8Array,
): void {
  writes.push({ key: tableKey(table, key), value: value === null ? null : encode(value) });
}

/** The record and, of the indexes, only what moves. */
function pushJob(writes: StoreWrite[], name: string, before: JobRecord | undefined, after: JobRecord | null): void {
  push(writes, 'jobs', name, after, encodeJob);
  const { left, taken } = movedIndexKeys(before, after ?? undefined);
  for (const key of left) writes.push({ key, value: null });
  if (taken.length > 0) {
    const value = textBytes(name);
    for (const key of taken) writes.push({ key, value });
  }
  if (after === null || before?.displayname !== after.displayname) {
    push(writes, 'searchText', name, after, (job) => textBytes(job.displayname));
  }
}
