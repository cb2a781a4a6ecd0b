import { monoMs } from '../../../src/core/units.ts';
import type { Context } from '../../../src/runtime/types.ts';

const PREFIX = 'after:';

/** Any number of timers for an actor, each with what it does. */
export class Timers {
  readonly #context: Pick<Context<never>, 'arm' | 'disarm' | 'monoNow'>;
  readonly #turns = new Map<string, () => void>();
  #last = 0;

  constructor(context: Pick<Context<never>, 'arm' | 'disarm' | 'monoNow'>) {
    this.#context = context;
  }

  /** Runs `turn` once, in a turn of its own; gives how to call that off. */
  after(delayMs: number, turn: () => void): () => void {
    this.#last += 1;
    const key = `${PREFIX}${this.#last}`;
    this.#turns.set(key, turn);
    this.#context.arm(key, monoMs(this.#context.monoNow() + delayMs));
    return () => {
      if (this.#turns.delete(key)) this.#context.disarm(key);
    };
  }

  /** True when the timer is one of these. */
  timer(key: string): boolean {
    const turn = this.#turns.get(key);
    if (turn === undefined) return key.startsWith(PREFIX);
    this.#turns.delete(key);
    turn();
    return true;
  }
}
