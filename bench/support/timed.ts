import type { Sample } from '../frame/suite.ts';

/** Times work as a whole. */
export async function timed(operations: number, work: () => void | Promise<void>): Promise<Sample> {
  const begunAt = performance.now();
  await work();
  return { operations, elapsedMs: performance.now() - begunAt, latenciesMs: null };
}

/** The same sample, with the processor time that this process needed for it. */
export async function withProcessorTime(work: () => Promise<Sample>): Promise<Sample> {
  const before = process.cpuUsage();
  const sample = await work();
  const { user, system } = process.cpuUsage(before);
  return { ...sample, processorMs: (user + system) / 1_000 };
}
