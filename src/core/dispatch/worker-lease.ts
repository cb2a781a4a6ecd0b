import { limits } from '../limits.ts';
import { type MonoMs, monoMs } from '../units.ts';

/** renew: ask for the lease now; over: it has ended, what depends on it must end. */
export type LeaseStep = 'none' | 'renew' | 'over';

/**
 * A node's lease on its executions, from its own side (design P3, P4). It counts from the sending of the renewal that the
 * leader answered, so that it ends here before the leader believes that it has.
 */
export class WorkerLease {
  /** Null: none was granted, or it is over. */
  #endMs: MonoMs | null = null;
  /** Null: there is nobody to ask. */
  #renewAtMs: MonoMs | null = null;
  /** The end was seen late: this thread stood still, and the leader perhaps with it. It is asked once more, until then. */
  #askedUntilMs: MonoMs | null = null;

  isHeld(nowMs: MonoMs): boolean {
    return this.#endMs !== null && nowMs < this.#endMs;
  }

  /** A renewal is on its way to the leader. */
  renewed(nowMs: MonoMs): void {
    this.#renewAtMs = monoMs(nowMs + limits.leaseRenewMs);
  }

  /** The leader of the highest term is not known yet. */
  leaderUnknown(): void {
    this.#renewAtMs = null;
  }

  /** The leader has answered the renewal that was sent then. Answers that are too old to help change nothing. */
  granted(sentAtMs: MonoMs, nowMs: MonoMs): void {
    const endMs = monoMs(sentAtMs + limits.leaseMs);
    if (endMs <= nowMs || (this.#endMs !== null && endMs <= this.#endMs)) return;
    this.#endMs = endMs;
    this.#askedUntilMs = null;
  }

  tick(nowMs: MonoMs): LeaseStep {
    const untilMs = this.#askedUntilMs ?? this.#endMs;
    if (this.#endMs !== null && untilMs !== null && untilMs <= nowMs) {
      const isLate = nowMs - untilMs > limits.punctualMs;
      if (this.#askedUntilMs !== null || !isLate || this.#renewAtMs === null) {
        this.#endMs = null;
        this.#askedUntilMs = null;
        return 'over';
      }
      this.#askedUntilMs = monoMs(nowMs + limits.punctualMs);
      return 'renew';
    }
    return this.#renewAtMs !== null && this.#renewAtMs <= nowMs ? 'renew' : 'none';
  }

  nextDeadline(): MonoMs | null {
    const endMs = this.#askedUntilMs ?? this.#endMs;
    if (endMs === null || this.#renewAtMs === null) return endMs ?? this.#renewAtMs;
    return monoMs(Math.min(endMs, this.#renewAtMs));
  }
}
