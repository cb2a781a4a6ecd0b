import { limits } from '../limits.ts';
import { type MonoMs, monoMs } from '../units.ts';

/**
 * The time after a leader began in which its nodes have not all reported yet. What is due in it waits: placed at once,
 * it would find too few nodes, or none, and be recorded as skipped.
 */
export class Muster {
  #beganAtMs: MonoMs | null = null;
  /** Members that are alive and have not announced the epoch of their life. */
  #unannounced = 0;
  #announced = 0;

  begin(nowMs: MonoMs): void {
    this.#beganAtMs = nowMs;
  }

  /** How many workers there are, and how many more are expected. */
  expect(announced: number, unannounced: number): void {
    this.#announced = announced;
    this.#unannounced = unannounced;
  }

  get isOver(): boolean {
    return this.#beganAtMs === null;
  }

  /** When it ends for lack of reports; null: it is over. As long as nobody is there at all, there is more patience. */
  get endsAtMs(): MonoMs | null {
    if (this.#beganAtMs === null) return null;
    return monoMs(this.#beganAtMs + (this.#announced > 0 ? limits.musterMs : limits.firstWorkerMs));
  }

  /** True when it ends now: all have reported, or time is up. */
  endsNow(nowMs: MonoMs, allReported: boolean): boolean {
    const endsAtMs = this.endsAtMs;
    if (endsAtMs === null) return false;
    const isComplete = allReported && this.#announced > 0 && this.#unannounced === 0;
    if (!isComplete && nowMs < endsAtMs) return false;
    this.#beganAtMs = null;
    return true;
  }
}
