import { describe, expect, test } from 'vitest';
import { AssertionFailed } from '../../../src/core/assert.ts';
import { TimingWheel } from '../../../src/core/wheel/wheel.ts';

const YEAR_MS = 365 * 86_400_000;

describe('the timing wheel', () => {
  test('is empty at first', () => {
    const wheel = new TimingWheel(1_000);
    expect(wheel.nextDeadline()).toBeNull();
    expect(wheel.advance(2_000)).toEqual([]);
    expect(wheel.nowMs).toBe(2_000);
    expect(wheel.cancel(3)).toBe(false);
    expect(wheel.deadlineOf(3)).toBeNull();
  });

  test('expires at the millisecond, not before', () => {
    const wheel = new TimingWheel(1_000);
    wheel.add(1, 1_500);
    expect(wheel.advance(1_499)).toEqual([]);
    expect(wheel.advance(1_500)).toEqual([1]);
    expect(wheel.size).toBe(0);
  });

  test('keeps the order of insertion within a millisecond, whatever the level of each was', () => {
    const wheel = new TimingWheel(0);
    const atMs = 3 * 2 ** 24 + 5 * 65_536 + 9;
    wheel.add(5, atMs);
    wheel.advance(3 * 2 ** 24);
    wheel.add(2, atMs);
    wheel.advance(atMs - 4);
    wheel.add(9, atMs);
    wheel.add(1, atMs - 1);
    expect(wheel.advance(atMs)).toEqual([1, 5, 2, 9]);
  });

  test('expires deadlines of the past at the next advance, oldest first', () => {
    const wheel = new TimingWheel(1_000);
    wheel.add(1, 900);
    wheel.add(2, 1_000);
    wheel.add(3, 800);
    expect(wheel.nextDeadline()).toBe(1_000);
    expect(wheel.advance(1_000)).toEqual([3, 1, 2]);
  });

  test('replaces the deadline of an id', () => {
    const wheel = new TimingWheel(0);
    wheel.add(1, 10);
    wheel.add(1, 20);
    expect(wheel.deadlineOf(1)).toBe(20);
    expect(wheel.size).toBe(1);
    expect(wheel.advance(15)).toEqual([]);
    expect(wheel.advance(20)).toEqual([1]);
  });

  test('holds deadlines years ahead and more ids than it began with', () => {
    const wheel = new TimingWheel(1_700_000_000_000);
    for (let id = 0; id < 5_000; id += 1) wheel.add(id, 1_700_000_000_000 + YEAR_MS * (1 + (id % 30)));
    wheel.check();
    const expired = wheel.advance(1_700_000_000_000 + 2 * YEAR_MS);
    expect(expired).toEqual(
      Array.from({ length: 5_000 }, (_, id) => id)
        .filter((id) => id % 30 < 2)
        .sort((a, b) => (a % 30) - (b % 30) || a - b),
    );
    wheel.check();
  });

  test('a clock that is set back makes nothing due', () => {
    const wheel = new TimingWheel(10_000);
    wheel.add(1, 10_500);
    wheel.add(2, 9_500);
    wheel.rewind(9_000);
    expect(wheel.advance(9_499)).toEqual([]);
    expect(wheel.advance(9_500)).toEqual([2]);
    expect(wheel.advance(10_500)).toEqual([1]);
  });

  test('refuses times and ids that it can not hold', () => {
    const wheel = new TimingWheel(0);
    expect(() => wheel.add(-1, 5)).toThrow(AssertionFailed);
    expect(() => wheel.add(1, 1.5)).toThrow(AssertionFailed);
    expect(() => wheel.add(1, 2 ** 48)).toThrow(AssertionFailed);
    expect(() => new TimingWheel(Number.NaN)).toThrow(AssertionFailed);
  });
});
