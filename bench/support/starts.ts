import type { Curves } from '../frame/reading.ts';
import { latenessMs, type SeenStart } from '../observer/protocol.ts';

/** The clocks of node and observer are one, and read within this. */
const earlyAtMostMs = 0.1;
/** Points of a distribution: evenly, and more where few values are. */
const drawnShares: readonly number[] = [
  ...Array.from({ length: 99 }, (_, index) => (index + 1) / 100),
  ...Array.from({ length: 99 }, (_, index) => 0.99 + (index + 1) / 10_000),
  1,
];

/**
 * How late each due time was started, in milliseconds. Throws unless each was started exactly once, and not early:
 * `expected` are the due times, in milliseconds since 1970, of each job.
 */
export function latenessOf(starts: readonly SeenStart[], expected: ReadonlyMap<string, readonly number[]>): number[] {
  const due = new Set([...expected].flatMap(([job, times]) => times.map((dueMs) => keyOf({ job, dueMs }))));
  const count = due.size;
  const wanted = starts.filter((start) => due.has(keyOf(start)));
  for (const start of wanted) {
    if (!due.delete(keyOf(start))) throw new Error(`${keyOf(start)} was started twice`);
    if (latenessMs(start) < -earlyAtMostMs)
      throw new Error(`${keyOf(start)} was started ${-latenessMs(start)} ms early`);
  }
  if (due.size > 0) throw new Error(`${due.size} of ${count} were not started`);
  return wanted.map(latenessMs);
}

const keyOf = ({ job, dueMs }: Pick<SeenStart, 'job' | 'dueMs'>): string =>
  `${job} of ${new Date(dueMs).toISOString()}`;

/** How many were at most so late, of each kind. */
export function latenessCurves(title: string, kinds: readonly { name: string; values: readonly number[] }[]): Curves {
  const lines = kinds.map(({ name, values }) => {
    const sorted = [...values].sort((a, b) => a - b);
    const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
    return { name, points: drawnShares.map((share) => [at(share), share] as const) };
  });
  return { kind: 'distribution', title, xAxis: 'late by at most, ms', yAxis: 'share of starts', lines };
}
