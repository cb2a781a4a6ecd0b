import { limits } from '../limits.ts';
import { type MonoMs, monoMs } from '../units.ts';
import type { Held } from './held-work.ts';

type Finished = Held & { phase: 'finished' };

/** When ends that the leader has not confirmed are sent again. */
export class EndResends {
  #nextMs: MonoMs | null = null;

  sent(held: Finished, nowMs: MonoMs): void {
    held.sentAtMs = nowMs;
    this.#nextMs ??= monoMs(nowMs + limits.finishResendMs);
  }

  isDue(nowMs: MonoMs): boolean {
    return this.#nextMs !== null && this.#nextMs <= nowMs;
  }

  nextDeadline(): MonoMs | null {
    return this.#nextMs;
  }

  /** Those to send now, some in each turn: there may be many after a long election. */
  take(all: Iterable<Held>, nowMs: MonoMs): Finished[] {
    const due: Finished[] = [];
    let nextMs: number = Number.POSITIVE_INFINITY;
    for (const held of all) {
      if (held.phase !== 'finished') continue;
      if (held.sentAtMs !== null && held.sentAtMs + limits.finishResendMs > nowMs) {
        nextMs = Math.min(nextMs, held.sentAtMs + limits.finishResendMs);
      } else if (due.length === limits.finishesPerTurn) {
        nextMs = nowMs + limits.finishPauseMs;
        break;
      } else {
        due.push(held);
        nextMs = Math.min(nextMs, nowMs + limits.finishResendMs);
      }
    }
    this.#nextMs = nextMs === Number.POSITIVE_INFINITY ? null : monoMs(nextMs);
    return due;
  }
}
