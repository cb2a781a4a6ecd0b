import { assert, assertNever } from '../../core/assert.ts';
import type { Prng } from '../../core/prng.ts';
import { type MonoMs, monoMs, type WallMs, type WallNs, wallMsOf } from '../../core/units.ts';
import { Counters, makeSharedMetrics } from '../counters.ts';
import type { Envelope } from '../envelope.ts';
import type { Inspect, InspectionEvent } from '../inspection.ts';
import { describeError, type LogLine } from '../log.ts';
import { Outside } from '../outside.ts';
import { MAIN, type PlacementKind, placeActors } from '../placement.ts';
import type { HostEvent } from '../platform.ts';
import type { Placement } from '../router.ts';
import { Supervisor } from '../supervisor.ts';
import type { AskOutcome, Ref, Replies } from '../types.ts';
import type { Simulation } from './simulation.ts';
import { SimulatedDisk } from './store.ts';
import type { SimulationTable } from './table.ts';
import { Connection, type PortsFor, SimulatedThread, type SimulatedWorld, virtualWallNs } from './thread.ts';

export interface SimulatedNodeOptions {
  readonly placement?: PlacementKind;
  /** Difference of the node's wall clock from the simulation's. */
  readonly wallOffsetMs?: number;
}

/** One actor's life on this node, and what is to happen when it ends. */
interface Life {
  readonly actor: string;
  readonly life: number;
  readonly thread: SimulatedThread;
  readonly onEnd: (() => void)[];
  ended: boolean;
}

/** A node: its table, its threads, its disk (which survives a crash) and its wall clock. */
export class SimulatedNode {
  readonly name: string;
  readonly disk: SimulatedDisk;
  readonly listeners: Inspect[] = [];
  /** All inspection events and log lines of all lives, for assertions. */
  readonly events: InspectionEvent[] = [];
  readonly logLines: LogLine[] = [];
  metrics: Counters;
  readonly #simulation: Simulation;
  readonly #table: SimulationTable;
  readonly #placement: Placement;
  readonly #portsFor: PortsFor;
  readonly #random: Prng;
  readonly #threads = new Map<string, SimulatedThread>();
  readonly #lives = new Map<string, Life>();
  #supervisor: Supervisor | null = null;
  #outside: Outside | null = null;
  #wallOffsetMs: number;
  #monoBaseMs = 0;
  #starts = 0;
  #exitCode: number | null = null;

