import type { Bounds, DueTime, Findings, History, ObservedStart, Recorded } from './history.ts';
import { maximumMatching, type Range } from './matching.ts';

interface Writable {
  readonly missed: DueTime[];
  readonly duplicate: ObservedStart[];
  readonly early: ObservedStart[];
  readonly late: ObservedStart[];
  readonly overlapping: ObservedStart[];
  readonly orphaned: ObservedStart[];
}

/**
 * Judges what was seen from outside (design section 5, last line): a due time is satisfied by one start or by one
 * record. Starts are given to due times so that as many as possible are satisfied, first in time and then late; what is
 * left over is the finding.
 */
export function check(history: History, bounds: Bounds): Findings {
  const findings: Writable = { missed: [], duplicate: [], early: [], late: [], overlapping: [], orphaned: [] };
  const jobs = new Set([...history.dueTimes, ...history.starts].map(({ job }) => job));
  for (const job of jobs) {
    const of = <Item extends { readonly job: string }>(items: readonly Item[]): Item[] =>
      items.filter((item) => item.job === job);
    const dueTimes = of(history.dueTimes).sort((a, b) => a.atMs - b.atMs);
    const starts = of(history.starts).sort((a, b) => a.atMs - b.atMs);
    checkJob(dueTimes, starts, of(history.records), bounds, findings);
    if (bounds.exclusive.has(job)) findings.overlapping.push(...starts.filter(({ beside }) => beside.length > 0));
  }
  return findings;
}

function checkJob(
  dueTimes: readonly DueTime[],
  starts: readonly ObservedStart[],
  records: readonly Recorded[],
  bounds: Bounds,
  findings: Writable,
): void {
  const onTime = maximumMatching(
    starts.map((start) => suited(start, dueTimes, bounds.lateAfterMs)),
    dueTimes.length,
  );
  const taken = new Set(onTime);
  const left = dueTimes.filter((_, place) => !taken.has(place));
  const rest = starts.filter((_, at) => onTime[at] === null);
  const late = maximumMatching(
    rest.map((start) => suited(start, left, Number.POSITIVE_INFINITY)),
    left.length,
  );
  rest.forEach((start, at) => {
    if (late[at] === null) findings[kindOfUnmatched(start, dueTimes, bounds)].push(start);
    else findings.late.push(start);
  });
  const satisfied = new Set(late);
  left.forEach((due, place) => {
    const isRecorded = records.some(({ fromMs, toMs }) => fromMs <= due.atMs && due.atMs <= toMs);
    if (!due.isOptional && !satisfied.has(place) && !isRecorded) findings.missed.push(due);
  });
}

/** A start is for a due time that has passed, not longer ago than `withinMs`; for the one it names, if it names one. */
function suited({ atMs, scheduledAtMs }: ObservedStart, dueTimes: readonly DueTime[], withinMs: number): Range {
  const last = dueTimes.findLastIndex((due) => due.atMs <= atMs);
  const first = dueTimes.findIndex((due) => due.atMs >= atMs - withinMs);
  if (first === -1) return nothing;
  if (scheduledAtMs === null) return { first, last };
  const named = dueTimes.findIndex((due) => due.atMs === scheduledAtMs);
  return named === -1 || named < first || named > last ? nothing : { first: named, last: named };
}

const nothing: Range = { first: 0, last: -1 };

/** It names its due time, or one has just passed: then another start has it. */
function kindOfUnmatched(
  start: ObservedStart,
  dueTimes: readonly DueTime[],
  { earlyWithinMs, lateAfterMs }: Bounds,
): 'early' | 'duplicate' | 'orphaned' {
  const { atMs, scheduledAtMs } = start;
  const isMeant = (due: DueTime): boolean => scheduledAtMs === null || due.atMs === scheduledAtMs;
  const isAhead = (due: DueTime): boolean => due.atMs > atMs && due.atMs - atMs <= earlyWithinMs;
  if (dueTimes.some((due) => isMeant(due) && isAhead(due))) return 'early';
  const range = suited(start, dueTimes, scheduledAtMs === null ? lateAfterMs : Number.POSITIVE_INFINITY);
  return range.last >= range.first ? 'duplicate' : 'orphaned';
}
