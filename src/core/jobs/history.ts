import { limits } from '../limits.ts';
import { goDurationMs } from '../schedule/go-duration.ts';
import { type JobName, type WallMs, type WallNs, wallNsOf } from '../units.ts';
import type { Command, CommandResult } from './commands.ts';
import type { Ledger } from './ledger.ts';
import type { ExecutionRecord, JobRecord } from './records.ts';

type Kept = Pick<JobRecord, 'executionsKept' | 'executionsRunning' | 'retention'>;

/** Null: executions are kept whatever their age. */
export function retentionAgeMs({ retention }: Pick<JobRecord, 'retention'>): number | null {
  return retention === null || retention.age === null ? null : goDurationMs(retention.age);
}

/** Executions beyond those that the job keeps. One that has not ended is kept, and counts. */
export function surplusOf({ executionsKept, executionsRunning, retention }: Kept): number {
  const most = retention?.count ?? limits.executionsPerJob;
  return Math.max(0, Math.min(executionsKept - most, executionsKept - executionsRunning));
}

/**
 * Drops the surplus, the oldest first, with its outputs. Returns how many went: at most as many as one command may drop;
 * the leader sees to the rest (`prune`).
 */
export function dropSurplus(ledger: Ledger, name: JobName, kept: Kept): number {
  return dropEnded(ledger, name, { surplus: surplusOf(kept), endedBefore: null, most: limits.executionsPerPrune });
}

/** What is too much, and what ended too long ago by the clock of whoever proposed it. */
export function applyPrune(ledger: Ledger, { items }: Extract<Command, { type: 'prune' }>): CommandResult {
  let most: number = limits.executionsPerPrune;
  for (const { job: name, endedBeforeMs } of items) {
    const job = ledger.job(name);
    if (job === undefined || most === 0) continue;
    const endedBefore = endedBeforeMs === null ? null : wallNsOf(endedBeforeMs);
    const dropped = dropEnded(ledger, name, { surplus: surplusOf(job), endedBefore, most });
    most -= dropped;
    if (dropped > 0) ledger.putJob({ ...job, executionsKept: job.executionsKept - dropped });
  }
  return { type: 'done' };
}

interface Dropping {
  readonly surplus: number;
  /** Null: whenever it ended. */
  readonly endedBefore: WallNs | null;
  readonly most: number;
}

function dropEnded(ledger: Ledger, name: JobName, { surplus, endedBefore, most }: Dropping): number {
  if (surplus === 0 && endedBefore === null) return 0;
  const going: ExecutionRecord[] = [];
  ledger.visitExecutions(name, (record) => {
    const isSurplus = going.length < surplus;
    // Nothing ended before it began: from here on all is younger.
    if (!isSurplus && (endedBefore === null || record.stamp >= endedBefore)) return false;
    if (record.outcome === 'running') return true;
    if (isSurplus || (endedBefore !== null && record.finishedAtNs < endedBefore)) going.push(record);
    return going.length < most;
  });
  for (const record of going) ledger.deleteExecution(record);
  return going.length;
}

/**
 * The earliest end among a job's executions, for one who asks which of them ended before an instant: of those that began
 * after it the first is enough. Null: none has ended.
 */
export function earliestEnd(
  visit: (each: (record: ExecutionRecord) => boolean) => void,
  beforeMs: WallMs,
): WallNs | null {
  const before = wallNsOf(beforeMs);
  let earliest: WallNs | null = null;
  visit(({ outcome, stamp, finishedAtNs }) => {
    if (outcome === 'running') return true;
    if (earliest === null || finishedAtNs < earliest) earliest = finishedAtNs;
    return stamp < before && earliest >= before;
  });
  return earliest;
}
