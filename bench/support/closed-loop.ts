import type { Sample } from '../frame/suite.ts';

/**
 * Does `count` operations, `width` of them at any time: each begins when one has ended. Fails with the first that does.
 */
export async function closedLoop(width: number, count: number, one: (index: number) => Promise<void>): Promise<Sample> {
  const latenciesMs: number[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      const index = next;
      next += 1;
      const begunAt = performance.now();
      await one(index);
      latenciesMs.push(performance.now() - begunAt);
    }
  };
  const begunAt = performance.now();
  await Promise.all(Array.from({ length: Math.min(width, count) }, lane));
  return { operations: count, elapsedMs: performance.now() - begunAt, latenciesMs };
}
