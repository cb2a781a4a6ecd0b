import { assert } from '../assert.ts';
import { type LogIndex, logIndex } from '../units.ts';
import type { Entry } from './entry.ts';

/** Consecutive newest entries of the log, in memory. */
export class EntryCache {
  #entries: Entry[] = [];
  /** Entries before this position are gone; the array is cut when they are the larger part. */
  #head = 0;
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  get count(): number {
    return this.#entries.length - this.#head;
  }

  /** Null: empty. */
  get first(): LogIndex | null {
    return this.#entries[this.#head]?.index ?? null;
  }

  get last(): LogIndex | null {
    return this.count === 0 ? null : (this.#entries.at(-1)?.index ?? null);
  }

  at(index: LogIndex): Entry | undefined {
    const first = this.first;
    if (first === null || index < first) return undefined;
    return this.#entries[this.#head + index - first];
  }

  push(entry: Entry): void {
    const last = this.last;
    assert(last === null || entry.index === last + 1, `entry ${entry.index} does not follow ${last}`);
    this.#entries.push(entry);
    this.#bytes += entry.payload.length;
  }

  shift(): void {
    const entry = this.#entries[this.#head];
    assert(entry !== undefined, 'nothing to drop');
    this.#bytes -= entry.payload.length;
    this.#head += 1;
    if (this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
  }

  /** Forgets `index` and all after it. */
  cutFrom(index: LogIndex): void {
    for (let last = this.last; last !== null && last >= index; last = this.last) {
      this.#bytes -= this.#entries.pop()?.payload.length ?? 0;
    }
  }

  clear(): void {
    this.#entries = [];
    this.#head = 0;
    this.#bytes = 0;
  }

  /** Up to both bounds, but at least one. Null: `from` is not here. */
  slice(from: LogIndex, maxEntries: number, maxBytes: number): Entry[] | null {
    if (this.at(from) === undefined) return null;
    const entries: Entry[] = [];
    let bytes = 0;
    for (let index = from; entries.length < maxEntries; index = logIndex(index + 1)) {
      const entry = this.at(index);
      if (entry === undefined) break;
      bytes += entry.payload.length;
      if (bytes > maxBytes && entries.length > 0) break;
      entries.push(entry);
    }
    return entries;
  }
}
