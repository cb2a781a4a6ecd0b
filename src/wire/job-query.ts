import { assert } from '../core/assert.ts';
import type { StateMeta } from '../core/jobs/ledger.ts';
import type { JobPage, JobQuery } from '../core/jobs/reads.ts';
import type { JobRecord } from '../core/jobs/records.ts';
import type { Store } from '../runtime/ports.ts';
import {
  bytesText,
  filterRange,
  type KeyRange,
  keyText,
  metadataSort,
  sortTables,
  tableRange,
  textBytes,
} from './state-keys.ts';

type LookUp = (name: string) => JobRecord | undefined;

/**
 * A page of jobs from the indexes. Without filters it touches as many records as it returns; with filters the names
 * that match come from the filter indexes, and the order's index is walked past the others.
 */
export function queryJobs(store: Store, meta: StateMeta, lookUp: LookUp, query: JobQuery): JobPage {
  const matching = matchingNames(store, lookUp, query);
  const total = matching === null ? meta.jobCount : matching.size;
  const end = Math.min(query.end ?? total, total);
  const count = end - query.start;
  if (query.start < 0 || count <= 0) return { total, jobs: [] };
  const names =
    matching === null
      ? sortedNames(store, query, query.start, count)
      : filteredNames(store, query, matching, query.start, count);
  return { total, jobs: eachFound(lookUp, names) };
}

function* eachFound(lookUp: LookUp, names: readonly string[]): Generator<JobRecord> {
  for (const name of names) {
    const job = lookUp(name);
    assert(job !== undefined, 'an index names only jobs that exist');
    yield job;
  }
}

function sortedNames(store: Store, query: JobQuery, offset: number, limit: number): string[] {
  const names: string[] = [];
  walk(store, query, { offset, limit }, (name) => names.push(name) > 0);
  return names;
}

function filteredNames(
  store: Store,
  query: JobQuery,
  matching: ReadonlySet<string>,
  offset: number,
  limit: number,
): string[] {
  const names: string[] = [];
  let skip = offset;
  walk(store, query, {}, (name) => {
    if (!matching.has(name)) return true;
    if (skip > 0) skip -= 1;
    else names.push(name);
    return names.length < limit;
  });
  return names;
}

/** Names in the order asked for. The jobs table is its own index by name; the others hold the name as value. */
function walk(
  store: Store,
  query: JobQuery,
  cut: { readonly offset?: number; readonly limit?: number },
  visit: (name: string) => boolean,
): void {
  const isByName = query.sort === 'name';
  const options = { ...tableRange(sortTables[query.sort]), ...cut, reverse: query.descending, keysOnly: isByName };
  store.range(options, (key, value) => visit(isByName ? keyText(key) : bytesText(value)));
}

/** Null: no filter was given. */
function matchingNames(store: Store, lookUp: LookUp, query: JobQuery): ReadonlySet<string> | null {
  const ranges: KeyRange[] = query.metadata.map(([key, value]) => filterRange('byMetadata', metadataSort(key, value)));
  if (query.status !== null) ranges.push(filterRange('byStatus', textBytes(query.status)));
  if (query.disabled !== null) ranges.push(filterRange('byDisabled', textBytes(String(query.disabled))));
  let names: ReadonlySet<string> | null = null;
  for (const range of ranges) names = namesIn(store, range, names);
  if (query.search !== '') names = namesWithText(store, query.search, names);
  // Long metadata is cut in the index: the record decides.
  if (names === null || query.metadata.length === 0) return names;
  return new Set([...names].filter((name) => hasMetadata(lookUp(name), query.metadata)));
}

function namesIn(store: Store, range: KeyRange, among: ReadonlySet<string> | null): Set<string> {
  const names = new Set<string>();
  store.range(range, (_, value) => {
    const name = bytesText(value);
    if (among === null || among.has(name)) names.add(name);
    return true;
  });
  return names;
}

function namesWithText(store: Store, text: string, among: ReadonlySet<string> | null): Set<string> {
  const names = new Set<string>();
  store.range(tableRange('searchText'), (key, value) => {
    const name = keyText(key);
    if ((among === null || among.has(name)) && (name.includes(text) || bytesText(value).includes(text)))
      names.add(name);
    return true;
  });
  return names;
}

function hasMetadata(job: JobRecord | undefined, wanted: JobQuery['metadata']): boolean {
  return wanted.every(([key, value]) => job?.metadata?.[key] === value);
}
