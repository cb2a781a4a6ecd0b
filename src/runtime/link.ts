import { assert, assertNever } from '../core/assert.ts';
import { limits } from '../core/limits.ts';
import type { Batch, Envelope, Notice } from './envelope.ts';
import { Fifo } from './fifo.ts';

export type PostBatch = (batch: Batch) => void;

/** Messages that wait for one actor of the peer, and how many more it takes now. */
interface Lane {
  readonly waiting: Fifo<Envelope>;
  credits: number;
  window: number;
}

/** What an actor of ours promised to the peer: the window, and what it consumed of it and hasn't granted back. */
interface Promised {
  readonly window: number;
  consumed: number;
}

/**
 * Everything between the actors of this thread and those of one other thread: an outbox with one bounded lane per
 * actor there, credits in both directions, one post per flush. Messages wait here while the peer is not connected or
 * the actor is not started. Pure: posting is the caller's function.
 */
export class Link {
  readonly peer: string;
  #post: PostBatch | null = null;
  readonly #lanes = new Map<string, Lane>();
  readonly #promised = new Map<string, Promised>();
  #notices: Notice[] = [];

  constructor(peer: string) {
    this.peer = peer;
  }

  get connected(): boolean {
    return this.#post !== null;
  }

  connect(post: PostBatch): void {
    assert(this.#post === null, `the link to ${this.peer} is connected already`);
    this.#post = post;
  }

  /** The peer died: what was on its way and what waits for it is lost with it. Returns what waited. */
  disconnect(): Envelope[] {
    this.#post = null;
    this.#notices = [];
    this.#promised.clear();
    return [...this.#lanes.keys()].flatMap((actor) => this.closeLane(actor));
  }

  /** One actor of the peer died. Returns what waited for it. */
  closeLane(actor: string): Envelope[] {
    const lane = this.#lanes.get(actor);
    if (lane === undefined) return [];
    const lost = [...lane.waiting];
    lane.waiting.clear();
    lane.credits = 0;
    return lost;
  }

  /** False: the lane is full, the envelope was not taken. */
  push(envelope: Envelope): boolean {
    const lane = this.#lane(envelope.to);
    if (lane.waiting.size >= limits.outboxMessages) return false;
    lane.waiting.push(envelope);
    return true;
  }

  /** Promises room for `window` messages to one of our actors, and tells the peer. */
  open(actor: string, window: number): void {
    if (this.#post === null) return;
    this.#promised.set(actor, { window, consumed: 0 });
    this.#notices.push({ type: 'open', actor, credits: window });
  }

  /** Says that an actor of ours is ready or down. */
  tell(type: 'ready' | 'down', actor: string): void {
    if (this.#post === null) return;
    if (type === 'down') this.#promised.delete(actor);
    this.#notices.push({ type, actor });
  }

  /** One of our actors has used up the room of one message of the peer. */
  consumed(actor: string): void {
    const promised = this.#promised.get(actor);
    if (promised !== undefined) promised.consumed += 1;
  }

  /** Takes in what the peer says about the room in its actors. */
  granted(notice: Notice): void {
    const lane = this.#lane(notice.actor);
    switch (notice.type) {
      case 'open':
        lane.window = notice.credits;
        lane.credits = notice.credits;
        break;
      case 'grant':
        // Messages that crossed a restart of the actor are granted back too: never more than the window.
        lane.credits = Math.min(lane.window, lane.credits + notice.credits);
        break;
      case 'ready':
      case 'down':
        break;
      default:
        assertNever(notice);
    }
  }

  /** Posts what may go, in batches of at most `limits.messagesPerBatch`. */
  flush(): void {
    if (this.#post === null) return;
    let envelopes: Envelope[] = [];
    for (const lane of this.#lanes.values()) {
      while (lane.credits > 0 && lane.waiting.size > 0) {
        const envelope = lane.waiting.shift();
        assert(envelope !== undefined, 'a lane with messages gives one');
        lane.credits -= 1;
        envelopes.push(envelope);
        if (envelopes.length === limits.messagesPerBatch) {
          this.#send(envelopes);
          envelopes = [];
        }
      }
    }
    this.#gatherGrants(envelopes.length > 0);
    if (envelopes.length > 0 || this.#notices.length > 0) this.#send(envelopes);
  }

  check(): void {
    for (const [actor, lane] of this.#lanes) {
      assert(lane.credits >= 0 && lane.credits <= lane.window, `credits for ${actor} are within its window`);
      assert(lane.waiting.size <= limits.outboxMessages, `the lane of ${actor} is bounded`);
    }
  }

  /** A grant by itself wakes the peer: it waits for a quarter of the window or for company. */
  #gatherGrants(hasCompany: boolean): void {
    for (const [actor, promised] of this.#promised) {
      const worthIt = promised.consumed >= Math.max(1, promised.window >> 2);
      if (promised.consumed === 0 || !(worthIt || hasCompany)) continue;
      this.#notices.push({ type: 'grant', actor, credits: promised.consumed });
      promised.consumed = 0;
    }
  }

  #send(envelopes: Envelope[]): void {
    const post = this.#post;
    assert(post !== null, `the link to ${this.peer} is connected`);
    const notices = this.#notices;
    this.#notices = [];
    post({ notices, envelopes });
  }

  #lane(actor: string): Lane {
    let lane = this.#lanes.get(actor);
    if (lane === undefined) {
      lane = { waiting: new Fifo(), credits: 0, window: 0 };
      this.#lanes.set(actor, lane);
    }
    return lane;
  }
}