  constructor(
    simulation: Simulation,
    name: string,
    table: SimulationTable,
    portsFor: PortsFor,
    options: SimulatedNodeOptions,
  ) {
    this.name = name;
    this.#simulation = simulation;
    this.#table = table;
    this.#placement = placeActors(table, options.placement ?? 'threads');
    this.#portsFor = portsFor;
    this.#random = simulation.random.fork(name);
    this.#wallOffsetMs = options.wallOffsetMs ?? 0;
    this.disk = new SimulatedDisk(simulation, this.#random.fork('disk'));
    this.metrics = new Counters(makeSharedMetrics());
  }

  get running(): boolean {
    return this.#supervisor !== null;
  }

  /** Whether the actor lives at the moment. */
  runs(actor: string): boolean {
    return this.#lives.has(actor);
  }

  /** Exit code of the last life of the node; null: it runs, or it crashed. */
  get exitCode(): number | null {
    return this.#exitCode;
  }

  /** Starts the node, for the first time or after `crash` or a stop. */
  start(): void {
    assert(!this.running, `${this.name} doesn't run`);
    this.#starts += 1;
    this.#exitCode = null;
    // Monotonic clocks of two lives or two nodes can't be compared: neither begins at zero.
    this.#monoBaseMs = this.#random.below(1_000_000);
    this.metrics = new Counters(makeSharedMetrics());
    this.disk.boot();
    const main = this.#makeThread(MAIN);
    this.#supervisor = new Supervisor(this.#table, this.#launcher(), {
      random: this.#random.fork(`supervisor ${this.#starts}`),
      inspect: (event) => this.#inspect(event),
      monoNow: () => this.#monoNow(),
      defer: (wake) => this.#simulation.afterUs(this.#simulation.drawUs('scheduling'), wake),
      wakeAt: this.#makeAlarm(),
    });
    this.#outside = new Outside(main.host);
    this.#supervisor.submit({ type: 'start' });
  }

  /** Asks the node to stop as a signal does. */
  stop(exitCode = 0): void {
    this.#supervisor?.submit({ type: 'shutdown', exitCode, message: 'stopped by the test' });
  }

  /** The process is killed: nothing more runs, and the disk keeps what the seed says. */
  crash(): void {
    assert(this.running, `${this.name} runs`);
    this.#simulation.trace('crash', this.name);
    this.#tearDown();
  }

  /** The actor's thread dies. */
  crashActor(actor: string, error = 'crashed by the test'): void {
    const life = this.#lives.get(actor);
    assert(life !== undefined, `${actor} runs on ${this.name}`);
    this.#simulation.trace('crashActor', this.name, actor);
    this.#endLife(life, error);
  }

  /** The actor's thread runs nothing for so long; with a `hangMs` in its row, it is ended by force before. */
  hangActor(actor: string, durationMs: number): void {
    const life = this.#lives.get(actor);
    assert(life !== undefined && life.thread.name !== MAIN, `${actor} runs on a thread of its own on ${this.name}`);
    this.#simulation.trace('hangActor', this.name, actor, durationMs);
    life.thread.hang(durationMs);
    const hangMs = this.#table.children.find(({ id }) => id === actor)?.hangMs;
    if (hangMs === undefined || durationMs < hangMs) return;
    this.#simulation.after(hangMs, () => {
      if (!life.ended) this.#supervisor?.submit({ type: 'hung', actor, life: life.life });
    });
  }

  /** The process stands still for so long, and with it whoever would watch its threads. */
  freeze(durationMs: number): void {
    this.#simulation.trace('freeze', this.name, durationMs);
    for (const thread of this.#threads.values()) thread.hang(durationMs);
  }

  /** Sets the wall clock forward (or back, when negative). */
  jumpWallClock(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  wallNow(): WallMs {
    return wallMsOf(this.#wallNowNs());
  }

  /** Sends as code outside of actors does. */
  send<To>(to: Ref<To>, message: To): void {
    assert(this.#outside !== null, `${this.name} runs`);
    this.#outside.send(to, message);
  }

  ask<To, Reply>(to: Ref<To>, message: To & Replies<Reply>, timeoutMs: number, done: (o: AskOutcome<Reply>) => void) {
    assert(this.#outside !== null, `${this.name} runs`);
    this.#outside.ask(to, message, timeoutMs, done);
  }

  /** Delivers what came from another node. */
  receive(envelope: Envelope): void {
    const thread = this.#threads.get(this.#placement.get(envelope.to) ?? MAIN);
    if (thread === undefined) return;
    this.#simulation.trace(this.name, envelope);
    thread.host.deliver(envelope, null);
  }

  #launcher(): ConstructorParameters<typeof Supervisor>[1] {
    return {
      startActor: (actor, life) => this.#startActor(actor, life),
      stopActor: (actor) => this.#lives.get(actor)?.thread.host.stop(actor),
      killActor: (actor) => {
        const life = this.#lives.get(actor);
        if (life !== undefined) this.#endLife(life, 'killed');
      },
      nodeStopped: (exitCode) => this.#exited(exitCode),
      exitProcess: (exitCode) => this.#exited(exitCode),
    };
  }

  #startActor(actor: string, lifeNumber: number): void {
    const row = this.#table.children.find(({ id }) => id === actor);
    assert(row !== undefined, `${actor} is in the table`);
    const name = this.#placement.get(actor);
    assert(name !== undefined, `${actor} is placed`);
    const thread = this.#threads.get(name) ?? this.#makeThread(name);
    const life: Life = { actor, life: lifeNumber, thread, onEnd: [], ended: false };
    this.#lives.set(actor, life);
    const { definition } = row;
    let ports: unknown;
    try {
      ports = this.#portsFor(actor, this.#world(life));
    } catch (error) {
      this.#endLife(life, describeError(error));
      return;
    }
    // The configuration crosses a thread boundary: what can't be cloned fails here too.
    thread.host.start({ id: actor, life: lifeNumber, definition, config: structuredClone(row.config), ports });
  }

  #makeThread(name: string): SimulatedThread {
    const thread: SimulatedThread = new SimulatedThread({
      simulation: this.#simulation,
      node: this.name,
      name,
      placement: this.#placement,
      random: this.#random.fork(`thread ${this.#simulation.nowUs}`),
      metrics: this.metrics,
      monoNow: () => this.#monoNow(),
      wallNowNs: () => this.#wallNowNs(),
      report: (event) => this.#report(event),
      log: (line) => this.logLines.push(line),
    });
    for (const peer of this.#threads.values()) new Connection(this.#simulation, thread, peer);
    this.#threads.set(name, thread);
    return thread;
  }

  #world(life: Life): SimulatedWorld {
    const whenAwake = (action: () => void): void => {
      life.thread.whenAwake(() => {
        if (!life.ended) action();
      });
    };
    return {
      node: this.name,
      actor: life.actor,
      life: life.life,
      random: this.#random.fork(`ports of ${life.actor} ${this.#starts} ${life.life}`),
      disk: this.disk,
      monoNow: () => this.#monoNow(),
      wallNow: () => this.wallNow(),
      after: (delayMs, action) => this.#simulation.after(delayMs, () => whenAwake(action)),
      whenAwake,
      onEnd: (action) => life.onEnd.push(action),
    };
  }

  #report(event: HostEvent): void {
    switch (event.type) {
      case 'ready':
        this.#supervisor?.submit(event);
        break;
      case 'stopped':
        this.#reportEnd(event.actor, null);
        break;
      case 'failed':
        this.#reportEnd(event.actor, describeError(event.error));
        break;
      case 'deadLetters':
        for (const letter of event.letters) this.#inspect({ type: 'deadLetter', ...letter });
        break;
      case 'stopNode':
        this.#supervisor?.submit({ type: 'shutdown', exitCode: event.exitCode, message: event.message });
        break;
      default:
        assertNever(event);
    }
  }

  #reportEnd(actor: string, error: string | null): void {
    const life = this.#lives.get(actor);
    if (life !== undefined) this.#endLife(life, error);
  }

  #endLife(life: Life, error: string | null): void {
    this.#finishLife(life);
    const { actor, thread } = life;
    if (thread.name === MAIN) thread.host.kill(actor);
    else this.#endThread(thread);
    this.#supervisor?.submit({ type: 'ended', actor, life: life.life, error });
  }

  #finishLife(life: Life): void {
    if (life.ended) return;
    life.ended = true;
    this.#lives.delete(life.actor);
    for (const action of life.onEnd) action();
  }

  #endThread(thread: SimulatedThread): void {
    thread.end();
    this.#threads.delete(thread.name);
    for (const connection of thread.connections.values()) connection.close(thread);
  }

  #exited(exitCode: number): void {
    this.#tearDown();
    this.#exitCode = exitCode;
  }

  #tearDown(): void {
    this.#supervisor?.close();
    this.#supervisor = null;
    this.#outside = null;
    for (const life of [...this.#lives.values()]) this.#finishLife(life);
    for (const thread of this.#threads.values()) thread.end();
    this.#threads.clear();
  }

  #makeAlarm(): (at: MonoMs | null, wake: () => void) => void {
    let cancel = () => {};
    return (at, wake) => {
      cancel();
      cancel = at === null ? () => {} : this.#simulation.after(Math.max(0, at - this.#monoNow()), wake);
    };
  }

  #inspect(event: InspectionEvent): void {
    this.events.push(event);
    this.#simulation.trace(this.name, event);
    for (const listener of this.listeners) listener(event, this.#monoNow());
  }

  #monoNow(): MonoMs {
    return monoMs(this.#monoBaseMs + this.#simulation.nowMs);
  }

  #wallNowNs(): WallNs {
    return virtualWallNs(this.#simulation.options.startWallMs, this.#simulation.nowMs, this.#wallOffsetMs);
  }
}
