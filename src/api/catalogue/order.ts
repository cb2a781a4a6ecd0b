import type { Slot } from './columns.ts';

export type Compare = (a: Slot, b: Slot) => number;

/**
 * Jobs in one order. Changes are only noted; the next reader sorts what changed and puts it in its places, at the cost
 * of one copy of the order and a binary search for each.
 */
export class JobOrder {
  readonly #compare: Compare;
  readonly #isAlive: (slot: Slot) => boolean;
  #sorted = new Int32Array(0);
  #changed = new Set<Slot>();

  constructor(compare: Compare, isAlive: (slot: Slot) => boolean) {
    this.#compare = compare;
    this.#isAlive = isAlive;
  }

  /** The job is new, is gone, or may have another place now. */
  touch(slot: Slot): void {
    this.#changed.add(slot);
  }

  /** Valid until the next change. */
  slots(): Int32Array {
    if (this.#changed.size > 0) this.#repair();
    return this.#sorted;
  }

  #repair(): void {
    const changed = this.#changed;
    const kept = this.#sorted.filter((slot) => !changed.has(slot));
    const fresh = Int32Array.from([...changed].filter(this.#isAlive)).sort(this.#compare);
    const merged = new Int32Array(kept.length + fresh.length);
    let from = 0;
    let at = 0;
    for (const slot of fresh) {
      const to = this.#place(kept, from, slot);
      merged.set(kept.subarray(from, to), at);
      at += to - from;
      merged[at] = slot;
      at += 1;
      from = to;
    }
    merged.set(kept.subarray(from), at);
    this.#sorted = merged;
    this.#changed = new Set();
  }

  /** Where `slot` comes in among `kept[from...]`: binary search. */
  #place(kept: Int32Array, from: number, slot: Slot): number {
    let low = from;
    let high = kept.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#compare(kept[middle] ?? 0, slot) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
