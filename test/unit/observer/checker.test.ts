import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { check } from '../../support/observer/checker.ts';
import type { Bounds, DueTime, Findings, History, ObservedStart } from '../../support/observer/history.ts';
import { maximumMatching, type Range } from '../../support/observer/matching.ts';

const bounds: Bounds = { lateAfterMs: 5_000, earlyWithinMs: 500, exclusive: new Set(['alone']) };
const clean = { missed: 0, duplicate: 0, early: 0, late: 0, overlapping: 0, orphaned: 0 };

const due = (job: string, atMs: number): DueTime => ({ job, atMs, isOptional: false });

/** Ten due times, each with its start soon after. */
function goodHistory(job: string, names: boolean): History {
  const dueTimes = Array.from({ length: 10 }, (_, index) => due(job, 100_000 + index * 10_000));
  const starts = dueTimes.map(({ atMs }, index): ObservedStart => {
    const scheduledAtMs = names ? atMs : null;
    return { job, execution: `e${index}`, atMs: atMs + 20 + index, scheduledAtMs, beside: [] };
  });
  return { dueTimes, starts, records: [] };
}

const counts = (findings: Findings): Record<string, number> =>
  Object.fromEntries(
    Object.entries(findings).map(([kind, found]: [string, readonly unknown[]]) => [kind, found.length]),
  );

const changed = (history: History, at: number, change: Partial<ObservedStart>): History => ({
  ...history,
  starts: history.starts.map((start, index) => (index === at ? { ...start, ...change } : start)),
});

describe.each([
  ['that name their due time', true],
  ['that name nothing', false],
])('the checker, of starts %s', (_what, names) => {
  const good = goodHistory('bell', names);

  it('finds nothing in a good history', () => {
    expect(counts(check(good, bounds))).toEqual(clean);
  });

  it('finds a start that was dropped, unless there is a record of it', () => {
    const dropped = { ...good, starts: good.starts.filter((_, index) => index !== 4) };
    const found = check(dropped, bounds);
    expect(counts(found)).toEqual({ ...clean, missed: 1 });
    expect(found.missed[0]?.atMs).toBe(140_000);
    const recorded = { ...dropped, records: [{ job: 'bell', fromMs: 135_000, toMs: 141_000 }] };
    expect(counts(check(recorded, bounds))).toEqual(clean);
    const another = { ...dropped, records: [{ job: 'other', fromMs: 135_000, toMs: 141_000 }] };
    expect(counts(check(another, bounds))).toEqual({ ...clean, missed: 1 });
  });

  it('does not miss what may not have been due', () => {
    const dueTimes = good.dueTimes.map((one, index) => ({ ...one, isOptional: index === 4 }));
    const starts = good.starts.filter((_, index) => index !== 4);
    expect(counts(check({ ...good, dueTimes, starts }, bounds))).toEqual(clean);
  });

  it('finds a start that was doubled', () => {
    const starts = good.starts.flatMap((start, index) =>
      index === 9 ? [start, { ...start, execution: 'again', atMs: start.atMs + 7 }] : [start],
    );
    const found = check({ ...good, starts }, bounds);
    expect(counts(found)).toEqual({ ...clean, duplicate: 1 });
  });

  it('finds a start that came early', () => {
    const found = check(changed(good, 0, { atMs: 99_900 }), bounds);
    expect(counts(found)).toEqual({ ...clean, early: 1, missed: 1 });
  });

  it('finds a start that came late', () => {
    const found = check(changed(good, 9, { atMs: 190_000 + 5_001 }), bounds);
    expect(counts(found)).toEqual({ ...clean, late: 1 });
    expect(counts(check(changed(good, 9, { atMs: 190_000 + 5_000 }), bounds))).toEqual(clean);
  });

  it('finds a start for which nothing was due', () => {
    const stray: ObservedStart = { job: 'bell', execution: 'x', atMs: 50_000, scheduledAtMs: null, beside: [] };
    const named = { ...stray, scheduledAtMs: names ? 50_000 : null };
    const found = check({ ...good, starts: [...good.starts, named] }, bounds);
    expect(counts(found)).toEqual({ ...clean, orphaned: 1 });
    const unknown = check({ ...good, starts: [...good.starts, { ...named, job: 'nobody knows' }] }, bounds);
    expect(counts(unknown)).toEqual({ ...clean, orphaned: 1 });
  });

  it('finds processes beside each other, of jobs that run alone', () => {
    const beside = changed(good, 3, { beside: ['e2'] });
    expect(counts(check(beside, bounds))).toEqual(clean);
    const alone = changed(goodHistory('alone', names), 3, { beside: ['e2'] });
    expect(counts(check(alone, bounds))).toEqual({ ...clean, overlapping: 1 });
  });
});

describe('starts that name their due time', () => {
  it('are not taken for another one that is free', () => {
    const good = goodHistory('bell', true);
    const twice = changed(good, 5, { scheduledAtMs: 140_000 });
    expect(counts(check(twice, bounds))).toEqual({ ...clean, duplicate: 1, missed: 1 });
  });

  it('are orphaned when they name what was never due', () => {
    const found = check(changed(goodHistory('bell', true), 5, { scheduledAtMs: 140_500 }), bounds);
    expect(counts(found)).toEqual({ ...clean, orphaned: 1, missed: 1 });
  });
});

describe('the matching', () => {
  const dueCount = 6;
  const anyRange = fc
    .tuple(fc.integer({ min: 0, max: dueCount - 1 }), fc.integer({ min: -1, max: dueCount - 1 }))
    .map(([first, last]): Range => ({ first, last }));

  it('is one, and no other has more pairs', () => {
    fc.assert(
      fc.property(fc.array(anyRange, { maxLength: 6 }), (ranges) => {
        const matched = maximumMatching(ranges, dueCount);
        const used = matched.filter((due) => due !== null);
        expect(new Set(used).size).toBe(used.length);
        matched.forEach((place, start) => {
          const range = ranges[start];
          if (place !== null) expect(range !== undefined && range.first <= place && place <= range.last).toBe(true);
        });
        expect(used.length).toBe(mostPairs(ranges, 0, new Set()));
      }),
    );
  });
});

/** By trying everything. */
function mostPairs(ranges: readonly Range[], at: number, taken: ReadonlySet<number>): number {
  const range = ranges[at];
  if (range === undefined) return 0;
  let most = mostPairs(ranges, at + 1, taken);
  for (let due = range.first; due <= range.last; due += 1) {
    if (!taken.has(due)) most = Math.max(most, 1 + mostPairs(ranges, at + 1, new Set([...taken, due])));
  }
  return most;
}
