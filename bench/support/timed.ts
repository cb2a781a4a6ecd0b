import type { Sample } from '../frame/suite.ts';

/** Times work as a whole. */
export async function timed(operations: number, work: () => void | Promise<void>): Promise<Sample> {
  const begunAt = performance.now();
  await work();
  return { operations, elapsedMs: performance.now() - begunAt, latenciesMs: null };
}
