import { describe, expect, it } from 'vitest';
import { driftPercent } from '../../../bench/support/memory-watch.ts';

describe('the drift of memory', () => {
  it('is that of the second half alone', () => {
    const grownThenSteady = Array.from({ length: 200 }, (_, index) => Math.min(100, index));
    expect(driftPercent(grownThenSteady)).toBe(0);
  });

  it('sees slow growth', () => {
    const growing = Array.from({ length: 1_200 }, (_, index) => 200 + index / 10);
    expect(driftPercent(growing)).toBeCloseTo((54 / 289.95) * 100, 1);
  });

  it('overlooks single peaks: what is collected again is no growth', () => {
    const sawtooth = Array.from({ length: 1_200 }, (_, index) => (index % 10 === 0 ? 250 : 200));
    expect(driftPercent(sawtooth)).toBe(0);
  });

  it('is none of a single value', () => {
    expect(driftPercent([5])).toBe(0);
  });
});
