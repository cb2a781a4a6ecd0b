import { assert, assertNever } from '../core/assert.ts';
import { limits } from '../core/limits.ts';
import { type MonoMs, monoMs } from '../core/units.ts';
import { type Alarm, Cell, type SystemItem, type UserItem } from './cell.ts';
import { makeContext } from './context.ts';
import type { HostedDefinition } from './definition.ts';
import type { Batch, Envelope, Notice } from './envelope.ts';
import type { Link, PostBatch } from './link.ts';
import type { Platform } from './platform.ts';
import { type Placement, Router } from './router.ts';
import { TimerHeap } from './timer-heap.ts';
import type { AskOutcome } from './types.ts';

export interface StartActor {
  readonly id: string;
  /** 1 for the first start on this process, one more at each restart. */
  readonly life: number;
  readonly definition: HostedDefinition;
  readonly config: unknown;
  readonly ports: unknown;
}

/**
 * The actors of one thread: runs their turns, one after the other, and their traffic with the actors of this and of
 * other threads. Whoever owns it calls `pump` when the platform was asked to, and `receive` with what links deliver.
 */
export class ActorHost {
  readonly platform: Platform;
  readonly node: string;
  readonly router: Router;
  readonly timers = new TimerHeap<Alarm>();
  readonly #thread: string;
  readonly #cells = new Map<string, Cell>();
  readonly #readyPeers = new Set<string>();
  #inTurn = false;

  constructor(platform: Platform, node: string, thread: string, placement: Placement) {
    this.platform = platform;
    this.node = node;
    this.#thread = thread;
    this.router = new Router(platform, node, thread, placement);
  }

  get inTurn(): boolean {
    return this.#inTurn;
  }

