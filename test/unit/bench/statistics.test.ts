import { describe, expect, it } from 'vitest';
import { figuresOf } from '../../../bench/frame/figures.ts';
import { median, percentile, spread } from '../../../bench/frame/statistics.ts';

const oneToHundred = Array.from({ length: 100 }, (_, index) => 100 - index);

describe('statistics', () => {
  it.each([
    [[7], 7],
    [[3, 1, 2], 2],
    [[4, 1, 3, 2], 2.5],
    [[10, 9, 100], 10],
  ])('the median of %j is %d', (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  it.each([
    [50, 50],
    [99, 99],
    [100, 100],
    [0.5, 1],
  ])('percentile %d of 1 to 100 is %d', (percent, expected) => {
    expect(percentile(oneToHundred, percent)).toBe(expected);
  });

  it('the 99th percentile of a few values is the largest', () => {
    expect(percentile([3, 1, 2], 99)).toBe(3);
  });

  it('tell how far repetitions lie apart', () => {
    expect(spread([100, 90, 110])).toBe(0.2);
    expect(spread([5])).toBe(0);
  });

  it('refuse to make something of nothing', () => {
    expect(() => median([])).toThrow(RangeError);
    expect(() => percentile([], 50)).toThrow(RangeError);
  });

  it('leave the values as they are', () => {
    const values = [3, 1, 2];
    median(values);
    percentile(values, 50);
    expect(values).toEqual([3, 1, 2]);
  });
});

describe('figures', () => {
  it('are medians over repetitions, not over all operations', () => {
    const sample = (elapsedMs: number, latenciesMs: readonly number[]) => ({ operations: 10, elapsedMs, latenciesMs });
    const figures = figuresOf('it', [sample(10, [1, 1, 9]), sample(20, [2, 2, 2]), sample(5, [3, 3, 3])]);
    expect(figures).toEqual({
      contender: 'it',
      perSecond: 1000,
      p50Ms: 2,
      p99Ms: 3,
      processorMicros: null,
      spread: 1.5,
      repetitions: [1000, 500, 2000],
    });
  });

  it('have the processor time of one operation, where it was measured', () => {
    const sample = { operations: 1_000, elapsedMs: 1, latenciesMs: null };
    const measured = [2, 4, 9].map((processorMs) => ({ ...sample, processorMs }));
    expect(figuresOf('it', measured)).toMatchObject({ processorMicros: 4 });
  });

  it('have no latencies where none were measured', () => {
    expect(figuresOf('it', [{ operations: 1, elapsedMs: 1, latenciesMs: null }])).toMatchObject({
      p50Ms: null,
      p99Ms: null,
    });
  });

  it.each([
    ['no operation', { operations: 0, elapsedMs: 1, latenciesMs: null }],
    ['no time', { operations: 1, elapsedMs: 0, latenciesMs: null }],
    ['time that ran backwards', { operations: 1, elapsedMs: -1, latenciesMs: null }],
    ['a negative latency', { operations: 1, elapsedMs: 1, latenciesMs: [1, -1] }],
  ])('refuse %s', (_what, sample) => {
    expect(() => figuresOf('it', [sample])).toThrow(/^it: /);
  });
});
