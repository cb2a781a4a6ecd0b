import { assert } from '../core/assert.ts';
import { Asks } from './asks.ts';
import type { Envelope } from './envelope.ts';
import type { Link } from './link.ts';
import { Mailbox } from './mailbox.ts';
import type { TimerHandle } from './timer-heap.ts';
import type { Actor, Context, MailboxOptions } from './types.ts';

/** What wakes an actor at a time: a timer that it armed, or the deadline of one of its asks. */
export type Alarm =
  | { readonly type: 'timer'; readonly cell: Cell; readonly key: string }
  | { readonly type: 'askDeadline'; readonly cell: Cell; readonly askId: number };

/** The system lane of an actor's mailbox. */
export type SystemItem =
  | { readonly type: 'stop' }
  | { readonly type: 'run'; readonly turn: () => void }
  | { readonly type: 'peerStarted'; readonly actor: string }
  | { readonly type: 'askFailed'; readonly askId: number; readonly reason: 'dead' | 'rejected' };

/** The user lane. `link` is where the room of a credit is given back when the message is taken; null: nowhere. */
export interface UserItem {
  readonly envelope: Envelope;
  readonly link: Link | null;
}

/** starting → serving → stopping → ended; any → ended by failure. */
export type CellState = 'starting' | 'serving' | 'stopping' | 'ended';

/** What the host knows of one life of one actor. */
export class Cell {
  readonly id: string;
  readonly life: number;
  readonly options: MailboxOptions<unknown>;
  readonly mailbox: Mailbox<SystemItem, UserItem>;
  readonly asks: Asks<Alarm>;
  readonly timers = new Map<string, TimerHandle<Alarm>>();
  state: CellState = 'starting';
  ready = false;
  /** Turns since the last `endOfBatch`. */
  turns = 0;
  #actor: Actor<unknown> | null = null;
  #context: Context<unknown> | null = null;

  constructor(id: string, life: number, options: MailboxOptions<unknown>) {
    this.id = id;
    this.life = life;
    this.options = options;
    this.mailbox = new Mailbox(options.capacity, options.overflow.policy);
    this.asks = new Asks(life);
  }

  get actor(): Actor<unknown> {
    assert(this.#actor !== null, `${this.id} has started`);
    return this.#actor;
  }

  /** Behaviour and context exist only after the cell, since both refer to it. */
  started(actor: Actor<unknown>): void {
    assert(this.#actor === null, `${this.id} starts once`);
    this.#actor = actor;
  }

  get context(): Context<unknown> {
    assert(this.#context !== null, `${this.id} has a context`);
    return this.#context;
  }

  set context(context: Context<unknown>) {
    this.#context = context;
  }

  get usesCredit(): boolean {
    return this.options.overflow.policy === 'credit';
  }

  /** Key under which a waiting message is replaced by a newer one; null: never. */
  coalesceKey(body: unknown): string | null {
    return this.options.overflow.policy === 'coalesce' ? this.options.overflow.keyOf(body) : null;
  }
}
