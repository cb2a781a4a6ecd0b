import { assert } from '../assert.ts';
import { type LogIndex, logIndex, type Term } from '../units.ts';
import type { RaftConfig } from './config.ts';
import type { Entry } from './entry.ts';
import { EntryCache } from './entry-cache.ts';
import { Terms } from './terms.ts';

/** The log as the disk holds it at start: all terms, and the payloads of its newest entries. */
export interface StoredLog {
  /** Last compacted index and its term; 0 and 0: none. */
  readonly base: LogIndex;
  readonly baseTerm: Term;
  /** Everything after `base`, in order. Only the terms are kept: whoever wants entries reads them back. */
  readonly entries: Iterable<Entry>;
}

/** How many of the newest entries `check` looks at. */
const CHECKED_ENTRIES = 64;

interface PendingAppend {
  readonly id: number;
  readonly before: Terms;
  /** Null: it has no entries. */
  readonly first: LogIndex | null;
  /** Last of its entries that a later append has not replaced. */
  last: LogIndex;
}

/**
 * What the log of this node holds: the term of each entry, the newest entries themselves, and how much of it is
 * durable. Appends become durable in the order of their ids.
 */
export class LogView {
  readonly #config: RaftConfig;
  readonly #cache = new EntryCache();
  #terms: Terms;
  #pending: PendingAppend[] = [];
  #persisted: LogIndex;
  #persistedId = 0;

  constructor(stored: StoredLog, config: RaftConfig) {
    this.#config = config;
    this.#terms = Terms.startingAt(stored.base, stored.baseTerm);
    for (const entry of stored.entries) this.#terms = this.#terms.with([entry]);
    this.#persisted = this.#terms.last;
  }

  get base(): LogIndex {
    return this.#terms.base;
  }

  get last(): LogIndex {
    return this.#terms.last;
  }

  get lastTerm(): Term {
    return this.#terms.lastTerm;
  }

  /** All up to here is durable. */
  get persisted(): LogIndex {
    return this.#persisted;
  }

  /** Appends up to this id are durable. */
  get persistedId(): number {
    return this.#persistedId;
  }

  /** Null: compacted, or beyond the end. */
  termAt(index: LogIndex): Term | null {
    return this.#terms.at(index);
  }

  /** The larger of the two logs of the thesis's "up-to-date" is the one with the later last term, then the longer. */
  isUpToDate(lastIndex: LogIndex, lastTerm: Term): boolean {
    return lastTerm > this.lastTerm || (lastTerm === this.lastTerm && lastIndex >= this.last);
  }

  lastAtMost(upTo: LogIndex, term: Term): LogIndex {
    return this.#terms.lastAtMost(upTo, term);
  }

  /** Entries from memory, up to both bounds and at least one; null: they must be read back. */
  cached(from: LogIndex, maxEntries: number, maxBytes: number): Entry[] | null {
    return this.#cache.slice(from, maxEntries, maxBytes);
  }

  /**
   * Puts entries in place of whatever there was from the first one's index on, as the append `id`. Returns the last
   * replaced index, or null. An append without entries only takes its place in the order.
   */
  append(id: number, entries: readonly Entry[]): LogIndex | null {
    assert(id > (this.#pending.at(-1)?.id ?? this.#persistedId), `append ${id} is out of order`);
    const before = this.#terms;
    const first = entries[0];
    this.#terms = before.with(entries);
    const kept = first === undefined ? before.last : logIndex(first.index - 1);
    const replacedTo = kept < before.last ? before.last : null;
    if (replacedTo !== null) this.#replaceAfter(kept);
    for (const entry of entries) this.#cache.push(entry);
    this.#pending.push({ id, before, first: first?.index ?? null, last: this.#terms.last });
    return replacedTo;
  }

  #replaceAfter(kept: LogIndex): void {
    this.#cache.cutFrom(logIndex(kept + 1));
    this.#persisted = logIndex(Math.min(this.#persisted, kept));
    for (const append of this.#pending) append.last = logIndex(Math.min(append.last, kept));
  }

  /** The append `id` and all before it are durable. */
  markPersisted(id: number): void {
    for (let append = this.#pending[0]; append !== undefined && append.id <= id; append = this.#pending[0]) {
      this.#persisted = logIndex(Math.max(this.#persisted, append.last));
      this.#persistedId = append.id;
      this.#pending.shift();
    }
    assert(this.#persistedId === id, `append ${id} is not pending`);
  }

  /**
   * Takes back the append `id` and all after it: the log is again as it was before. Returns up to where it didn't
   * change: beyond, it may hold again what another leader's entries had replaced.
   */
  takeBack(id: number): LogIndex {
    const failed = this.#pending.findIndex((append) => append.id === id);
    const append = this.#pending[failed];
    assert(failed === 0 && append !== undefined, `append ${id} is not the oldest pending one`);
    let kept = append.before.last;
    for (const { first } of this.#pending) {
      if (first !== null) kept = logIndex(Math.min(kept, first - 1));
    }
    this.#cache.cutFrom(logIndex(kept + 1));
    const compactedTo = this.#terms.base;
    this.#terms = append.before.base < compactedTo ? append.before.compactedTo(compactedTo) : append.before;
    this.#pending = [];
    this.#persisted = this.#terms.last;
    // What the failed append replaced is back, but only on disk.
    if (this.#cache.last !== this.#terms.last) this.#cache.clear();
    return kept;
  }

  compactTo(index: LogIndex): void {
    assert(index <= this.#persisted, `can't compact to ${index}: durable up to ${this.#persisted}`);
    this.#terms = this.#terms.compactedTo(index);
    for (let first = this.#cache.first; first !== null && first <= index; first = this.#cache.first) {
      this.#cache.shift();
    }
  }

  /** Lets go of payloads beyond the bounds; never of those after `settled` or not durable, which can't be read back. */
  trim(settled: LogIndex): void {
    const droppable = Math.min(settled, this.#persisted);
    while (this.#cache.count > this.#config.cachedEntries || this.#cache.bytes > this.#config.cachedBytes) {
      const first = this.#cache.first;
      if (first === null || first > droppable) return;
      this.#cache.shift();
    }
  }

  check(): void {
    this.#terms.check();
    assert(this.#persisted >= this.base && this.#persisted <= this.last, 'what is durable lies within the log');
    assert(this.#cache.last === null || this.#cache.last === this.last, 'the cache ends where the log ends');
    const first = this.#cache.first;
    assert(
      this.#persisted === this.last || (first !== null && first <= this.#persisted + 1),
      'unsaved entries are kept',
    );
    assert(first === null || first > this.base, 'nothing compacted is cached');
    // Older ones were looked at when they were new.
    for (let index = Math.max(first ?? this.last + 1, this.last - CHECKED_ENTRIES); index <= this.last; index += 1) {
      const entry = this.#cache.at(logIndex(index));
      assert(entry?.index === index && entry.term === this.termAt(logIndex(index)), `the cache is wrong at ${index}`);
    }
  }
}
