import { limits } from '../core/limits.ts';
import { type LogIndex, logIndex } from '../core/units.ts';
import type { Store } from '../runtime/ports.ts';
import { hashText, RecordSum, STATE_HASH_FORMAT, sameHash } from '../wire/state-hash.ts';
import { hashedTables, isHashedKey, tableKey, tableRange } from '../wire/state-keys.ts';
import { StateReader } from '../wire/state-reader.ts';
import { decodeStateCheck } from '../wire/state-records.ts';
import { type FoundEntry, findEntry, type LogExtent, logExtent } from './log-entry.ts';

export interface Findings {
  readonly log: LogExtent;
  /** Entries that a node stops at, oldest first, at most `limits.toldEntries`. */
  readonly badEntries: readonly FoundEntry[];
  /** Null: there is no state yet. */
  readonly appliedIndex: LogIndex | null;
  /** How the state's store differs from what was written to it; null: it doesn't. */
  readonly stateDifference: string | null;
}

/** Reads everything and changes nothing. Throws `LogDamaged` when not even the log's extent can be told. */
export function examine(log: Store, state: Store | null): Findings {
  const extent = logExtent(log);
  const badEntries: FoundEntry[] = [];
  for (let index = extent.compacted + 1; index <= extent.last && badEntries.length < limits.toldEntries; index += 1) {
    const found = findEntry(log, logIndex(index));
    if (found.verdict.type !== 'command' && found.verdict.type !== 'empty') badEntries.push(found);
  }
  return {
    log: extent,
    badEntries,
    appliedIndex: state === null ? null : new StateReader(state).appliedIndex(),
    stateDifference: state === null ? null : stateDifference(state),
  };
}

function stateDifference(state: Store): string | null {
  const bytes = state.get(tableKey('meta', 'check'));
  const kept = bytes === undefined ? null : decodeStateCheck(bytes);
  if (kept === null || kept.format !== STATE_HASH_FORMAT) return null;
  const sum = new RecordSum();
  for (const table of hashedTables) {
    state.range(tableRange(table), (key, value) => {
      if (isHashedKey(key)) sum.add(key, value);
      return true;
    });
  }
  if (sameHash(sum.hash, kept.hash)) return null;
  return `its records have the hash ${hashText(sum.hash)}, but ${hashText(kept.hash)} was written`;
}

/** Takes what the state's store holds for right: its hash is made anew, and nothing before is compared. */
export function acceptState(state: Store): Promise<void> {
  return new Promise((resolve, reject) => {
    state.publish([{ key: tableKey('meta', 'check'), value: null }]);
    state.makeDurable((error) => (error === null ? resolve() : reject(error)));
  });
}
