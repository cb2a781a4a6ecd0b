import type { Entry, HardState } from '../../../src/core/raft/entry.ts';
import type { StoredLog } from '../../../src/core/raft/log-view.ts';
import { type LogIndex, logIndex, term } from '../../../src/core/units.ts';
import type { Store } from '../../../src/runtime/ports.ts';
import {
  type Compacted,
  decodeCompacted,
  decodeHardState,
  decodeIdentity,
  decodeLogEntry,
  entryKey,
  LogDamaged,
  type LogIdentity,
  logKeys,
} from '../../../src/wire/log-records.ts';

/** Entries read in one go while the log is checked at start. */
const CHECK_CHUNK = 1_024;

export interface LogOnDisk {
  /** Null: a new disk. */
  readonly identity: LogIdentity | null;
  readonly hardState: HardState | null;
  readonly log: StoredLog;
}

/**
 * What the store holds. Nothing is repaired here: a commit of the store is atomic, so there is no torn tail to cut, and
 * whatever doesn't fit is damage (design P6). Throws `LogDamaged`, also while the entries are iterated.
 */
export function readLog(store: Store): LogOnDisk {
  const identity = read(store, logKeys.identity, decodeIdentity);
  const hardState = read(store, logKeys.hardState, decodeHardState);
  const compacted = read(store, logKeys.compacted, decodeCompacted) ?? { index: logIndex(0), term: term(0) };
  if (identity === null && !isEmpty(store)) throw new LogDamaged('the log has no identity, but it is not empty');
  const log = { base: compacted.index, baseTerm: compacted.term, entries: checkedEntries(store, compacted, hardState) };
  return { identity, hardState, log };
}

function read<Value>(store: Store, key: Uint8Array, decode: (record: Uint8Array) => Value): Value | null {
  const record = store.get(key);
  return record === undefined ? null : decode(record);
}

function isEmpty(store: Store): boolean {
  let empty = true;
  store.range({ from: null, to: null, limit: 1, keysOnly: true }, () => {
    empty = false;
    return false;
  });
  return empty;
}

/** All entries in order, each followed by the next, up to where the hard state says that the log ends. */
function* checkedEntries(store: Store, compacted: Compacted, hardState: HardState | null): Generator<Entry> {
  let { index, term: lastTerm } = compacted;
  for (;;) {
    const chunk = readChunk(store, entryKey(logIndex(index + 1)), CHECK_CHUNK);
    for (const entry of chunk) {
      if (entry.index !== index + 1) throw new LogDamaged(`entry ${index + 1} is missing`);
      if (entry.term < lastTerm) throw new LogDamaged(`the term falls at entry ${entry.index}`);
      index = entry.index;
      lastTerm = entry.term;
      yield entry;
    }
    if (chunk.length < CHECK_CHUNK) break;
  }
  const written = hardState?.last ?? 0;
  if (index !== written) throw new LogDamaged(`the log ends at ${index}, but its hard state is of ${written}`);
  if (lastTerm > (hardState?.term ?? 0)) throw new LogDamaged(`the hard state is older than entry ${index}`);
}

function readChunk(store: Store, from: Uint8Array, limit: number): Entry[] {
  const entries: Entry[] = [];
  store.range({ from, to: logKeys.afterEntries, limit }, (key, record) => {
    entries.push(decodeLogEntry(key, record));
    return true;
  });
  return entries;
}

/** Entries from `from` to `to`, up to `maxBytes` of payload, but at least one. Throws `LogDamaged`. */
export function readBack(store: Store, from: LogIndex, to: LogIndex, maxBytes: number): readonly Entry[] {
  const entries: Entry[] = [];
  let bytes = 0;
  store.range({ from: entryKey(from), to: entryKey(logIndex(to + 1)) }, (key, record) => {
    const entry = decodeLogEntry(key, record);
    if (entry.index !== from + entries.length) return false;
    bytes += entry.payload.length;
    if (bytes > maxBytes && entries.length > 0) return false;
    entries.push(entry);
    return true;
  });
  if (entries.length === 0) throw new LogDamaged(`entry ${from} is missing`);
  return entries;
}
