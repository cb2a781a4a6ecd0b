import type { LogIndex } from '../core/units.ts';

/**
 * Raised when the same state is written in other bytes than before: hashes of different formats are not compared.
 * Fields that are appended to a record need no new one as long as they are left out while they have their default.
 */
export const STATE_HASH_FORMAT = 1;

/** Hash of all records of the state, as two independent halves: unsigned 32-bit integers. */
export interface StateHash {
  readonly first: number;
  readonly second: number;
}

/** The hash of the state behind an entry of the log. */
export interface StateMark {
  readonly index: LogIndex;
  readonly hash: StateHash;
}

export const sameHash = (a: StateHash, b: StateHash): boolean => a.first === b.first && a.second === b.second;

/** 16 hexadecimal digits, for messages. */
export const hashText = ({ first, second }: StateHash): string =>
  [first, second].map((half) => half.toString(16).padStart(8, '0')).join('');

/**
 * A sum over records that doesn't depend on their order: each adds the hash of its key and value, and takes it away
 * when it goes (docs/decisions/0003). Two states with the same sum are taken for the same.
 */
export class RecordSum {
  #first = 0;
  #second = 0;

  constructor({ first, second }: StateHash = { first: 0, second: 0 }) {
    this.#first = first | 0;
    this.#second = second | 0;
  }

  get hash(): StateHash {
    return { first: this.#first >>> 0, second: this.#second >>> 0 };
  }

  add(key: Uint8Array, value: Uint8Array): void {
    hashRecord(key, value);
    this.#first = (this.#first + firstLane) | 0;
    this.#second = (this.#second + secondLane) | 0;
  }

  remove(key: Uint8Array, value: Uint8Array): void {
    hashRecord(key, value);
    this.#first = (this.#first - firstLane) | 0;
    this.#second = (this.#second - secondLane) | 0;
  }

  addSum(other: RecordSum): void {
    this.#first = (this.#first + other.#first) | 0;
    this.#second = (this.#second + other.#second) | 0;
  }
}

/** Result of the last `hashRecord`: it is called for each write, and an object for two numbers would cost as much. */
let firstLane = 0;
let secondLane = 0;

/** MurmurHash3 (Appleby, x86, 32 bits) with two seeds; key and value are closed by their lengths. */
function hashRecord(key: Uint8Array, value: Uint8Array): void {
  firstLane = 0x2f0b4c47;
  secondLane = 0x51d8a6e3;
  absorb(key);
  absorb(value);
  firstLane = avalanche(firstLane);
  secondLane = avalanche(secondLane);
}

function absorb(bytes: Uint8Array): void {
  const wholeWords = bytes.length & ~3;
  let first = firstLane;
  let second = secondLane;
  for (let at = 0; at < wholeWords; at += 4) {
    // By the byte: a view of a short array would give it a buffer of its own, which costs more than all of this.
    const word = scramble(
      byteAt(bytes, at) | (byteAt(bytes, at + 1) << 8) | (byteAt(bytes, at + 2) << 16) | (byteAt(bytes, at + 3) << 24),
    );
    first = mix(first, word);
    second = mix(second, word);
  }
  let tail = 0;
  for (let at = bytes.length - 1; at >= wholeWords; at -= 1) tail = (tail << 8) | byteAt(bytes, at);
  tail = scramble(tail);
  firstLane = mix(first, tail) ^ bytes.length;
  secondLane = mix(second, tail) ^ bytes.length;
}

const byteAt = (bytes: Uint8Array, at: number): number => bytes[at] ?? 0;

function scramble(word: number): number {
  const product = Math.imul(word, 0xcc9e2d51);
  return Math.imul((product << 15) | (product >>> 17), 0x1b873593);
}

function mix(lane: number, word: number): number {
  const mixed = lane ^ word;
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}

function avalanche(lane: number): number {
  let mixed = Math.imul(lane ^ (lane >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
