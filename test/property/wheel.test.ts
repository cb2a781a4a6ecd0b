import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TimingWheel } from '../../src/core/wheel/wheel.ts';

const YEAR_MS = 365 * 86_400_000;
const START_MS = 1_700_000_000_000;

/** The obvious wheel: a list, sorted when asked. */
class SortedList {
  readonly entries = new Map<number, { atMs: number; order: number }>();
  #order = 0;

  add(id: number, atMs: number): void {
    this.#order += 1;
    this.entries.set(id, { atMs, order: this.#order });
  }

  advance(nowMs: number): number[] {
    const due = [...this.entries].filter(([, entry]) => entry.atMs <= nowMs);
    due.sort(([, a], [, b]) => a.atMs - b.atMs || a.order - b.order);
    for (const [id] of due) this.entries.delete(id);
    return due.map(([id]) => id);
  }

  earliest(): number | null {
    const times = [...this.entries.values()].map((entry) => entry.atMs);
    return times.length === 0 ? null : Math.min(...times);
  }
}

/** Near and far, and often the same as others'. */
const distance = fc.oneof(
  fc.integer({ min: -2, max: 4 }),
  fc.integer({ min: 0, max: 300 }),
  fc.integer({ min: 0, max: 100_000 }),
  fc.integer({ min: 0, max: 2 ** 26 }),
  fc.integer({ min: 0, max: 100 * YEAR_MS }),
  fc.constantFrom(255, 256, 257, 65_535, 65_536, 2 ** 24, 2 ** 24 - 1, 2 ** 32),
);

const action = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('add' as const), id: fc.nat(40), distance }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('cancel' as const), id: fc.nat(40) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('advance' as const), distance }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('next' as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('rewind' as const), distance: fc.nat(100_000) }) },
);

describe('the timing wheel', () => {
  test('expires what a sorted list would, in its order', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const wheel = new TimingWheel(START_MS);
        const list = new SortedList();
        let nowMs = START_MS;
        const advance = (): void => expect(wheel.advance(nowMs)).toEqual(list.advance(nowMs));
        for (const step of actions) {
          if (step.type === 'add') {
            wheel.add(step.id, nowMs + step.distance);
            list.add(step.id, nowMs + step.distance);
          } else if (step.type === 'cancel') {
            expect(wheel.cancel(step.id)).toBe(list.entries.delete(step.id));
          } else if (step.type === 'advance') {
            nowMs += Math.max(0, step.distance);
            advance();
          } else if (step.type === 'next') {
            nowMs = Math.max(nowMs, wheel.nextDeadline() ?? nowMs);
            advance();
          } else {
            nowMs -= step.distance;
            wheel.rewind(nowMs);
          }
          wheel.check();
          const earliest = list.earliest();
          const next = wheel.nextDeadline();
          expect(next === null).toBe(earliest === null);
          if (next !== null && earliest !== null) expect(next).toBeLessThanOrEqual(Math.max(earliest, nowMs));
        }
        expect(wheel.size).toBe(list.entries.size);
      }),
      { numRuns: 1_000 },
    );
  });

  test('reaches any deadline in at most one step per level', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 48 - 1 }), fc.integer({ min: 0, max: 2 ** 48 - 1 }), (a, b) => {
        const [fromMs, atMs] = [Math.min(a, b), Math.max(a, b)];
        const wheel = new TimingWheel(fromMs);
        wheel.add(7, atMs);
        let steps = 0;
        for (;;) {
          const next = wheel.nextDeadline();
          if (next === null) break;
          const expired = wheel.advance(next);
          if (expired.length > 0) {
            expect(expired).toEqual([7]);
            expect(wheel.nowMs).toBe(atMs);
          }
          steps += 1;
        }
        expect(steps).toBeLessThanOrEqual(6);
      }),
    );
  });
});
