import { assert } from '../assert.ts';

/** Six levels of 256 slots: 2^48 ms, some 8,900 years from 1970. */
const LEVELS = 6;
const SLOTS = 256;
const SLOT_BITS = 8;
const DIGIT_MASK = SLOTS - 1;
/** Times are cut into an upper and a lower half of three digits, so that bit operations can be used. */
const HALF = 2 ** 24;
const LAST_MS = 2 ** 48 - 1;
const OVERDUE = LEVELS * SLOTS;
const NONE = -1;
const FIRST_CAPACITY = 1024;
/** Arrays of this length are 20 GB: whoever asks for that has made an id of something else. */
const LARGEST_ID = 2 ** 30;

/**
 * A hierarchical timing wheel (Varghese and Lauck, "Hashed and Hierarchical Timing Wheels", 1987, scheme 7) with a
 * resolution of 1 ms. It holds deadlines by id: small integers of the caller's, dense, since arrays are indexed by them.
 *
 * A deadline stands at the level of the highest digit (base 256) in which it differs from the wheel's time, so that
 * deadlines of one millisecond always share a slot, in the order of their insertion. When time enters a slot of a
 * higher level, its deadlines move down. Bit maps of the occupied slots let time jump over what is empty.
 */
export class TimingWheel {
  #nowMs: number;
  #size = 0;
  #next = new Int32Array(FIRST_CAPACITY).fill(NONE);
  #previous = new Int32Array(FIRST_CAPACITY).fill(NONE);
  /** Slot of an id; NONE: not in the wheel. */
  #slotOf = new Int32Array(FIRST_CAPACITY).fill(NONE);
  #atMs = new Float64Array(FIRST_CAPACITY);
  readonly #heads = new Int32Array(OVERDUE + 1).fill(NONE);
  readonly #tails = new Int32Array(OVERDUE + 1).fill(NONE);
  readonly #occupied = new Uint32Array((LEVELS * SLOTS) / 32);

  constructor(nowMs: number) {
    this.#nowMs = checked(nowMs);
  }

