import { assert } from '../assert.ts';
import type { Change, JobSchedule } from '../jobs/changes.ts';
import type { PruneItem } from '../jobs/commands.ts';
import { earliestEnd, surplusOf } from '../jobs/history.ts';
import type { ExecutionRecord, JobRecord } from '../jobs/records.ts';
import { limits } from '../limits.ts';
import { type JobName, type MonoMs, monoMs, type WallMs, wallMs, wallMsOf } from '../units.ts';

/** Looks at histories are this far apart: what is asked for is applied by the next one, unless the log is slow. */
const LOOK_EVERY_MS = 1_000;
/** What gets too old is gathered for a while, so that a busy job has one command a minute and not one for each end. */
const LONGEST_GATHER_MS = 60_000;
const GATHERED_PART = 10;

/** How the state's executions of one job are read, the oldest first. */
export interface History {
  readonly job: JobRecord;
  readonly visit: (each: (record: ExecutionRecord) => boolean) => void;
}

/**
 * Knows when there is something to drop from which job's history, so that nobody has to search for it: what a `retention`
 * makes too old, and what a lowered count makes too much. Follows the state like the planner; the leader asks it.
 */
export class HistoryKeeper {
  readonly #agesMs = new Map<JobName, number>();
  /** When to look at a job's history; the one looked at longest ago stands first. */
  readonly #dueMs = new Map<JobName, number>();
  #nextLookMs: MonoMs = monoMs(0);

  scanStarted(): void {
    this.#agesMs.clear();
    this.#dueMs.clear();
  }

  changed(change: Change, nowMs: WallMs): void {
    if (change.type === 'jobSet') this.jobSet(change.schedule, nowMs);
    else if (change.type === 'executionEnded') this.#ended(change.job, change.hasSurplus, nowMs);
    else if (change.type === 'jobDeleted') {
      this.#agesMs.delete(change.name);
      this.#dueMs.delete(change.name);
    }
  }

  jobSet({ name, retentionAgeMs, hasSurplus }: JobSchedule, nowMs: WallMs): void {
    if (retentionAgeMs === null) this.#agesMs.delete(name);
    else this.#agesMs.set(name, retentionAgeMs);
    if (retentionAgeMs !== null || hasSurplus) this.#dueMs.set(name, nowMs);
    else this.#dueMs.delete(name);
  }

  /** Whoever waits for an end can see it for a while, even if it is more than the job keeps. */
  #ended(name: JobName, hasSurplus: boolean, nowMs: WallMs): void {
    const ageMs = this.#agesMs.get(name);
    if (ageMs === undefined && !hasSurplus) return;
    const dueMs = nowMs + (hasSurplus || ageMs === undefined ? LOOK_EVERY_MS : ageMs + gatherMs(ageMs));
    this.#dueMs.set(name, Math.min(dueMs, this.#dueMs.get(name) ?? dueMs));
  }

  /** Jobs to look at now; each is to be handed to `looked`, unless it is gone. */
  takeDue(nowMs: WallMs, atMs: MonoMs): JobName[] {
    const due: JobName[] = [];
    if (atMs < this.#nextLookMs) return due;
    this.#nextLookMs = monoMs(atMs + LOOK_EVERY_MS);
    for (const [name, dueMs] of this.#dueMs) {
      if (dueMs > nowMs) continue;
      due.push(name);
      if (due.length === limits.historiesPerLook) break;
    }
    for (const name of due) this.#dueMs.delete(name);
    return due;
  }

  /** What is to go of it; null: nothing now. */
  looked({ job, visit }: History, nowMs: WallMs): PruneItem | null {
    const ageMs = this.#agesMs.get(job.name) ?? null;
    const endedBeforeMs = ageMs === null ? null : wallMs(Math.max(0, nowMs - ageMs));
    let prunes = surplusOf(job) > 0;
    if (ageMs !== null && endedBeforeMs !== null && !prunes) {
      const earliest = earliestEnd(visit, endedBeforeMs);
      if (earliest === null) return null;
      prunes = wallMsOf(earliest) < endedBeforeMs;
      if (!prunes) this.#dueMs.set(job.name, wallMsOf(earliest) + ageMs + gatherMs(ageMs));
    }
    if (!prunes) return null;
    // One command drops so many, or is lost: the next look sees what is left.
    this.#dueMs.set(job.name, nowMs);
    return { job: job.name, endedBeforeMs };
  }

  check(): void {
    for (const ageMs of this.#agesMs.values()) assert(ageMs > 0, 'an age is a time');
  }
}

const gatherMs = (ageMs: number): number => Math.min(LONGEST_GATHER_MS, Math.floor(ageMs / GATHERED_PART));
