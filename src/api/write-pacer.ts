import { assert } from '../core/assert.ts';
import { limits } from '../core/limits.ts';
import type { MonoMs } from '../core/units.ts';

interface WaitingWrite {
  readonly begin: (ended: () => void) => void;
  readonly refuse: () => void;
  readonly sinceMs: MonoMs;
}

/**
 * Changes of clients on their way through the log and the state, where launches wait behind them: only so many at once
 * that they take about `limits.writeDelayMs`. The others wait here, in their order, and are refused when there are too
 * many of them or when they have waited too long. How many may be on their way is found out by how long they take.
 */
export class WritePacer {
  readonly #now: () => MonoMs;
  readonly #waiting: WaitingWrite[] = [];
  #window: number = limits.writesAtOnceLeast;
  #underWay = 0;

  constructor(now: () => MonoMs) {
    this.#now = now;
  }

  get underWay(): number {
    return this.#underWay;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Calls one of the two, once, now or later: `begin` with what it has to call, once, when the write has ended. */
  submit(begin: WaitingWrite['begin'], refuse: WaitingWrite['refuse']): void {
    if (this.#waiting.length >= limits.writesWaiting) {
      refuse();
      return;
    }
    this.#waiting.push({ begin, refuse, sinceMs: this.#now() });
    this.#beginSome();
  }

  /** To be called about each second: refuses those that have waited too long. */
  sweep(): void {
    const first = this.#waiting.findIndex(({ sinceMs }) => this.#now() - sinceMs <= limits.writeWaitMs);
    const overdue = this.#waiting.splice(0, first === -1 ? this.#waiting.length : first);
    for (const { refuse } of overdue) refuse();
  }

  check(): void {
    assert(this.#underWay >= 0, 'a write ends once');
    assert(this.#waiting.length === 0 || this.#underWay >= Math.floor(this.#window), 'nothing waits beside free room');
  }

  #beginSome(): void {
    while (this.#underWay < Math.floor(this.#window)) {
      const write = this.#waiting.shift();
      if (write === undefined) return;
      this.#underWay += 1;
      const begunMs = this.#now();
      write.begin(() => this.#ended(begunMs));
    }
  }

  /** Halved by as many slow ends as were under way, and grown by a quarter by as many fast ones. */
  #ended(begunMs: MonoMs): void {
    const isSlow = this.#now() - begunMs > limits.writeDelayMs;
    const wasFull = this.#underWay >= Math.floor(this.#window);
    this.#underWay -= 1;
    if (isSlow) this.#window = Math.max(limits.writesAtOnceLeast, this.#window - 0.5);
    else if (wasFull) this.#window = Math.min(limits.writesAtOnceMost, this.#window + 0.25);
    this.#beginSome();
  }
}
