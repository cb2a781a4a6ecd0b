import { assert } from '../core/assert.ts';
import { limits } from '../core/limits.ts';
import { type MonoMs, monoMs } from '../core/units.ts';
import type { Batch, Envelope } from './envelope.ts';
import { DeadLetters } from './inspection.ts';
import { Link, type PostBatch } from './link.ts';
import type { Platform } from './platform.ts';

/** Which thread hosts which actor of the node. */
export type Placement = ReadonlyMap<string, string>;

/** The traffic of one thread: one link to each thread of the node, itself included, and the way to other nodes. */
export class Router {
  readonly deadLetters = new DeadLetters();
  readonly #platform: Platform;
  readonly #node: string;
  readonly #placement: Placement;
  readonly #links = new Map<string, Link>();
  /** Those with messages since the last flush, in the order of their first. */
  readonly #pushed = new Set<Link>();
  #looped: Batch[] = [];
  #reportedAt = monoMs(Number.NEGATIVE_INFINITY);

  constructor(platform: Platform, node: string, thread: string, placement: Placement) {
    this.#platform = platform;
    this.#node = node;
    this.#placement = placement;
    for (const name of new Set([thread, ...placement.values()])) this.#links.set(name, new Link(name));
    // Actors of one thread talk by copies as well: an actor can't tell where its peer lives.
    this.link(thread).connect((batch) => this.#looped.push(platform.copy(batch)));
  }

  get links(): Iterable<Link> {
    return this.#links.values();
  }

  get linkCount(): number {
    return this.#links.size;
  }

  get hasLooped(): boolean {
    return this.#looped.length > 0;
  }

  link(thread: string): Link {
    const link = this.#links.get(thread);
    assert(link !== undefined, `no actor is placed on the thread ${thread}`);
    return link;
  }

  actorsOn(thread: string): string[] {
    return [...this.#placement].filter(([, place]) => place === thread).map(([actor]) => actor);
  }

  connect(thread: string, post: PostBatch): void {
    this.link(thread).connect(post);
  }

  /** Takes an envelope of an actor of this thread on its way; false: it went nowhere and is a dead letter. */
  route(node: string | null, envelope: Envelope): boolean {
    if (node !== null && node !== this.#node) return this.#routeToNode(node, envelope);
    const thread = this.#placement.get(envelope.to);
    if (thread === undefined) {
      this.deadLetters.add(envelope.from, envelope.to, envelope.body, 'unknown_actor');
      return false;
    }
    const link = this.link(thread);
    this.#pushed.add(link);
    if (link.push(envelope)) return true;
    this.deadLetters.add(envelope.from, envelope.to, envelope.body, 'outbox_full');
    return false;
  }

  /** Batches that this thread posted to itself since the last call. */
  takeLooped(): Batch[] {
    const looped = this.#looped;
    this.#looped = [];
    return looped;
  }

  /** Who was sent to first is woken first. */
  flush(): void {
    for (const link of this.#pushed) link.flush();
    this.#pushed.clear();
    for (const link of this.#links.values()) link.flush();
  }

  /** Tells of dead letters: the first at once, then gathered. Returns when to ask again; null: nothing is left. */
  reportDeadLetters(now: MonoMs): MonoMs | null {
    if (this.deadLetters.empty) return null;
    const notBefore = monoMs(this.#reportedAt + limits.deadLetterReportMs);
    if (now < notBefore) return notBefore;
    this.#reportedAt = now;
    this.tellDeadLetters();
    return null;
  }

  /** Tells of all dead letters now: an actor ends, and perhaps its thread. */
  tellDeadLetters(): void {
    if (!this.deadLetters.empty) this.#platform.report({ type: 'deadLetters', letters: this.deadLetters.take() });
  }

  #routeToNode(node: string, envelope: Envelope): boolean {
    if (this.#platform.sendToNode(node, { ...envelope, fromNode: this.#node })) return true;
    this.deadLetters.add(envelope.from, `${envelope.to}@${node}`, envelope.body, 'no_route');
    return false;
  }
}
