import type { CatchupPolicy } from '../jobs/records.ts';
import { limits } from '../limits.ts';
import { type Instant, type WallMs, wallMs, wallMsOfInstant } from '../units.ts';
import { type AnchoredSchedule, countDueTimes, firstDueTimes, lastDueMs, lastDueTimes } from './due-times.ts';
import { goDurationMs } from './go-duration.ts';
import { nextDueMs } from './schedule.ts';

/** When a job may be due at all. */
export interface DueBounds {
  /** Due times are strictly after this: what came before is recorded or was never wanted. */
  readonly floorMs: WallMs;
  readonly startsAt: Instant | null;
  readonly expiresAt: Instant | null;
}

export interface MissedRange {
  readonly fromMs: WallMs;
  readonly toMs: WallMs;
  readonly count: number;
}

/** What is due by now: what the policy leaves out, and after it what is launched, oldest first. */
export interface DuePlan {
  readonly missed: MissedRange | null;
  readonly launches: readonly WallMs[];
}

/** The first due time of a job; null: there is none. */
export function firstDueMs(of: AnchoredSchedule, bounds: DueBounds): WallMs | null {
  const dueMs = nextDueMs(of.schedule, afterOf(bounds), of.anchorMs);
  return dueMs === null || dueMs > untilOf(bounds) ? null : dueMs;
}

/**
 * Decides for each due time up to now, or where there is none for the first one so much ahead, whether it is launched (P1): `all` of the last ones within the window, at most
 * `cap`; `once` the last one of these; `skip` only what is on time. The rest is missed.
 */
export function planDue(
  of: AnchoredSchedule,
  bounds: DueBounds,
  catchup: CatchupPolicy | null,
  nowMs: WallMs,
  aheadMs = 0,
): DuePlan {
  const afterMs = afterOf(bounds);
  const untilMs = wallMs(Math.min(nowMs, untilOf(bounds)));
  const first = firstDueTimes(of, afterMs, untilMs, limits.walkedDueTimes);
  const [fromMs] = first;
  if (fromMs === undefined) {
    const aheadUntilMs = wallMs(Math.min(nowMs + aheadMs, untilOf(bounds)));
    return { missed: null, launches: aheadMs > 0 ? firstDueTimes(of, afterMs, aheadUntilMs, 1) : [] };
  }
  const { windowMs, cap } = launchable(catchup);
  const sinceMs = wallMs(Math.max(afterMs, nowMs - windowMs - 1));
  const isComplete = first.length < limits.walkedDueTimes;
  const launches = isComplete
    ? first.filter((atMs) => atMs > sinceMs).slice(-cap)
    : lastDueTimes(of, sinceMs, untilMs, cap);
  const missedUntilMs = wallMs((launches[0] ?? untilMs + 1) - 1);
  if (fromMs > missedUntilMs) return { missed: null, launches };
  if (isComplete) {
    const missed = first.filter((atMs) => atMs <= missedUntilMs);
    return { missed: { fromMs, toMs: missed.at(-1) ?? fromMs, count: missed.length }, launches };
  }
  const toMs = lastDueMs(of, afterMs, missedUntilMs) ?? fromMs;
  return { missed: { fromMs, toMs, count: Math.max(1, countDueTimes(of, afterMs, missedUntilMs)) }, launches };
}

function afterOf({ floorMs, startsAt }: DueBounds): WallMs {
  if (startsAt === null) return floorMs;
  return wallMs(Math.max(floorMs, wallMsOfInstant(startsAt) - 1));
}

const untilOf = ({ expiresAt }: DueBounds): number =>
  expiresAt === null ? Number.POSITIVE_INFINITY : expiresAt[0] * 1000 + Math.floor(expiresAt[1] / 1_000_000);

interface Launchable {
  readonly windowMs: number;
  readonly cap: number;
}

function launchable(catchup: CatchupPolicy | null): Launchable {
  if (catchup === null) return { windowMs: limits.catchupWindowMs, cap: limits.catchupCap };
  const cap = Math.min(Math.max(1, catchup.cap), limits.catchupCapAtMost);
  if (catchup.policy === 'skip') return { windowMs: limits.punctualMs, cap };
  const windowMs = Math.max(windowOf(catchup), limits.punctualMs);
  return catchup.policy === 'once' ? { windowMs, cap: 1 } : { windowMs, cap };
}

const windowOf = ({ window }: CatchupPolicy): number => goDurationMs(window) ?? limits.catchupWindowMs;

/** What is shown beside missed due times. */
export function missedReason(catchup: CatchupPolicy | null): string {
  if (catchup === null) return `not launched in time (catchup all, 60s, at most ${limits.catchupCap})`;
  const { policy, window, cap } = catchup;
  return policy === 'skip'
    ? 'not launched in time (catchup skip)'
    : `not launched in time (catchup ${policy}, ${window}${policy === 'all' ? `, at most ${cap}` : ''})`;
}
