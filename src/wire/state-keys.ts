import type { JobSortField } from '../core/jobs/reads.ts';
import type { JobRecord, StringMap } from '../core/jobs/records.ts';
import { limits } from '../core/limits.ts';
import { compareInstants, type Instant } from '../core/units.ts';
import { pooledText } from './byte-pool.ts';

/** First byte of each key of the state store: its table. Append-only; a retired one stays reserved. */
export const tables = {
  meta: 1,
  jobs: 2,
  executions: 3,
  outputs: 4,
  launches: 5,
  work: 6,
  notes: 7,
  remembered: 8,
  openExecutions: 9,
  minutes: 10,
  jobMinutes: 11,
  byDisplayname: 16,
  bySchedule: 17,
  bySuccessCount: 18,
  byErrorCount: 19,
  byLastSuccess: 20,
  byLastError: 21,
  byNext: 22,
  byStatus: 32,
  byDisabled: 33,
  byMetadata: 34,
  searchText: 35,
  missedByTime: 40,
  skippedByTime: 41,
  lostByTime: 42,
  lateByTime: 43,
} as const;

export type Table = keyof typeof tables;

/** Whether the state's hash covers a table: it covers what can't be made anew from other tables. */
const isHashed: Readonly<Record<Table, boolean>> = {
  meta: true,
  jobs: true,
  executions: true,
  // Outputs are compared by no hash: servers may hold different parts of them (design 9).
  outputs: false,
  launches: true,
  work: true,
  notes: true,
  remembered: true,
  openExecutions: false,
  minutes: true,
  jobMinutes: true,
  byDisplayname: false,
  bySchedule: false,
  bySuccessCount: false,
  byErrorCount: false,
  byLastSuccess: false,
  byLastError: false,
  byNext: false,
  byStatus: false,
  byDisabled: false,
  byMetadata: false,
  searchText: false,
  missedByTime: false,
  skippedByTime: false,
  lostByTime: false,
  lateByTime: false,
};

const tableNames = Object.keys(tables) as Table[];
/** In the order of their keys. */
export const hashedTables: readonly Table[] = tableNames
  .filter((table) => isHashed[table])
  .sort((a, b) => tables[a] - tables[b]);
const hashedTableBytes: ReadonlySet<number> = new Set(hashedTables.map((table) => tables[table]));

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Key of a record: table, then the ledger's key in UTF-8. */
export const tableKey = (table: Table, key: string): Uint8Array => pooledText(tables[table], key);

/** The ledger's key of a stored key. */
export const keyText = (key: Uint8Array): string => decoder.decode(key.subarray(1));

/** Records about the store itself, which say where it is and not what it holds. */
const unhashedMeta: ReadonlySet<string> = new Set(['applied', 'check']);

export function isHashedKey(key: Uint8Array): boolean {
  const [table] = key;
  if (table === tables.meta) return !unhashedMeta.has(keyText(key));
  return table !== undefined && hashedTableBytes.has(table);
}

export const textBytes = (text: string): Uint8Array => encoder.encode(text);
export const bytesText = (bytes: Uint8Array): string => decoder.decode(bytes);

export interface KeyRange {
  readonly from: Uint8Array;
  readonly to: Uint8Array;
}

export const tableRange = (table: Table): KeyRange => ({
  from: Uint8Array.of(tables[table]),
  to: Uint8Array.of(tables[table] + 1),
});

/** All keys of a table that begin with `prefix`. `prefix` must end in NUL, whose successor ends the range. */
export function prefixRange(table: Table, prefix: string): KeyRange {
  const from = tableKey(table, prefix);
  const to = from.slice();
  to[to.length - 1] = 1;
  return { from, to };
}

/** Entries of one job in a table keyed `<job>\0...`. */
export const jobRange = (table: Table, job: string): KeyRange => prefixRange(table, `${job}\0`);

/** The table whose key order is the order of a list; names order the jobs table itself. */
export const sortTables: Readonly<Record<JobSortField, Table>> = {
  name: 'jobs',
  displayname: 'byDisplayname',
  schedule: 'bySchedule',
  success_count: 'bySuccessCount',
  error_count: 'byErrorCount',
  last_success: 'byLastSuccess',
  last_error: 'byLastError',
  next: 'byNext',
};

/** Keys of the jobs whose next run lies below `seconds` since 1970, the earliest first; not those that never run. */
export function nextRange(seconds: number): KeyRange {
  // So many digits are compared as numbers are.
  const key = (at: number): Uint8Array => tableKey('byNext', `{"seconds":${at}`);
  return { from: key(1_000_000_000), to: key(Math.min(Math.max(seconds, 1_000_000_000), 9_999_999_999)) };
}

interface JobIndex {
  readonly table: Table;
  readonly sort: (job: JobRecord) => string | Uint8Array;
  /** True when the sort keys of both are the same for certain. */
  readonly isSame: (a: JobRecord, b: JobRecord) => boolean;
}

