import { assert } from '../core/assert.ts';
import { limits } from '../core/limits.ts';
import { monoMs } from '../core/units.ts';
import { type Alarm, Cell } from './cell.ts';
import { makeContext } from './context.ts';
import type { HostedDefinition } from './definition.ts';
import type { Batch, Envelope, Notice } from './envelope.ts';
import type { Link, PostBatch } from './link.ts';
import type { Platform } from './platform.ts';
import { type Placement, Router } from './router.ts';
import { TimerHeap } from './timer-heap.ts';
import { TurnRunner } from './turn-runner.ts';

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
  readonly turns: TurnRunner;
  readonly timers = new TimerHeap<Alarm>();
  readonly #thread: string;
  readonly #cells = new Map<string, Cell>();
  readonly #readyPeers = new Set<string>();

  constructor(platform: Platform, node: string, thread: string, placement: Placement) {
    this.platform = platform;
    this.node = node;
    this.#thread = thread;
    this.router = new Router(platform, node, thread, placement);
    this.turns = new TurnRunner(this.timers, platform.checkAlways, {
      failed: (cell, error) => {
        this.#end(cell);
        platform.report({ type: 'failed', actor: cell.id, life: cell.life, error });
      },
      stopped: (cell) => {
        this.#end(cell);
        platform.report({ type: 'stopped', actor: cell.id, life: cell.life });
      },
      lateAnswer: ({ from, to, body }) => this.router.deadLetters.add(from, to, body, 'late_answer'),
    });
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
    this.turns.turn(cell, () => {
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
    if (this.turns.inTurn) cell.mailbox.putSystem({ type: 'run', turn: action });
    else this.turns.turn(cell, action);
    this.platform.requestPump();
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
    this.turns.fireDue(this.platform.monoNow());
    for (const cell of [...this.#cells.values()]) this.turns.endBatch(cell);
    this.router.flush();
    const wakeUps = [this.timers.nextAt(), this.router.reportDeadLetters(this.platform.monoNow())];
    const next = Math.min(...wakeUps.map((at) => at ?? Number.POSITIVE_INFINITY));
    this.platform.wakeAt(next === Number.POSITIVE_INFINITY ? null : monoMs(next));
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
      for (let taken = 0; taken < chunk; taken += 1) this.turns.takeOne(cell);
      quota -= chunk;
      this.turns.endBatch(cell);
      if (quota > 0) this.router.flush();
    }
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
    this.router.tellDeadLetters();
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
