import type { Slot } from './columns.ts';

export type SlotTest = (slot: Slot) => boolean;

/**
 * Which jobs match a filter, a byte each: made with one pass for each test over what the tests before have left, in the
 * order of memory, and kept up with each job that changes. So the next page of the same filter tests nothing.
 */
export class Selection {
  readonly #tests: readonly SlotTest[];
  #marks: Uint8Array;
  #count = 0;

  /** `tests`: cheap ones first. One of them at least says whether there is a job in a slot. */
  constructor(tests: readonly SlotTest[], slots: number) {
    this.#tests = tests;
    const marks = new Uint8Array(slots).fill(1);
    for (const test of tests) {
      for (let slot = 0; slot < slots; slot += 1) if (marks[slot] === 1 && !test(slot)) marks[slot] = 0;
    }
    for (const mark of marks) this.#count += mark;
    this.#marks = marks;
  }

  /** Jobs that match. */
  get count(): number {
    return this.#count;
  }

  has(slot: Slot): boolean {
    return this.#marks[slot] === 1;
  }

  /** The job is new, has changed or is gone. */
  touch(slot: Slot): void {
    if (slot >= this.#marks.length) {
      const larger = new Uint8Array(Math.max(1_024, 2 * slot));
      larger.set(this.#marks);
      this.#marks = larger;
    }
    const mark = this.#tests.every((test) => test(slot)) ? 1 : 0;
    this.#count += mark - (this.#marks[slot] ?? 0);
    this.#marks[slot] = mark;
  }
}
