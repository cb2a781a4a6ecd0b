import { assert } from '../assert.ts';
import type { LogIndex } from '../units.ts';

/**
 * Payload bytes that a leader took in its term and that are not committed: what its bound on the uncommitted log is
 * about. What earlier leaders left is not counted: its payloads may be no longer in memory.
 */
export class UncommittedBytes {
  #entries: { readonly index: LogIndex; readonly bytes: number }[] = [];
  /** Entries before this position are committed; the array is cut when they are the larger part. */
  #head = 0;
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  add(index: LogIndex, bytes: number): void {
    const last = this.#entries.at(-1);
    assert(last === undefined || index > last.index, `entry ${index} comes after ${last?.index}`);
    this.#entries.push({ index, bytes });
    this.#bytes += bytes;
  }

  committedTo(index: LogIndex): void {
    for (let entry = this.#entries[this.#head]; entry !== undefined && entry.index <= index; ) {
      this.#bytes -= entry.bytes;
      this.#head += 1;
      entry = this.#entries[this.#head];
    }
    if (this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
  }

  /** Entries after `last` are as if never taken. */
  cutAfter(last: LogIndex): void {
    for (let entry = this.#entries.at(-1); entry !== undefined && entry.index > last; entry = this.#entries.at(-1)) {
      this.#entries.pop();
      this.#bytes -= entry.bytes;
    }
  }

  check(commit: LogIndex, last: LogIndex): void {
    const waiting = this.#entries.slice(this.#head);
    assert(this.#bytes === waiting.reduce((sum, { bytes }) => sum + bytes, 0), 'uncommitted bytes are counted');
    for (const { index } of waiting) assert(index > commit && index <= last, `entry ${index} is not committed`);
  }
}
