import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TimerHeap } from '../../src/runtime/timer-heap.ts';

describe('a timer heap', () => {
  it('fires what was not cancelled, by time and then in the order of setting', () => {
    const settings = fc.array(fc.record({ at: fc.nat(20), cancelled: fc.boolean() }), { maxLength: 300 });
    fc.assert(
      fc.property(settings, fc.nat(20), (timers, now) => {
        const heap = new TimerHeap<number>();
        const handles = timers.map(({ at }, index) => heap.add(at, index));
        for (const [index, { cancelled }] of timers.entries()) {
          const handle = handles[index];
          if (cancelled && handle !== undefined) heap.cancel(handle);
        }
        const live = timers.map((timer, index) => ({ ...timer, index })).filter(({ cancelled }) => !cancelled);
        const ordered = live.sort((a, b) => a.at - b.at || a.index - b.index);
        expect(heap.size).toBe(ordered.length);
        expect(heap.nextAt()).toBe(ordered[0]?.at ?? null);
        const due = ordered.filter(({ at }) => at <= now).map(({ index }) => index);
        const fired: number[] = [];
        for (let next = heap.popDue(now); next !== null; next = heap.popDue(now)) fired.push(next);
        expect(fired).toEqual(due);
      }),
    );
  });
});
