import { limits } from '../limits.ts';
import { type MonoMs, monoMs } from '../units.ts';
import { earliestOf } from './deadlines.ts';
import type { Held } from './held-work.ts';

export type Finished = Held & { phase: 'finished' };

/** When ends are sent that need not be sent at once, and those again that the leader has not confirmed. */
export class EndResends {
  #nextMs: MonoMs | null = null;
  /** Not sent yet. */
  #gathered: Finished[] = [];
  #gatheredUntilMs: MonoMs | null = null;

  gather(held: Finished, nowMs: MonoMs): void {
    this.#gathered.push(held);
    this.#gatheredUntilMs ??= monoMs(nowMs + limits.endsGatherOfNodeMs);
  }

  /** Those gathered, once it is time. */
  takeGathered(nowMs: MonoMs, isHurried: boolean): readonly Finished[] {
    if (this.#gatheredUntilMs === null || (nowMs < this.#gatheredUntilMs && !isHurried)) return [];
    const gathered = this.#gathered;
    this.#forgetGathered();
    return gathered;
  }

  sent(held: Finished, nowMs: MonoMs): void {
    held.sentAtMs = nowMs;
    this.#nextMs ??= monoMs(nowMs + limits.finishResendMs);
  }

  isDue(nowMs: MonoMs): boolean {
    return this.#nextMs !== null && this.#nextMs <= nowMs;
  }

  nextDeadline(): MonoMs | null {
    return earliestOf([this.#nextMs, this.#gatheredUntilMs]);
  }

  /** Those to send now, some in each turn: there may be many after a long election. */
  take(all: Iterable<Held>, nowMs: MonoMs): Finished[] {
    this.#forgetGathered();
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

  #forgetGathered(): void {
    this.#gathered = [];
    this.#gatheredUntilMs = null;
  }
}
