import type { Command } from '../../../src/core/jobs/commands.ts';
import { limits } from '../../../src/core/limits.ts';
import type { LogIndex } from '../../../src/core/units.ts';
import type { Store, StoreWrite } from '../../../src/runtime/ports.ts';
import {
  hashText,
  RecordSum,
  STATE_HASH_FORMAT,
  type StateHash,
  type StateMark,
  sameHash,
} from '../../../src/wire/state-hash.ts';
import { isHashedKey, tableKey } from '../../../src/wire/state-keys.ts';
import { decodeStateCheck, encodeStateCheck } from '../../../src/wire/state-records.ts';
import { StateScan } from './state-scan.ts';

export type CheckState = Extract<Command, { type: 'checkState' }>;

const CHECK_KEY = tableKey('meta', 'check');

/**
 * The hash of this server's state (docs/decisions/0003): kept up with each batch in its transaction, compared with what
 * the leader found at the same entry of the log, and with what the store really holds, read piece by piece.
 */
export class StateAudit {
  readonly #store: Store;
  /** Null: all has been read. */
  #scan: StateScan | null = new StateScan();
  /** Null: the store was written without one, and is still being read. */
  #sum: RecordSum | null;
  #marks: readonly StateMark[];
  /** Of the batch that is in flight. */
  #staged: { readonly change: RecordSum; readonly scanned: RecordSum; readonly marks: readonly StateMark[] } | null =
    null;

  constructor(store: Store, appliedIndex: LogIndex) {
    this.#store = store;
    const bytes = store.get(CHECK_KEY);
    const kept = bytes === undefined ? null : decodeStateCheck(bytes);
    if (kept !== null && kept.format === STATE_HASH_FORMAT) {
      this.#sum = new RecordSum(kept.hash);
      this.#marks = kept.marks;
    } else {
      this.#sum = appliedIndex === 0 ? new RecordSum() : null;
      this.#marks = [];
    }
  }

  /** Null: not known yet. */
  get hash(): StateHash | null {
    return this.#sum?.hash ?? null;
  }

  /** What a leader has to propose next: to compare its latest mark, and to set the next one. */
  nextCheck(): CheckState {
    const mark = this.#marks.at(-1) ?? { index: 0, hash: { first: 0, second: 0 } };
    return { type: 'checkState', format: STATE_HASH_FORMAT, markedIndex: mark.index, ...mark.hash };
  }

  /** Says in words how this server's state differs from what the check was stamped with; null: it doesn't, or can't tell. */
  difference(check: CheckState): string | null {
    if (check.format !== STATE_HASH_FORMAT) return null;
    const mark = this.#marks.find(({ index }) => index === check.markedIndex);
    if (mark === undefined || sameHash(mark.hash, check)) return null;
    return `behind entry ${mark.index} of the log the state here has the hash ${hashText(mark.hash)}, not ${hashText(check)}`;
  }

  /**
   * The record to be written along with a batch; null while the hash is not known. `markAt`: the batch ends with the
   * check at this index. `written` has to follow, when the batch is visible, before the next one is staged.
   */
  stage(writes: readonly StoreWrite[], markAt: LogIndex | null): StoreWrite | null {
    const change = new RecordSum();
    const scanned = new RecordSum();
    for (const { key, value } of writes) {
      if (!isHashedKey(key)) continue;
      const sums = this.#scan?.isBehind(key) === true ? [change, scanned] : [change];
      this.#store.read(key, (before) => {
        for (const sum of sums) sum.remove(key, before);
      });
      if (value !== null) for (const sum of sums) sum.add(key, value);
    }
    const next = this.#sum === null ? null : new RecordSum(this.#sum.hash);
    next?.addSum(change);
    const isMarked = markAt !== null && next !== null;
    const marks = isMarked ? [...this.#marks, { index: markAt, hash: next.hash }] : this.#marks;
    this.#staged = { change, scanned, marks: marks.slice(-limits.stateMarks) };
    if (next === null) return null;
    const record = { format: STATE_HASH_FORMAT, hash: next.hash, marks: this.#staged.marks };
    return { key: CHECK_KEY, value: encodeStateCheck(record) };
  }

  written(): void {
    if (this.#staged === null) return;
    const { change, scanned, marks } = this.#staged;
    this.#staged = null;
    this.#sum?.addSum(change);
    this.#scan?.sum.addSum(scanned);
    this.#marks = marks;
  }

  get isScanned(): boolean {
    return this.#scan === null;
  }

  /**
   * Reads on. No batch may be in flight. At the end it says in words how the store differs from what was written to it;
   * null: it doesn't, or there is more to read.
   */
  scanOn(records: number = limits.scannedRecords): string | null {
    if (this.#scan === null || !this.#scan.readOn(this.#store, records)) return null;
    const found = this.#scan.sum.hash;
    this.#scan = null;
    if (this.#sum === null) this.#sum = new RecordSum(found);
    const expected = this.#sum.hash;
    if (sameHash(found, expected)) return null;
    return `the state's store holds records with the hash ${hashText(found)}, but ${hashText(expected)} was written`;
  }
}
