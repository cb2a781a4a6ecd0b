import { assert } from '../../core/assert.ts';
import { Prng } from '../../core/prng.ts';
import { type MonoMs, monoMs } from '../../core/units.ts';
import type { Envelope } from '../envelope.ts';
import type { Inspect } from '../inspection.ts';
import { TimerHeap } from '../timer-heap.ts';
import { SimulatedNode, type SimulatedNodeOptions } from './node.ts';
import type { SimulationTable } from './table.ts';
import type { PortsFor } from './thread.ts';
import { TraceHash } from './trace-hash.ts';

/** Delays in microseconds of virtual time, drawn from [first, last] for each batch. */
export interface SimulatedDelays {
  readonly betweenThreads: readonly [number, number];
  readonly betweenNodes: readonly [number, number];
  /** From a request to run to the run: what interleaves actors. */
  readonly scheduling: readonly [number, number];
}

export interface SimulationOptions {
  readonly delays: SimulatedDelays;
  /** Wall clock at virtual time 0; default 2026-01-01T00:00:00Z. */
  readonly startWallMs: number;
  /** A run of more events than this is a loop. */
  readonly maxEvents: number;
  /** Stands for the codec of the network; whatever it can't represent can't be sent. Default structuredClone. */
  readonly networkCodec: (envelope: Envelope) => Envelope;
}

const DEFAULTS: SimulationOptions = {
  delays: { betweenThreads: [10, 200], betweenNodes: [100, 2_000], scheduling: [1, 30] },
  startWallMs: Date.UTC(2026, 0, 1),
  maxEvents: 10_000_000,
  networkCodec: structuredClone,
};

/**
 * Nodes and their actors on one thread under virtual time. Everything that happens is an event of one queue, ordered
 * by time and then by sequence; whatever is left to chance is drawn from the seed. Same seed and same calls: same run.
 */
export class Simulation {
  readonly options: SimulationOptions;
  readonly random: Prng;
  /** Called behind each event. */
  afterEvent: () => void = () => {};
  readonly #queue = new TimerHeap<() => void>();
  readonly #nodes = new Map<string, SimulatedNode>();
  readonly #linkFreeAtUs = new Map<string, number>();
  readonly #trace = new TraceHash();
  #nowUs = 0;

  constructor(seed: number, options: Partial<SimulationOptions> = {}) {
    this.options = { ...DEFAULTS, ...options };
    this.random = new Prng(seed);
  }

  /** Virtual time since the beginning. */
  get nowMs(): MonoMs {
    return monoMs(this.#nowUs / 1000);
  }

  /** The same in whole microseconds, the unit of the queue. */
  get nowUs(): number {
    return this.#nowUs;
  }

  /** Adds a node and starts it. `portsFor` is called for each life of each actor. */
  addNode(
    name: string,
    table: SimulationTable,
    portsFor: PortsFor = () => ({}),
    options: SimulatedNodeOptions = {},
  ): SimulatedNode {
    assert(!this.#nodes.has(name), `the node ${name} is added once`);
    const node = new SimulatedNode(this, name, table, portsFor, options);
    this.#nodes.set(name, node);
    node.start();
    return node;
  }

  node(name: string): SimulatedNode {
    const node = this.#nodes.get(name);
    assert(node !== undefined, `the node ${name} has been added`);
    return node;
  }

  /** Runs `action` after `delayMs` of virtual time. Returns what cancels it. */
  after(delayMs: number, action: () => void): () => void {
    return this.afterUs(Math.ceil(delayMs * 1000), action);
  }

  afterUs(delayUs: number, action: () => void): () => void {
    assert(delayUs >= 0, 'an event is not in the past');
    const handle = this.#queue.add(this.#nowUs + delayUs, action);
    return () => this.#queue.cancel(handle);
  }

  /** A delay of one of the kinds, drawn anew. */
  drawUs(kind: keyof SimulatedDelays): number {
    const [first, last] = this.options.delays[kind];
    return this.random.between(first, last);
  }

  /** Carries an envelope to another node; a pair of actors keeps its order. False: no such node runs. */
  sendToNode(fromNode: string, toNode: string, envelope: Envelope): boolean {
    const target = this.#nodes.get(toNode);
    if (target === undefined || !target.running) return false;
    const copy = this.options.networkCodec(envelope);
    const link = `${fromNode}/${envelope.from}>${toNode}/${envelope.to}`;
    const at = Math.max(this.#linkFreeAtUs.get(link) ?? 0, this.#nowUs + this.drawUs('betweenNodes'));
    this.#linkFreeAtUs.set(link, at);
    this.afterUs(at - this.#nowUs, () => target.receive(copy));
    return true;
  }

  /** Executes the next event; false: there is none. */
  step(): boolean {
    const at = this.#queue.nextAt();
    if (at === null) return false;
    const action = this.#queue.popDue(at);
    assert(action !== null && at >= this.#nowUs, 'events come in the order of their times');
    this.#nowUs = at;
    action();
    this.afterEvent();
    return true;
  }

  /** Runs for so much virtual time. */
  runFor(durationMs: number): void {
    const endUs = this.#nowUs + Math.ceil(durationMs * 1000);
    this.#run(() => false, endUs);
    this.#nowUs = endUs;
  }

  /** Runs until `predicate` holds, which is asked after each event; fails after `withinMs` of virtual time. */
  runUntil(predicate: () => boolean, withinMs = 60_000): void {
    const endUs = this.#nowUs + Math.ceil(withinMs * 1000);
    const met = predicate() || this.#run(predicate, endUs);
    assert(met, `not reached within ${withinMs} ms of virtual time, at ${this.nowMs} ms`);
  }

  /** Hash of everything that happened so far. */
  traceHash(): string {
    return this.#trace.toString();
  }

  /** Notes something that happened for the trace hash. */
  trace(...what: readonly unknown[]): void {
    this.#trace.add(this.#nowUs);
    for (const value of what) this.#trace.add(value);
  }

  /** Follows the inspection stream of a node. */
  inspect(node: string, listener: Inspect): void {
    this.node(node).listeners.push(listener);
  }

  #run(predicate: () => boolean, endUs: number): boolean {
    for (let events = 0; ; events += 1) {
      assert(events < this.options.maxEvents, `more than ${this.options.maxEvents} events: a loop at ${this.nowMs} ms`);
      const at = this.#queue.nextAt();
      if (at === null || at > endUs) return false;
      this.step();
      if (predicate()) return true;
    }
  }
}
