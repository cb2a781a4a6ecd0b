import { assert } from '../../../src/core/assert.ts';
import { limits } from '../../../src/core/limits.ts';
import type { AppendEffect } from '../../../src/core/raft/io.ts';
import { type LogIndex, logIndex } from '../../../src/core/units.ts';
import type { Store, StoreWrite } from '../../../src/runtime/ports.ts';
import {
  type Compacted,
  encodeCompacted,
  encodeHardState,
  encodeLogEntry,
  entryKey,
  logKeys,
} from '../../../src/wire/log-records.ts';

/** One commit of the store: appends in order, and what goes along with them. */
export interface LogCommit {
  readonly appends: readonly AppendEffect[];
  readonly compacted: Compacted | null;
  /** How many other records it carries. */
  readonly companions: number;
}

/**
 * Appends on their way to the disk. What comes while one commit is flushed becomes the next commit: group commit, as
 * the store itself would do it. Never two at once: if the first failed for lack of space and the second did not, the
 * disk would hold a gap, which after a crash nobody could tell from damage.
 */
export class AppendQueue {
  readonly #store: Store;
  #waiting: AppendEffect[] = [];
  #inFlight: LogCommit | null = null;
  /** Written with the next commit, whatever it is, until it succeeds. */
  #companions: readonly StoreWrite[] = [];
  /** A companion was added: it doesn't wait for an append to come. */
  #isUrgent = false;

  constructor(store: Store) {
    this.#store = store;
  }

  get isIdle(): boolean {
    return this.#inFlight === null && this.#waiting.length === 0;
  }

  get isFlushing(): boolean {
    return this.#inFlight !== null;
  }

  push(append: AppendEffect): void {
    this.#waiting.push(append);
  }

  /** A record for the next commit. Should there be no space for it, it waits for the next append. */
  alsoWrite(write: StoreWrite): void {
    this.#companions = [...this.#companions, write];
    this.#isUrgent = true;
  }

  /**
   * Starts the next commit if there is need of one and none is running. `compaction`: entries to delete along with it.
   * `done` is called once, when it ended; the caller then calls `end`, in the turn in which it tells the core.
   */
  startNext(compaction: Compaction | null, done: (error: Error | null) => void): void {
    if (this.#inFlight !== null || (this.#waiting.length === 0 && !this.#isUrgent)) return;
    const appends = this.#takeAppends();
    const writes = [...this.#companions, ...appends.flatMap(appendWrites), ...compactionWrites(compaction)];
    this.#inFlight = { appends, compacted: compaction?.to ?? null, companions: this.#companions.length };
    this.#isUrgent = false;
    this.#store.commit(writes, done);
  }

  /** What was in flight. After an error all that waits behind it is void too. */
  end(error: Error | null): LogCommit {
    const commit = this.#inFlight;
    assert(commit !== null, 'a commit is in flight');
    this.#inFlight = null;
    if (error === null) this.#companions = this.#companions.slice(commit.companions);
    else this.#waiting = [];
    return commit;
  }

  /** Up to the bounds of one append, but at least one. */
  #takeAppends(): readonly AppendEffect[] {
    let count = 0;
    let entries = 0;
    let bytes = 0;
    for (const append of this.#waiting) {
      entries += append.entries.length;
      bytes += append.entries.reduce((sum, entry) => sum + entry.payload.length, 0);
      if (count > 0 && (entries > limits.entriesPerAppend || bytes > limits.bytesPerAppend)) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }
}

/** Deletes the entries in (after, to.index]. */
export interface Compaction {
  readonly after: LogIndex;
  readonly to: Compacted;
}

function appendWrites(append: AppendEffect): StoreWrite[] {
  const writes: StoreWrite[] = append.entries.map((entry) => {
    const key = entryKey(entry.index);
    return { key, value: encodeLogEntry(key, entry) };
  });
  const last = append.entries.at(-1)?.index;
  if (last !== undefined && append.replacedTo !== null) writes.push(...deletions(last, append.replacedTo));
  if (append.hardState !== null) writes.push({ key: logKeys.hardState, value: encodeHardState(append.hardState) });
  return writes;
}

function compactionWrites(compaction: Compaction | null): StoreWrite[] {
  if (compaction === null) return [];
  const mark = { key: logKeys.compacted, value: encodeCompacted(compaction.to) };
  return [...deletions(compaction.after, compaction.to.index), mark];
}

function deletions(after: LogIndex, to: LogIndex): StoreWrite[] {
  const count = Math.max(0, to - after);
  return Array.from({ length: count }, (_, at) => ({ key: entryKey(logIndex(after + 1 + at)), value: null }));
}