/** Every order and filter index in which a job stands once. */
const jobIndexes: readonly JobIndex[] = [
  {
    table: 'byDisplayname',
    sort: (job) => textSort(job.displayname),
    isSame: (a, b) => a.displayname === b.displayname,
  },
  { table: 'bySchedule', sort: (job) => textSort(job.schedule), isSame: (a, b) => a.schedule === b.schedule },
  {
    table: 'bySuccessCount',
    sort: (job) => countSort(job.successCount),
    isSame: (a, b) => a.successCount === b.successCount,
  },
  { table: 'byErrorCount', sort: (job) => countSort(job.errorCount), isSame: (a, b) => a.errorCount === b.errorCount },
  {
    table: 'byLastSuccess',
    sort: (job) => nullableTimeSort(job.lastSuccess),
    isSame: (a, b) => isSameTime(a.lastSuccess, b.lastSuccess),
  },
  {
    table: 'byLastError',
    sort: (job) => nullableTimeSort(job.lastError),
    isSame: (a, b) => isSameTime(a.lastError, b.lastError),
  },
  {
    table: 'byNext',
    sort: (job) => timestampSort(job.next),
    isSame: (a, b) => isSameTime(a.next, b.next),
  },
  {
    table: 'byStatus',
    sort: (job) => job.status.slice(0, limits.sortKeyBytes),
    isSame: (a, b) => a.status === b.status,
  },
  {
    table: 'byDisabled',
    sort: (job) => String(job.disabled),
    isSame: (a, b) => a.disabled === b.disabled,
  },
];

const isSameTime = (a: Instant | null, b: Instant | null): boolean =>
  a === null || b === null ? a === b : compareInstants(a, b) === 0;

/** The index keys that a job leaves and those that it takes; a key in both is to be left first. Undefined: no job. */
export function movedIndexKeys(
  before: JobRecord | undefined,
  after: JobRecord | undefined,
): { readonly left: readonly Uint8Array[]; readonly taken: readonly Uint8Array[] } {
  const left: Uint8Array[] = [];
  const taken: Uint8Array[] = [];
  for (const { table, sort, isSame } of jobIndexes) {
    if (before !== undefined && after !== undefined && isSame(before, after)) continue;
    if (before !== undefined) left.push(orderKey(table, sort(before), before.name));
    if (after !== undefined) taken.push(orderKey(table, sort(after), after.name));
  }
  // All or none: long pairs are cut, so two of a job may share one key.
  if (before === undefined || after === undefined || !isSameMap(before.metadata, after.metadata)) {
    left.push(...metadataKeys(before));
    taken.push(...metadataKeys(after));
  }
  return { left, taken };
}

function isSameMap(a: StringMap | null, b: StringMap | null): boolean {
  if (a === null || b === null) return a === b;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

const metadataKeys = (job: JobRecord | undefined): Uint8Array[] =>
  Object.entries(job?.metadata ?? {}).map(([key, value]) =>
    orderKey('byMetadata', metadataSort(key, value), job?.name ?? ''),
  );

/** Table, sort key, NUL, name: ties order by name, as Dkron's indexes do (dkron-v4 1.4). */
function orderKey(table: Table, sort: string | Uint8Array, name: string): Uint8Array {
  // Short enough in whatever encoding: nothing is cut.
  if (typeof sort === 'string') {
    if (sort.length * 3 > limits.sortKeyBytes) return orderKey(table, textBytes(sort), name);
    return pooledText(tables[table], `${sort}\0${name}`);
  }
  const nameBytes = textBytes(name);
  const cut = sort.subarray(0, limits.sortKeyBytes);
  const key = new Uint8Array(2 + cut.length + nameBytes.length);
  key[0] = tables[table];
  key.set(cut, 1);
  key.set(nameBytes, 2 + cut.length);
  return key;
}

/** Range of the jobs with one exact sort key in a filter index. Longer keys are cut: check the record. */
export function filterRange(table: Table, sort: Uint8Array): KeyRange {
  const from = orderKey(table, sort, '');
  const to = from.slice();
  to[to.length - 1] = 1;
  return { from, to };
}

/** Cut in the middle so that both parts count; one byte that no text holds keeps them apart. */
export function metadataSort(key: string, value: string): Uint8Array {
  const half = limits.sortKeyBytes / 2;
  const keyBytes = textBytes(key).subarray(0, half - 1);
  const valueBytes = textBytes(value).subarray(0, half);
  const sort = new Uint8Array(keyBytes.length + 1 + valueBytes.length);
  sort.set(keyBytes);
  sort[keyBytes.length] = 0xff;
  sort.set(valueBytes, keyBytes.length + 1);
  return sort;
}

/** Case of ASCII letters does not count (Dkron's store compares so). */
export function textSort(text: string): Uint8Array {
  return textBytes(text.replace(/[A-Z]/g, (letter) => letter.toLowerCase()));
}

/** Zero is a missing number in Dkron's records and comes before every other, negative ones too. */
export function countSort(count: number): Uint8Array {
  if (count === 0) return Uint8Array.of(1);
  const bytes = new Uint8Array(9);
  const view = new DataView(bytes.buffer);
  bytes[0] = 2;
  view.setBigUint64(1, BigInt(count) + (1n << 63n));
  return bytes;
}

/** Dkron orders instants by the JSON text of their protobuf record: never-set (`{}`) after every instant. */
export function nullableTimeSort(at: Instant | null): string {
  return at === null ? '{}' : `{"has_value":true,"time":${timestampSort(at)}}`;
}

/** Seconds, then nanoseconds, as text: the epoch (`{}`) comes last, the zero time first (dkron-v4 1.4). */
export function timestampSort(at: Instant): string {
  const fields: string[] = [];
  if (at[0] !== 0) fields.push(`"seconds":${at[0]}`);
  if (at[1] !== 0) fields.push(`"nanos":${at[1]}`);
  return `{${fields.join(',')}}`;
}
