import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Prng } from '../../src/core/prng.ts';

const draw = (prng: Prng, count: number) => Array.from({ length: count }, () => prng.word());

describe('the generator', () => {
  it('repeats a seed and keeps to words of 32 bits', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const words = draw(new Prng(seed), 20);
        expect(draw(new Prng(seed), 20)).toEqual(words);
        for (const word of words) expect(Number.isInteger(word) && word >= 0 && word < 2 ** 32).toBe(true);
      }),
    );
  });

  it('follows xoshiro128** as its authors published it', () => {
    // The reference implementation in 64-bit arithmetic, from the same first state as the tested generator.
    const mask = 0xffff_ffffn;
    const rotate = (word: bigint, bits: bigint) => ((word << bits) | (word >> (32n - bits))) & mask;
    const mix = (value: number) => {
      let word = BigInt(value >>> 0);
      word = ((word ^ (word >> 16n)) * 0x21f0aaadn) & mask;
      word = ((word ^ (word >> 15n)) * 0x735a2d97n) & mask;
      return word ^ (word >> 15n);
    };
    const state = [1, 2, 3, 4].map((step) => mix(7 + step * 0x9e3779b9));
    const reference = Array.from({ length: 100 }, () => {
      const [a = 0n, b = 0n, c = 0n, d = 0n] = state;
      const result = (rotate((b * 5n) & mask, 7n) * 9n) & mask;
      const third = c ^ a;
      const fourth = d ^ b;
      state[1] = b ^ third;
      state[0] = a ^ fourth;
      state[2] = (third ^ (b << 9n)) & mask;
      state[3] = rotate(fourth, 11n);
      return Number(result);
    });
    expect(draw(new Prng(7), 100)).toEqual(reference);
  });

  it('draws below any bound, each value about equally often', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 2 ** 32 }), (seed, bound) => {
        expect(new Prng(seed).below(bound)).toBeLessThan(bound);
      }),
    );
    const prng = new Prng(3);
    const counts = new Array<number>(6).fill(0);
    for (let round = 0; round < 60_000; round += 1) counts[prng.below(6)]! += 1;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
    expect(() => prng.below(0)).toThrow();
    expect(() => prng.below(2 ** 32 + 1)).toThrow();
  });

  it('forks independent generators by label', () => {
    const parent = new Prng(5);
    const first = draw(parent.fork('a'), 10);
    parent.word();
    expect(draw(parent.fork('a'), 10)).toEqual(first);
    expect(draw(parent.fork('b'), 10)).not.toEqual(first);
    expect(draw(new Prng(6).fork('a'), 10)).not.toEqual(first);
  });
});
