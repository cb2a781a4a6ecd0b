import type { ExecutionStart } from '../jobs/changes.ts';
import { limits } from '../limits.ts';
import { type ExecutionId, type MonoMs, monoMs, type WallMs, type WallNs, wallNsOf } from '../units.ts';
import type { Now } from './in-flight.ts';

/**
 * How long a start that is sent now is to wait, at least; 0: it is due. What was due when it was decided on stays so, also when the
 * clock was set back since. The retry of a claim waits as well: its node may have stopped before the time had come.
 */
export function waitOf({ cause, scheduledAtMs, assignedAtNs }: ExecutionStart, wallNowNs: WallNs): number {
  const isClaim = cause === 'schedule' && assignedAtNs < wallNsOf(scheduledAtMs);
  return isClaim ? Math.max(0, Math.min(msUntil(scheduledAtMs, wallNowNs), limits.claimAheadMs)) : 0;
}

export const msUntil = (atMs: WallMs, nowNs: WallNs): number => Number(wallNsOf(atMs) - nowNs) / 1e6;

interface Claim {
  readonly beginAtMs: MonoMs;
  readonly scheduledAtMs: WallMs;
  /** When it begins whatever the wall clock shows. */
  readonly latestMs: MonoMs;
}

/** Starts that a worker was sent ahead of their time: nothing of them is in its journal, and so none has begun. */
export class Claims {
  readonly #claims = new Map<ExecutionId, Claim>();
  #nextMs: MonoMs | null = null;

  /**
   * A retry waits for no clock that was set back: what it retries may have begun in its time, and claims are no more than
   * `limits.claimAheadMs` ahead.
   */
  add({ id, scheduledAtMs, attempt }: ExecutionStart, waitMs: number, now: Now): void {
    const latestMs = monoMs(attempt === 1 ? Number.POSITIVE_INFINITY : now.monoMs + limits.claimAheadMs);
    this.#put(id, { beginAtMs: monoMs(now.monoMs + waitMs), scheduledAtMs, latestMs });
  }

  has(id: ExecutionId): boolean {
    return this.#claims.has(id);
  }

  /** It waits no longer. */
  hurry(id: ExecutionId): void {
    const claim = this.#claims.get(id);
    if (claim !== undefined) this.#put(id, { ...claim, beginAtMs: monoMs(0), latestMs: monoMs(0) });
  }

  /**
   * Those whose time has come, by the wall clock, too: a duration may end a moment before that shows the time, and if it was set
   * back meanwhile they wait for it.
   */
  takeDue(now: Now): readonly ExecutionId[] {
    if (this.#nextMs === null || this.#nextMs > now.monoMs) return [];
    const due: ExecutionId[] = [];
    this.#nextMs = null;
    for (const [id, claim] of [...this.#claims]) {
      const earlyMs = msUntil(claim.scheduledAtMs, now.wallNs);
      if (claim.beginAtMs > now.monoMs) this.#put(id, claim);
      else if (earlyMs > 0 && claim.latestMs > now.monoMs) {
        const lookAgainMs = now.monoMs + Math.min(earlyMs, limits.claimAheadMs);
        this.#put(id, { ...claim, beginAtMs: monoMs(Math.min(lookAgainMs, claim.latestMs)) });
      } else {
        this.#claims.delete(id);
        due.push(id);
      }
    }
    return due;
  }

  nextDeadline(): MonoMs | null {
    return this.#nextMs;
  }

  #put(id: ExecutionId, claim: Claim): void {
    this.#claims.set(id, claim);
    if (this.#nextMs === null || claim.beginAtMs < this.#nextMs) this.#nextMs = claim.beginAtMs;
  }
}
