import { describe, expect, it } from 'vitest';
import { startKey } from '../../../bench/observer/protocol.ts';
import { latenessCurves, latenessOf } from '../../../bench/support/starts.ts';

const dueMs = Date.UTC(2026, 0, 1);
const start = (job: string, secondsAfter: number, lateMs: number) => ({
  job,
  dueMs: dueMs + secondsAfter * 1_000,
  atMs: dueMs + secondsAfter * 1_000 + lateMs,
});
const all = [start('b', 0, 3), start('a', 1, 2), start('a', 0, 1_500)];
const expected = new Set(all.map(startKey));

describe('the lateness of starts', () => {
  it('is told of each due time', () => {
    expect(latenessOf(all, expected)).toEqual([3, 2, 1_500]);
  });

  it.each([
    ['a due time without a start', all.slice(1), /1 of 3 were not started/],
    ['two starts of one', [...all, start('b', 0, 9)], /b of 2026-01-01T00:00:00.000Z was started twice/],
    ['a start ahead of its time', [...all.slice(1), start('b', 0, -2)], /started 2 ms early/],
  ])('is not told when there is %s', (_what, starts, sentence) => {
    expect(() => latenessOf(starts, expected)).toThrow(sentence);
  });

  it('is drawn as the share of starts that were at most so late', () => {
    const values = Array.from({ length: 1_000 }, (_, index) => 1_000 - index);
    const points = latenessCurves('late', [{ name: 'all', values }]).lines[0]?.points ?? [];
    expect(points).toContainEqual([500, 0.5]);
    expect(points).toContainEqual([999, 0.999]);
    expect(points.at(-1)).toEqual([1_000, 1]);
  });
});
