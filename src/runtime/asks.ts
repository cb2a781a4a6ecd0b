import { assert } from '../core/assert.ts';
import { limits } from '../core/limits.ts';
import type { TimerHandle } from './timer-heap.ts';
import type { AskOutcome } from './types.ts';

export interface OpenAsk<Timer> {
  readonly to: string;
  /** Node of the asked actor; null: this node. */
  readonly node: string | null;
  readonly done: (outcome: AskOutcome<unknown>) => void;
  readonly deadline: TimerHandle<Timer>;
}

/** Ids are unique over the lives of an actor, so that an answer to an earlier life finds nobody. */
const ASKS_PER_LIFE = 2 ** 32;

/** The unanswered asks of one life of one actor. */
export class Asks<Timer> {
  readonly #open = new Map<number, OpenAsk<Timer>>();
  readonly #firstId: number;
  #made = 0;

  constructor(life: number) {
    assert(life >= 1 && life < 2 ** 20, `life ${life} is out of range`);
    this.#firstId = life * ASKS_PER_LIFE;
  }

  get full(): boolean {
    return this.#open.size >= limits.asksPerActor;
  }

  nextId(): number {
    assert(this.#made < ASKS_PER_LIFE, 'ask ids of one life are used up');
    this.#made += 1;
    return this.#firstId + this.#made;
  }

  open(askId: number, ask: OpenAsk<Timer>): void {
    this.#open.set(askId, ask);
  }

  /** Takes the ask out: whoever gets it calls `done`, so it is called once. */
  close(askId: number): OpenAsk<Timer> | null {
    const ask = this.#open.get(askId);
    if (ask === undefined) return null;
    this.#open.delete(askId);
    return ask;
  }

  /** Ids of the asks that wait for an actor of this node. */
  waitingFor(actor: string): number[] {
    const ids: number[] = [];
    for (const [askId, ask] of this.#open) if (ask.to === actor && ask.node === null) ids.push(askId);
    return ids;
  }

  /** Takes all of them out. */
  clear(): OpenAsk<Timer>[] {
    const asks = [...this.#open.values()];
    this.#open.clear();
    return asks;
  }
}
