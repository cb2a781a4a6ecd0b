import { assert } from './assert.ts';

const POWER_32 = 0x1_0000_0000;

/** One step of splitmix32: turns any 32-bit state into a well-mixed word; used for seeding only. */
function splitmix(state: number): number {
  let word = state | 0;
  word = Math.imul(word ^ (word >>> 16), 0x21f0aaad);
  word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
  return (word ^ (word >>> 15)) >>> 0;
}

const rotateLeft = (word: number, bits: number): number => ((word << bits) | (word >>> (32 - bits))) >>> 0;

/**
 * xoshiro128** (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2018), integers only, so that
 * a seed gives the same sequence on every machine. Not for secrets.
 */
export class Prng {
  readonly #seed: number;
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** `seed`: any integer; only its low 32 bits count. */
  constructor(seed: number) {
    assert(Number.isInteger(seed), `a seed is an integer, not ${seed}`);
    this.#seed = seed >>> 0;
    const word = (step: number) => splitmix(this.#seed + Math.imul(step, 0x9e3779b9));
    this.#a = word(1);
    this.#b = word(2);
    this.#c = word(3);
    // An all-zero state would stay zero for ever; the four words come from four different inputs of a bijection.
    this.#d = word(4);
  }

  /** Uniform in [0, 2^32). */
  word(): number {
    const result = Math.imul(rotateLeft(Math.imul(this.#b, 5), 7), 9) >>> 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = rotateLeft(this.#d, 11);
    return result;
  }

  /** Uniform integer in [0, boundExclusive), without modulo bias; the bound is an integer in 1..2^32. */
  below(boundExclusive: number): number {
    assert(
      Number.isInteger(boundExclusive) && boundExclusive >= 1 && boundExclusive <= POWER_32,
      `a bound is an integer in 1..2^32, not ${boundExclusive}`,
    );
    const fair = POWER_32 - (POWER_32 % boundExclusive);
    for (;;) {
      const word = this.word();
      if (word < fair) return word % boundExclusive;
    }
  }

  /** Uniform integer in [first, last], both included. */
  between(first: number, last: number): number {
    return first + this.below(last - first + 1);
  }

  /** An independent generator for one purpose: what one consumer draws doesn't shift what another one sees. */
  fork(label: string): Prng {
    let hash = this.#seed ^ 0x811c9dc5;
    for (let index = 0; index < label.length; index += 1) {
      hash = Math.imul(hash ^ label.charCodeAt(index), 0x01000193);
    }
    return new Prng(splitmix(hash));
  }
}
