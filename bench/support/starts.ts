import type { Curves } from '../frame/reading.ts';
import { type ExpectedStarts, latenessMs, type SeenStart, startKey } from '../observer/protocol.ts';

/** The clocks of node and observer are one, and read within this. */
const earlyAtMostMs = 0.1;
/** Points of a distribution: evenly, and more where few values are. */
const drawnShares: readonly number[] = [
  ...Array.from({ length: 99 }, (_, index) => (index + 1) / 100),
  ...Array.from({ length: 99 }, (_, index) => 0.99 + (index + 1) / 10_000),
  1,
];

/** How late each start was, in milliseconds. Throws unless there is one of each that is expected, none of them early. */
export function latenessOf(starts: readonly SeenStart[], expected: ExpectedStarts): number[] {
  const left = new Set(expected);
  for (const start of starts) {
    const key = startKey(start);
    if (!left.delete(key)) throw new Error(`${key} was started twice`);
    if (latenessMs(start) < -earlyAtMostMs) throw new Error(`${key} was started ${-latenessMs(start)} ms early`);
  }
  if (left.size > 0) throw new Error(`${left.size} of ${expected.size} were not started`);
  return starts.map(latenessMs);
}

/** How many were at most so late, of each kind. */
export function latenessCurves(title: string, kinds: readonly { name: string; values: readonly number[] }[]): Curves {
  const lines = kinds.map(({ name, values }) => {
    const sorted = [...values].sort((a, b) => a - b);
    const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
    return { name, points: drawnShares.map((share) => [at(share), share] as const) };
  });
  return { kind: 'distribution', title, xAxis: 'late by at most, ms', yAxis: 'share of starts', lines };
}
