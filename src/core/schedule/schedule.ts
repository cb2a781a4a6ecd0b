import { assertNever } from '../assert.ts';
import type { JobDefinition } from '../jobs/records.ts';
import { compareInstants, type Instant, instantOfMs, type WallMs, wallMs, wallMsOfInstant } from '../units.ts';
import { nextCronSecond } from './cron-next.ts';
import type { CronTable } from './cron-table.ts';
import type { ZoneTable } from './zone-table.ts';

/** A compiled schedule; immutable, shared by jobs that have the same one. */
export type Schedule =
  | { readonly type: 'manually' }
  | { readonly type: 'at'; readonly at: Instant }
  | { readonly type: 'every'; readonly periodSeconds: number }
  | { readonly type: 'cron'; readonly table: CronTable; readonly zone: ZoneTable };

/**
 * The first due time strictly after `afterMs`; null: none (within five years, as in Dkron). `anchorMs` is what
 * `@every` counts from: its k-th due time is the anchor, cut to whole seconds, plus k periods (P8).
 */
export function nextInstant(schedule: Schedule, afterMs: WallMs, anchorMs: WallMs): Instant | null {
  if (schedule.type === 'at') return compareInstants(schedule.at, instantOfMs(afterMs)) > 0 ? schedule.at : null;
  const dueMs = nextDueMs(schedule, afterMs, anchorMs);
  return dueMs === null ? null : instantOfMs(dueMs);
}

/** As `nextInstant`, in milliseconds: an `@at` between two of them is due at the later one. */
export function nextDueMs(schedule: Schedule, afterMs: WallMs, anchorMs: WallMs): WallMs | null {
  switch (schedule.type) {
    case 'manually':
      return null;
    case 'at': {
      const atMs = wallMsOfInstant(schedule.at);
      return atMs > afterMs ? atMs : null;
    }
    case 'every': {
      const anchorSecondMs = Math.floor(anchorMs / 1000) * 1000;
      const periodMs = schedule.periodSeconds * 1000;
      const passed = Math.floor((afterMs - anchorSecondMs) / periodMs);
      return wallMs(anchorSecondMs + Math.max(1, passed + 1) * periodMs);
    }
    case 'cron': {
      const second = nextCronSecond(schedule.table, schedule.zone, Math.floor(afterMs / 1000));
      return second === -1 ? null : wallMs(second * 1000);
    }
    default:
      return assertNever(schedule);
  }
}

/**
 * What Dkron shows as a job's next run: its start when that is still to come, else the next due time of its schedule;
 * null: never (dkron-v4 2.4, but in the job's zone, which Dkron forgets here).
 */
export function plannedNext(
  job: Pick<JobDefinition, 'startsAt'>,
  schedule: Schedule,
  nowMs: WallMs,
  anchorMs: WallMs,
): Instant | null {
  if (job.startsAt !== null && compareInstants(job.startsAt, instantOfMs(nowMs)) > 0) return job.startsAt;
  return nextInstant(schedule, nowMs, anchorMs);
}
