import { systemTimers, type Timers } from '../../src/adapters/processes/timers.ts';

/** Timers with some of the delays are held until the test fires them; all others are real. */
export class HeldTimers implements Timers {
  readonly #delays: ReadonlySet<number>;
  readonly #held = new Map<() => void, number>();

  constructor(delaysMs: readonly number[]) {
    this.#delays = new Set(delaysMs);
  }

  after(delayMs: number, fire: () => void): () => void {
    if (!this.#delays.has(delayMs)) return systemTimers.after(delayMs, fire);
    const held = (): void => fire();
    this.#held.set(held, delayMs);
    return () => this.#held.delete(held);
  }

  /** How many timers of that delay are set. */
  count(delayMs: number): number {
    return [...this.#held.values()].filter((delay) => delay === delayMs).length;
  }

  /** Fires all timers of that delay. */
  fire(delayMs: number): void {
    for (const [fire, delay] of [...this.#held]) {
      if (delay === delayMs && this.#held.delete(fire)) fire();
    }
  }
}