  get size(): number {
    return this.#size;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /** When an id expires; null: it isn't in the wheel. */
  deadlineOf(id: number): number | null {
    return this.#has(id) ? this.#at(id) : null;
  }

  /** Adds a deadline in whole milliseconds, replacing an earlier one of the id. One in the past expires at once. */
  add(id: number, atMs: number): void {
    this.cancel(id);
    this.#reserve(id);
    this.#atMs[id] = checked(atMs);
    this.#append(this.#slotFor(atMs), id);
    this.#size += 1;
  }

  /** False: there was nothing to cancel. */
  cancel(id: number): boolean {
    if (!this.#has(id)) return false;
    this.#unlink(id);
    this.#size -= 1;
    return true;
  }

  /**
   * Moves time on and takes out what has expired: ids in the order of their deadlines, those of one millisecond in
   * the order of their insertion. A time in the past is the present.
   */
  advance(nowMs: number): number[] {
    const target = Math.max(checked(nowMs), this.#nowMs);
    const expired = this.#takeOverdue();
    for (;;) {
      const slot = this.#nextOccupied();
      if (slot === NONE) break;
      const startMs = this.#startOf(slot);
      if (startMs > target) break;
      this.#nowMs = Math.max(this.#nowMs, startMs);
      for (const id of this.#takeSlot(slot)) {
        if (slot < SLOTS) expired.push(id);
        else this.#append(this.#slotFor(this.#at(id)), id);
      }
      this.#takeOverdue(expired);
    }
    this.#nowMs = target;
    this.#size -= expired.length;
    return expired;
  }

  /** Sets time back, for a clock that was set back: what isn't due any more waits again. */
  rewind(nowMs: number): void {
    const ids: number[] = [];
    for (let slot = 0; slot <= OVERDUE; slot += 1) for (const id of this.#idsOf(slot)) ids.push(id);
    // Deadlines of one millisecond share a slot, and the sort is stable: they keep the order of their insertion.
    ids.sort((a, b) => this.#at(a) - this.#at(b));
    for (const id of ids) this.#unlink(id);
    this.#nowMs = checked(nowMs);
    for (const id of ids) this.#append(this.#slotFor(this.#at(id)), id);
  }

  /**
   * When `advance` has something to do: never after the earliest deadline, and before it where deadlines of a higher
   * level have to move down first (at most once per level). Null: the wheel is empty.
   */
  nextDeadline(): number | null {
    if (this.#heads[OVERDUE] !== NONE) return this.#nowMs;
    const slot = this.#nextOccupied();
    return slot === NONE ? null : this.#startOf(slot);
  }

  /** Asserts that each deadline stands where its time says, and that lists and bit maps agree. */
  check(): void {
    let found = 0;
    for (let slot = 0; slot <= OVERDUE; slot += 1) {
      let previous = NONE;
      for (const id of this.#idsOf(slot)) {
        assert(this.#slotOf[id] === slot, 'an id knows its slot');
        assert(this.#previous[id] === previous, 'a list can be walked both ways');
        assert(this.#slotFor(this.#at(id)) === slot, 'a deadline stands in the slot of its time');
        previous = id;
        found += 1;
      }
      assert(this.#tails[slot] === previous, 'a list ends at its tail');
      if (slot !== OVERDUE) assert(this.#isOccupied(slot) === (previous !== NONE), 'the bit map shows occupied slots');
    }
    assert(found === this.#size, 'each deadline stands in one slot');
  }

  #has(id: number): boolean {
    return id < this.#slotOf.length && this.#slotOf[id] !== NONE;
  }

  #at(id: number): number {
    return this.#atMs[id] ?? 0;
  }

  #slotFor(atMs: number): number {
    if (atMs <= this.#nowMs) return OVERDUE;
    const upper = Math.floor(atMs / HALF);
    const upperNow = Math.floor(this.#nowMs / HALF);
    if (upper !== upperNow) return slotAt(3, upper, upper ^ upperNow);
    const lower = atMs % HALF;
    return slotAt(0, lower, lower ^ (this.#nowMs % HALF));
  }

  /** The occupied slot that begins next: lower levels lie within the current slot of higher ones. */
  #nextOccupied(): number {
    for (let level = 0; level < LEVELS; level += 1) {
      const digit = this.#nextBit(level, digitOf(this.#nowMs, level) + 1);
      if (digit !== NONE) return level * SLOTS + digit;
    }
    return NONE;
  }

  #nextBit(level: number, from: number): number {
    for (let word = from >> 5; word < SLOTS / 32; word += 1) {
      const bits = this.#occupied[(level * SLOTS) / 32 + word] ?? 0;
      const rest = word === from >> 5 ? bits & (-1 << (from & 31)) : bits;
      if (rest !== 0) return word * 32 + 31 - Math.clz32(rest & -rest);
    }
    return NONE;
  }

  /** The first millisecond of a slot, as seen from now. */
  #startOf(slot: number): number {
    const level = Math.floor(slot / SLOTS);
    const unit = SLOTS ** level;
    const block = Math.floor(this.#nowMs / (unit * SLOTS)) * unit * SLOTS;
    return block + (slot % SLOTS) * unit;
  }

  #takeOverdue(into: number[] = []): number[] {
    const ids = this.#takeSlot(OVERDUE);
    // A stable sort: those of one millisecond stay in the order of their insertion.
    if (ids.length > 1) ids.sort((a, b) => this.#at(a) - this.#at(b));
    for (const id of ids) into.push(id);
    return into;
  }

  #takeSlot(slot: number): number[] {
    const ids = this.#idsOf(slot);
    for (const id of ids) this.#unlink(id);
    return ids;
  }

  #idsOf(slot: number): number[] {
    const ids: number[] = [];
    for (let id = this.#heads[slot] ?? NONE; id !== NONE; id = this.#next[id] ?? NONE) ids.push(id);
    return ids;
  }

  #append(slot: number, id: number): void {
    const tail = this.#tails[slot] ?? NONE;
    this.#slotOf[id] = slot;
    this.#previous[id] = tail;
    this.#next[id] = NONE;
    this.#tails[slot] = id;
    if (tail !== NONE) this.#next[tail] = id;
    else {
      this.#heads[slot] = id;
      if (slot !== OVERDUE) this.#setOccupied(slot, true);
    }
  }

  #unlink(id: number): void {
    const slot = this.#slotOf[id] ?? NONE;
    const next = this.#next[id] ?? NONE;
    const previous = this.#previous[id] ?? NONE;
    if (previous === NONE) this.#heads[slot] = next;
    else this.#next[previous] = next;
    if (next === NONE) this.#tails[slot] = previous;
    else this.#previous[next] = previous;
    this.#slotOf[id] = NONE;
    if (slot !== OVERDUE && this.#heads[slot] === NONE) this.#setOccupied(slot, false);
  }

  #isOccupied(slot: number): boolean {
    return ((this.#occupied[slot >> 5] ?? 0) & (1 << (slot & 31))) !== 0;
  }

  #setOccupied(slot: number, occupied: boolean): void {
    const word = this.#occupied[slot >> 5] ?? 0;
    this.#occupied[slot >> 5] = occupied ? word | (1 << (slot & 31)) : word & ~(1 << (slot & 31));
  }

  #reserve(id: number): void {
    assert(Number.isInteger(id) && id >= 0 && id < LARGEST_ID, `an id is a small integer, not ${id}`);
    if (id < this.#slotOf.length) return;
    let capacity = this.#slotOf.length;
    while (capacity <= id) capacity *= 2;
    this.#next = grown(this.#next, capacity);
    this.#previous = grown(this.#previous, capacity);
    this.#slotOf = grown(this.#slotOf, capacity);
    const times = new Float64Array(capacity);
    times.set(this.#atMs);
    this.#atMs = times;
  }
}

const slotAt = (firstLevel: number, half: number, difference: number): number => {
  const digit = (31 - Math.clz32(difference)) >> 3;
  return (firstLevel + digit) * SLOTS + ((half >> (digit * SLOT_BITS)) & DIGIT_MASK);
};

const digitOf = (timeMs: number, level: number): number =>
  level < 3
    ? ((timeMs % HALF) >> (level * SLOT_BITS)) & DIGIT_MASK
    : (Math.floor(timeMs / HALF) >> ((level - 3) * SLOT_BITS)) & DIGIT_MASK;

function grown(array: Int32Array<ArrayBuffer>, capacity: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(capacity).fill(NONE);
  larger.set(array);
  return larger;
}

function checked(timeMs: number): number {
  assert(Number.isInteger(timeMs) && timeMs >= 0 && timeMs <= LAST_MS, `whole milliseconds since 1970, not ${timeMs}`);
  return timeMs;
}
