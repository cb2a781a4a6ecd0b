import { assert, assertNever } from '../core/assert.ts';
import type { MonoMs } from '../core/units.ts';
import type { Alarm, Cell, SystemItem } from './cell.ts';
import type { Envelope } from './envelope.ts';
import type { TimerHeap } from './timer-heap.ts';
import type { AskOutcome } from './types.ts';

/** What comes of turns, for the host of the actors. */
export interface TurnListener {
  /** A turn threw. */
  failed(cell: Cell, error: unknown): void;
  /** The actor is done with stopping. */
  stopped(cell: Cell): void;
  /** An answer whose ask had ended. */
  lateAnswer(envelope: Envelope): void;
}

/** Runs the turns of the actors of one thread: from their mailboxes, their timers and their asks. Never two at once. */
export class TurnRunner {
  readonly timers: TimerHeap<Alarm>;
  readonly #listener: TurnListener;
  readonly #checkAlways: boolean;
  #inTurn = false;

  constructor(timers: TimerHeap<Alarm>, checkAlways: boolean, listener: TurnListener) {
    this.timers = timers;
    this.#checkAlways = checkAlways;
    this.#listener = listener;
  }

  get inTurn(): boolean {
    return this.#inTurn;
  }

  /** A throw ends the actor and goes no further: the caller may be a library that a throw would break. */
  turn(cell: Cell, action: () => void): void {
    if (cell.state === 'ended') return;
    assert(!this.#inTurn, 'turns never overlap');
    this.#inTurn = true;
    cell.turns += 1;
    try {
      action();
    } catch (error) {
      this.#listener.failed(cell, error);
    } finally {
      this.#inTurn = false;
    }
  }

  /** Runs the next message that waits for the actor, if there is one. */
  takeOne(cell: Cell): void {
    const system = cell.mailbox.takeSystem();
    if (system !== undefined) {
      this.#runSystem(cell, system);
      return;
    }
    const item = cell.mailbox.takeUser();
    if (item === undefined) return;
    if (cell.usesCredit) item.link?.consumed(cell.id);
    this.#runUser(cell, item.envelope);
  }

  #runSystem(cell: Cell, item: SystemItem): void {
    switch (item.type) {
      case 'stop':
        this.turn(cell, () => {
          const done = () => this.#stopped(cell);
          if (cell.actor.stop === undefined) done();
          else cell.actor.stop(done);
        });
        break;
      case 'run':
        this.turn(cell, item.turn);
        break;
      case 'peerStarted':
        this.turn(cell, () => cell.actor.peerStarted?.(item.actor));
        break;
      case 'askFailed':
        this.#settle(cell, item.askId, { ok: false, reason: item.reason });
        break;
      default:
        assertNever(item);
    }
  }

  #runUser(cell: Cell, envelope: Envelope): void {
    const { from, fromNode, replyTo, failed, askId, body } = envelope;
    if (replyTo === undefined) {
      const token = askId === undefined ? null : { to: { actor: from, node: fromNode }, askId };
      this.turn(cell, () => cell.actor.receive(body, token));
    } else if (failed !== undefined) {
      this.#settle(cell, replyTo, { ok: false, reason: failed });
    } else if (!this.#settle(cell, replyTo, { ok: true, reply: body })) {
      this.#listener.lateAnswer(envelope);
    }
  }

  /** False: the ask has ended already. */
  #settle(cell: Cell, askId: number, outcome: AskOutcome<unknown>): boolean {
    const ask = cell.asks.close(askId);
    if (ask === null) return false;
    this.timers.cancel(ask.deadline);
    this.turn(cell, () => ask.done(outcome));
    return true;
  }

  /** Runs what is due at `now`. */
  fireDue(now: MonoMs): void {
    // Timers that are set by these turns fire in a later round, even when they are due at once.
    for (let count = this.timers.size; count > 0; count -= 1) {
      const alarm = this.timers.popDue(now);
      if (alarm === null) return;
      const { cell } = alarm;
      if (alarm.type === 'askDeadline') {
        this.#settle(cell, alarm.askId, { ok: false, reason: 'timeout' });
      } else {
        cell.timers.delete(alarm.key);
        this.turn(cell, () => cell.actor.timer?.(alarm.key));
      }
    }
  }

  /** Tells the actor that its batch is over, if it had turns. */
  endBatch(cell: Cell): void {
    if (cell.turns === 0) return;
    this.turn(cell, () => cell.actor.endOfBatch?.());
    if (this.#checkAlways) this.turn(cell, () => cell.actor.check?.());
    cell.turns = 0;
  }

  #stopped(cell: Cell): void {
    if (cell.state === 'ended') return;
    assert(cell.state === 'stopping', `${cell.id} is done with stopping after it was asked to`);
    this.#listener.stopped(cell);
  }
}
