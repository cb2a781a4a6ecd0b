import { type MonoMs, monoMs } from '../units.ts';

/**
 * A deadline that forgives lateness once: if it is noticed much too late, this node was asleep, and what its peers said
 * meanwhile is still unread. It then waits a little longer before it acts (design section 6).
 */
export class PatientTimer {
  readonly #graceMs: number;
  #at: MonoMs;
  #wasExcused = false;

  constructor(at: MonoMs, graceMs: number) {
    this.#at = at;
    this.#graceMs = graceMs;
  }

  get at(): MonoMs {
    return this.#at;
  }

  set(at: MonoMs): void {
    this.#at = at;
    this.#wasExcused = false;
  }

  isDue(now: MonoMs): boolean {
    if (now < this.#at) return false;
    if (now - this.#at <= this.#graceMs || this.#wasExcused) return true;
    this.#wasExcused = true;
    this.#at = monoMs(now + this.#graceMs);
    return false;
  }
}
