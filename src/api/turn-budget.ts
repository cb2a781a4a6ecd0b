import { limits } from '../core/limits.ts';
import type { MonoMs } from '../core/units.ts';

/**
 * How much is done for requests that come at once, before the thread looks at its messages again: what has waited in
 * sockets is served in one turn of the event loop, and there is more of it the later it is.
 */
export class TurnBudget {
  #begunMs: MonoMs | null = null;
  #served = 0;

  /** False: this turn has served enough, and has taken long enough. */
  admits(nowMs: MonoMs): boolean {
    this.#begunMs ??= nowMs;
    if (this.#served >= limits.requestsPerTurn && nowMs - this.#begunMs > limits.requestTurnMs) return false;
    this.#served += 1;
    return true;
  }

  turnEnded(): void {
    this.#begunMs = null;
    this.#served = 0;
  }
}
