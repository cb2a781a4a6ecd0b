import { describe, expect, it } from 'vitest';
import { JobOrder } from '../../../src/api/catalogue/order.ts';

const count = 3_000;

describe('an order of jobs', () => {
  it('is right behind few changes, behind many, and when nobody asked in between', () => {
    const values = Array.from({ length: count }, (_, slot) => (slot * 7_919) % count);
    const isAlive = Array.from({ length: count }, (_, slot) => slot % 10 !== 0);
    const placeOf = (slot: number): number => values[slot] ?? -1;
    const compare = (a: number, b: number): number => placeOf(a) - placeOf(b) || a - b;
    const order = new JobOrder(
      compare,
      () => values.length,
      (slot) => isAlive[slot] === true,
    );
    const expectSorted = (): void => {
      const sorted = values.map((_, slot) => slot).filter((slot) => isAlive[slot]);
      expect([...order.slots()]).toEqual(sorted.sort(compare));
    };
    const change = (changed: number, factor: number): void => {
      for (let slot = 0; slot < changed; slot += 1) {
        values[slot] = (slot * factor) % count;
        isAlive[slot] = slot % 7 !== 0;
        order.touch(slot);
      }
      values.push(count);
      isAlive.push(true);
      order.touch(values.length - 1);
    };
    change(20, 31);
    expectSorted();
    for (const [changed, factor] of [
      [20, 37],
      [1_400, 41],
      [2_900, 43],
      [2_900, 47],
      [5, 53],
    ] as const) {
      change(changed, factor);
      expectSorted();
    }
  });
});