  /** Runs the actor's `start` as its first turn. */
  start(options: StartActor): void {
    const { id, life, definition } = options;
    assert(!this.#cells.has(id), `${id} runs once`);
    const cell = new Cell(id, life, definition.mailbox);
    cell.context = makeContext(this, cell);
    this.#cells.set(id, cell);
    for (const link of this.router.links) link.open(id, this.#window(cell));
    for (const actor of this.#readyPeers) cell.mailbox.putSystem({ type: 'peerStarted', actor });
    this.turn(cell, () => {
      cell.started(definition.start(cell.context, options.config, options.ports));
      cell.state = 'serving';
    });
    this.platform.requestPump();
  }

  /** Asks the actor to stop; `stopped` is reported when it is done. */
  stop(id: string): void {
    const cell = this.#cells.get(id);
    if (cell === undefined || cell.state !== 'serving') return;
    cell.state = 'stopping';
    cell.mailbox.putSystem({ type: 'stop' });
    this.platform.requestPump();
  }

  /** Ends an actor without asking it; on a thread of its own, ending the thread does the same. */
  kill(id: string): void {
    const cell = this.#cells.get(id);
    if (cell !== undefined) this.#end(cell);
  }

  connect(thread: string, post: PostBatch): void {
    this.disconnect(thread);
    const link = this.router.link(thread);
    link.connect(post);
    for (const cell of this.#cells.values()) {
      link.open(cell.id, this.#window(cell));
      if (cell.ready) link.tell('ready', cell.id);
    }
    this.platform.requestPump();
  }

  /** The thread died: so did its actors. */
  disconnect(thread: string): void {
    const link = this.router.link(thread);
    if (!link.connected) return;
    this.#lost(link.disconnect());
    for (const actor of this.router.actorsOn(thread)) this.#peerDown(actor);
    this.platform.requestPump();
  }

  receive(thread: string, batch: Batch): void {
    const link = this.router.link(thread);
    for (const notice of batch.notices) this.#heed(link, notice);
    for (const envelope of batch.envelopes) this.deliver(envelope, link);
    this.platform.requestPump();
  }

  /** Puts a message into the mailbox of an actor of this thread. `link`: where it came from; null: another node. */
  deliver(envelope: Envelope, link: Link | null): void {
    this.platform.requestPump();
    const cell = this.#cells.get(envelope.to);
    if (cell === undefined) {
      this.#refuse(envelope, 'dead');
      return;
    }
    const isAnswer = envelope.replyTo !== undefined;
    const reserved = isAnswer || (cell.usesCredit && link !== null);
    const key = isAnswer ? null : cell.coalesceKey(envelope.body);
    const outcome = cell.mailbox.put({ envelope, link }, { key, reserved });
    if (!cell.usesCredit) link?.consumed(cell.id);
    if (outcome.type === 'rejected') this.#refuse(envelope, 'rejected');
    if (outcome.type === 'displaced') this.#refuse(outcome.displaced.envelope, 'rejected');
  }

  /** Runs `action` as a turn of the actor; inside another turn it waits for its own. */
  enter(cell: Cell, action: () => void): void {
    if (cell.state === 'ended') return;
    if (this.#inTurn) cell.mailbox.putSystem({ type: 'run', turn: action });
    else this.turn(cell, action);
    this.platform.requestPump();
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
      this.#end(cell);
      this.platform.report({ type: 'failed', actor: cell.id, life: cell.life, error });
    } finally {
      this.#inTurn = false;
    }
  }

  becomeReady(cell: Cell): void {
    if (cell.state === 'ended') return;
    assert(!cell.ready, `${cell.id} gets ready once`);
    cell.ready = true;
    for (const link of this.router.links) link.tell('ready', cell.id);
    this.platform.report({ type: 'ready', actor: cell.id, life: cell.life });
    this.platform.requestPump();
  }

  /** One round: what waited when it began, then the timers that are due, then one flush of all links. */
  pump(): void {
    for (const batch of this.router.takeLooped()) this.receive(this.#thread, batch);
    for (const cell of [...this.#cells.values()]) this.#drain(cell);
    this.#fireDue(this.platform.monoNow());
    for (const cell of [...this.#cells.values()]) this.#endBatch(cell);
    this.router.flush();
    const next = this.timers.nextAt();
    this.platform.wakeAt(next === null ? null : monoMs(next));
    const backlog = [...this.#cells.values()].some((cell) => cell.mailbox.size > 0);
    if (backlog || this.router.hasLooped) this.platform.requestPump();
  }

  check(): void {
    for (const link of this.router.links) link.check();
    for (const cell of this.#cells.values()) cell.mailbox.check();
  }

  #drain(cell: Cell): void {
    let quota = cell.mailbox.size;
    while (quota > 0 && cell.state !== 'ended') {
      const chunk = Math.min(quota, limits.messagesPerBatch);
      for (let taken = 0; taken < chunk; taken += 1) this.#takeOne(cell);
      quota -= chunk;
      this.#endBatch(cell);
      if (quota > 0) this.router.flush();
    }
  }

  #takeOne(cell: Cell): void {
    const system = cell.mailbox.takeSystem();
    if (system !== undefined) {
      this.#runSystem(cell, system);
      return;
    }
    const item = cell.mailbox.takeUser();
    if (item === undefined) return;
    if (cell.usesCredit) item.link?.consumed(cell.id);
    this.#runUser(cell, item);
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

  #runUser(cell: Cell, { envelope }: UserItem): void {
    const { from, fromNode, replyTo, failed, askId, body } = envelope;
    if (replyTo === undefined) {
      const token = askId === undefined ? null : { to: { actor: from, node: fromNode }, askId };
      this.turn(cell, () => cell.actor.receive(body, token));
    } else if (failed !== undefined) {
      this.#settle(cell, replyTo, { ok: false, reason: failed });
    } else if (!this.#settle(cell, replyTo, { ok: true, reply: body })) {
      this.router.deadLetters.add(from, cell.id, body, 'late_answer');
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

  #fireDue(now: MonoMs): void {
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

  #endBatch(cell: Cell): void {
    if (cell.turns === 0) return;
    this.turn(cell, () => cell.actor.endOfBatch?.());
    if (this.platform.checkAlways) this.turn(cell, () => cell.actor.check?.());
    cell.turns = 0;
  }

  #stopped(cell: Cell): void {
    if (cell.state === 'ended') return;
    assert(cell.state === 'stopping', `${cell.id} is done with stopping after it was asked to`);
    this.#end(cell);
    this.platform.report({ type: 'stopped', actor: cell.id, life: cell.life });
  }

  #end(cell: Cell): void {
    cell.state = 'ended';
    this.#cells.delete(cell.id);
    for (const timer of cell.timers.values()) this.timers.cancel(timer);
    for (const ask of cell.asks.clear()) this.timers.cancel(ask.deadline);
    for (let item = cell.mailbox.takeUser(); item !== undefined; item = cell.mailbox.takeUser()) {
      this.#lost([item.envelope]);
    }
    // What it sent in its last turns leaves before the news of its end.
    this.router.flush();
    for (const link of this.router.links) link.tell('down', cell.id);
    this.platform.requestPump();
  }

  #heed(link: Link, notice: Notice): void {
    link.granted(notice);
    if (notice.type === 'down') {
      this.#lost(link.closeLane(notice.actor));
      this.#peerDown(notice.actor);
    }
    if (notice.type !== 'ready') return;
    this.#readyPeers.add(notice.actor);
    for (const cell of this.#cells.values()) {
      if (cell.id !== notice.actor) cell.mailbox.putSystem({ type: 'peerStarted', actor: notice.actor });
    }
  }

  #peerDown(actor: string): void {
    this.#readyPeers.delete(actor);
    for (const cell of this.#cells.values()) {
      for (const askId of cell.asks.waitingFor(actor)) {
        cell.mailbox.putSystem({ type: 'askFailed', askId, reason: 'dead' });
      }
    }
  }

  #lost(envelopes: readonly Envelope[]): void {
    for (const { from, to, body } of envelopes) this.router.deadLetters.add(from, to, body, 'actor_down');
  }

  /** An ask is told that it is lost; a plain message becomes a dead letter. */
  #refuse(envelope: Envelope, failed: 'rejected' | 'dead'): void {
    const { from, to, fromNode, askId, body } = envelope;
    if (askId !== undefined) {
      this.router.route(fromNode, { to: from, from: to, fromNode: null, replyTo: askId, failed, body: null });
      return;
    }
    this.router.deadLetters.add(from, to, body, failed === 'dead' ? 'actor_down' : 'mailbox_full');
  }

  /** Messages in flight to the actor from one thread: under `credit` the capacity is shared between all threads. */
  #window(cell: Cell): number {
    if (!cell.usesCredit) return limits.messagesInFlight;
    const window = Math.floor(cell.options.capacity / this.router.linkCount);
    assert(window >= 1, `the mailbox of ${cell.id} has room for each of ${this.router.linkCount} threads`);
    return window;
  }
}
