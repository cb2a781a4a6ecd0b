import type { Slot } from './columns.ts';

/** So many changes are noted, however few jobs there are. */
const ALWAYS_NOTED = 1_024;

export type Compare = (a: Slot, b: Slot) => number;

/**
 * Jobs in one order. Changes are only noted; the next reader sorts what changed and puts it in its places, at the cost
 * of one copy of the order and a binary search for each. Of an order that nobody has asked for since most of it changed
 * nothing is kept: its next reader sorts all.
 */
export class JobOrder {
  readonly #compare: Compare;
  readonly #slotCount: () => number;
  readonly #isAlive: (slot: Slot) => boolean;
  #sorted = new Int32Array(0);
  /** Null: nothing is kept. */
  #changed: Set<Slot> | null = null;

  constructor(compare: Compare, slotCount: () => number, isAlive: (slot: Slot) => boolean) {
    this.#compare = compare;
    this.#slotCount = slotCount;
    this.#isAlive = isAlive;
  }

  /** The job is new, is gone, or may have another place now. */
  touch(slot: Slot): void {
    const changed = this.#changed;
    if (changed === null) return;
    changed.add(slot);
    if (changed.size <= Math.max(ALWAYS_NOTED, this.#sorted.length / 2)) return;
    this.#sorted = new Int32Array(0);
    this.#changed = null;
  }

  /** Valid until the next change. */
  slots(): Int32Array {
    const changed = this.#changed;
    if (changed?.size === 0) return this.#sorted;
    this.#sorted = changed === null ? this.#all() : this.#repaired(changed);
    this.#changed = new Set();
    return this.#sorted;
  }

  #all(): Int32Array<ArrayBuffer> {
    const slots = Int32Array.from({ length: this.#slotCount() }, (_, slot) => slot);
    return slots.filter(this.#isAlive).sort(this.#compare);
  }

  #repaired(changed: ReadonlySet<Slot>): Int32Array<ArrayBuffer> {
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
    return merged;
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
