import { type MonoMs, monoMs } from '../units.ts';

/** A node that has not reported by then is not waited for any longer. */
const LONGEST_MS = 5_000;

/**
 * The time after a leader began in which its nodes have not all reported yet. What is due in it waits: placed at once,
 * it would find too few nodes, or none, and be recorded as skipped.
 */
export class Muster {
  #endsAtMs: MonoMs | null = null;

  begin(nowMs: MonoMs): void {
    this.#endsAtMs = monoMs(nowMs + LONGEST_MS);
  }

  /** When it ends for lack of reports; null: it is over. */
  get endsAtMs(): MonoMs | null {
    return this.#endsAtMs;
  }

  /** True when it ends now: all have reported, or time is up. */
  endsNow(nowMs: MonoMs, allReported: boolean): boolean {
    if (this.#endsAtMs === null || (!allReported && nowMs < this.#endsAtMs)) return false;
    this.#endsAtMs = null;
    return true;
  }
}
