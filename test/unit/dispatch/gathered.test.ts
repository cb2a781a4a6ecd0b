import { describe, expect, it } from 'vitest';
import { Gathered } from '../../../src/core/dispatch/gathered.ts';
import { monoMs } from '../../../src/core/units.ts';

/** Adds one item at each time, and gives the times at which something was handed over, and how much. */
function handedOver(addedAtMs: readonly number[], untilMs: number): [atMs: number, items: number][] {
  const gathered = new Gathered<number>(5, 20);
  const lots: [number, number][] = [];
  for (let ms = 0; ms <= untilMs; ms += 1) {
    for (const at of addedAtMs) if (at === ms) gathered.add(monoMs(ms), at);
    const items = gathered.take(monoMs(ms));
    if (items.length > 0) lots.push([ms, items.length]);
  }
  return lots;
}

describe('gathered items', () => {
  it('go together when they come together, one by one when they come so', () => {
    expect(handedOver([0, 2, 4, 100], 200)).toEqual([
      [5, 3],
      [105, 1],
    ]);
    expect(handedOver([0, 6, 12, 18], 200)).toEqual([
      [5, 1],
      [11, 1],
      [17, 1],
      [23, 1],
    ]);
  });

  it('wait longer while something else is more urgent', () => {
    const gathered = new Gathered<number>(5, 20);
    gathered.add(monoMs(0), 1);
    gathered.wait(80);
    expect(gathered.dueMs).toBe(85);
    expect(gathered.take(monoMs(84))).toEqual([]);
    gathered.add(monoMs(84), 2);
    expect(gathered.take(monoMs(85))).toEqual([1, 2]);
    gathered.add(monoMs(86), 3);
    gathered.wait(0);
    expect(gathered.take(monoMs(105))).toEqual([3]);
  });

  it('keep a distance as long as several come within it', () => {
    const each2Ms = Array.from({ length: 31 }, (_, at) => at * 2);
    expect(handedOver(each2Ms, 200).map(([atMs]) => atMs)).toEqual([5, 25, 45, 65]);
    expect(handedOver([0, 1, 100], 200)).toEqual([
      [5, 2],
      [105, 1],
    ]);
  });
});
