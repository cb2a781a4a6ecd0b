import { type LogIndex, logIndex, type Term, term } from '../core/units.ts';
import type { Store } from '../runtime/ports.ts';
import { decodeEntry } from '../wire/entries.ts';
import {
  decodeCompacted,
  decodeHardState,
  decodeLogEntry,
  encodeLogEntry,
  entryKey,
  LogDamaged,
  logKeys,
} from '../wire/log-records.ts';
import { DecodeError } from '../wire/msgpack.ts';

/** What an entry of the log turns out to be. */
export type EntryVerdict =
  | { readonly type: 'command'; readonly text: string }
  /** The start of a leader's term, or an entry that was skipped: nothing to apply. */
  | { readonly type: 'empty' }
  /** Whole, as its checksum shows, but nothing that this version knows how to apply. */
  | { readonly type: 'undecodable'; readonly reason: string }
  /** Not what was written. */
  | { readonly type: 'damaged'; readonly reason: string }
  | { readonly type: 'missing' };

export interface FoundEntry {
  readonly index: LogIndex;
  /** Null: it can't be told from the record. */
  readonly term: Term | null;
  /** The entry's payload; of a damaged one the record as it is. */
  readonly bytes: Uint8Array;
  readonly verdict: EntryVerdict;
}

/** Entries that the log should hold: all behind `compacted`, up to `last`. */
export interface LogExtent {
  readonly compacted: LogIndex;
  readonly last: LogIndex;
}

/** Throws `LogDamaged`. */
export function logExtent(log: Store): LogExtent {
  const mark = log.get(logKeys.compacted);
  const hardState = log.get(logKeys.hardState);
  const compacted = mark === undefined ? logIndex(0) : decodeCompacted(mark).index;
  return { compacted, last: hardState === undefined ? compacted : decodeHardState(hardState).last };
}

export function findEntry(log: Store, index: LogIndex): FoundEntry {
  const key = entryKey(index);
  const record = log.get(key);
  if (record === undefined) return { index, term: null, bytes: new Uint8Array(0), verdict: { type: 'missing' } };
  try {
    const entry = decodeLogEntry(key, record);
    return { index, term: entry.term, bytes: entry.payload, verdict: verdictOf(entry.payload) };
  } catch (error) {
    if (!(error instanceof LogDamaged)) throw error;
    return { index, term: null, bytes: record, verdict: { type: 'damaged', reason: error.message } };
  }
}

function verdictOf(payload: Uint8Array): EntryVerdict {
  if (payload.length === 0) return { type: 'empty' };
  try {
    const { origin, command } = decodeEntry(payload);
    const details = JSON.stringify(command, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
    return { type: 'command', text: `${command.type}, proposed by ${origin.actor} of node ${origin.node}: ${details}` };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return { type: 'undecodable', reason: error.message };
  }
}

/** Makes nothing of an entry, durably: every server that does so with the same entry has the same state behind it. */
export function skipEntry(log: Store, found: FoundEntry): Promise<void> {
  const key = entryKey(found.index);
  const entry = {
    index: found.index,
    term: found.term ?? neighboursTerm(log, found.index),
    kind: 'command',
    payload: new Uint8Array(0),
  } as const;
  return new Promise((resolve, reject) => {
    log.commit([{ key, value: encodeLogEntry(key, entry) }], (error) => (error === null ? resolve() : reject(error)));
  });
}

/** Terms never fall: that of the entry before is right unless a leader began in between, and then no worse. */
function neighboursTerm(log: Store, index: LogIndex): Term {
  const before = index > 1 ? findEntry(log, logIndex(index - 1)).term : null;
  if (before !== null) return before;
  const mark = log.get(logKeys.compacted);
  return mark === undefined ? (findEntry(log, logIndex(index + 1)).term ?? term(1)) : decodeCompacted(mark).term;
}
