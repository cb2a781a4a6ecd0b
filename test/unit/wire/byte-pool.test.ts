import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pooledBytes, pooledText } from '../../../src/wire/byte-pool.ts';

describe('pooled bytes', () => {
  it('are what was given, and stay so while others are taken', () => {
    const texts = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.string({ minLength: 2_000, maxLength: 3_000 }),
    );
    fc.assert(
      fc.property(fc.array(texts, { minLength: 1, maxLength: 80 }), (all) => {
        const expected = all.map((text) => Buffer.from(`\x07${text}`));
        const taken = all.map((text) => pooledText(7, text));
        const copies = expected.map((bytes) => pooledBytes(bytes));
        for (const [at, bytes] of expected.entries()) {
          expect(Buffer.compare(bytes, taken[at] ?? Buffer.alloc(0))).toBe(0);
          expect(Buffer.compare(bytes, copies[at] ?? Buffer.alloc(0))).toBe(0);
        }
      }),
    );
  });

  it('are copies', () => {
    const given = Uint8Array.of(1, 2, 3);
    const taken = pooledBytes(given);
    given.fill(9);
    expect([...taken]).toEqual([1, 2, 3]);
  });
});
