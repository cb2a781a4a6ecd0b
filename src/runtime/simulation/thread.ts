import type { Prng } from '../../core/prng.ts';
import { type MonoMs, type WallMs, type WallNs, wallMsOf, wallNs } from '../../core/units.ts';
import { ActorHost } from '../actor-host.ts';
import type { Batch } from '../envelope.ts';
import type { LogLine } from '../log.ts';
import type { HostEvent, Metrics, Platform } from '../platform.ts';
import type { Placement } from '../router.ts';
import { copyPlain } from './copy-plain.ts';
import type { Simulation } from './simulation.ts';
import type { SimulatedDisk } from './store.ts';

/** What the simulated twins of ports are made of; it belongs to one life of one actor. */
export interface SimulatedWorld {
  readonly node: string;
  readonly actor: string;
  readonly life: number;
  readonly random: Prng;
  readonly disk: SimulatedDisk;
  monoNow(): MonoMs;
  wallNow(): WallMs;
  /** Runs `action` after so much virtual time, unless the life has ended by then. Returns what cancels it. */
  after(delayMs: number, action: () => void): () => void;
  /** Runs `action` now, or once the thread of the life runs again, unless the life has ended by then. */
  whenAwake(action: () => void): void;
  /** Called when the life ends, however it ends: the place to lose what a crash loses. */
  onEnd(action: () => void): void;
}

/** The ports of one life of an actor. */
export type PortsFor = (actor: string, world: SimulatedWorld) => unknown;

/** What a thread needs of its node. */
export interface SimulatedThreadOptions {
  readonly simulation: Simulation;
  readonly node: string;
  readonly name: string;
  readonly placement: Placement;
  readonly random: Prng;
  readonly metrics: Metrics;
  readonly monoNow: () => MonoMs;
  readonly wallNowNs: () => WallNs;
  readonly report: (event: HostEvent) => void;
  readonly log: (line: LogLine) => void;
}

/** One thread of a simulated node: an actor host whose pumps and wake-ups are events of the queue. */
export class SimulatedThread {
  readonly name: string;
  readonly host: ActorHost;
  readonly connections = new Map<string, Connection>();
  readonly #options: SimulatedThreadOptions;
  #alive = true;
  #pumpRequested = false;
  #hungUntilUs = 0;
  #cancelWake: () => void = () => {};

  constructor(options: SimulatedThreadOptions) {
    this.name = options.name;
    this.#options = options;
    this.host = new ActorHost(this.#platform(), options.node, options.name, options.placement);
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** For so long, nothing runs on the thread: what comes meanwhile waits. */
  hang(durationMs: number): void {
    const untilUs = this.#options.simulation.nowUs + Math.ceil(durationMs * 1000);
    this.#hungUntilUs = Math.max(this.#hungUntilUs, untilUs);
  }

  /** Runs `action` now, or when the thread doesn't hang any more. */
  whenAwake(action: () => void): void {
    const { simulation } = this.#options;
    const leftUs = this.#hungUntilUs - simulation.nowUs;
    if (leftUs <= 0) action();
    else simulation.afterUs(leftUs, () => this.whenAwake(action));
  }

  /** The thread is gone: nothing of it runs any more. */
  end(): void {
    this.#alive = false;
    this.#cancelWake();
  }

  #platform(): Platform {
    const { simulation, node, name, random, metrics, monoNow, wallNowNs, report, log } = this.#options;
    return {
      logLevel: 'debug',
      checkAlways: true,
      metrics,
      monoNow,
      wallNowNs,
      wallNow: () => wallMsOf(wallNowNs()),
      randomFor: (actor) => random.fork(`${name}/${actor}`),
      requestPump: () => this.#requestPump(),
      wakeAt: (at) => this.#wake(at),
      copy: copyPlain,
      sendToNode: (target, envelope) => simulation.sendToNode(node, target, envelope),
      log: (line) => log(line),
      report: (event) => {
        if (this.#alive) report(event);
      },
    };
  }

  #requestPump(): void {
    if (this.#pumpRequested || !this.#alive) return;
    this.#pumpRequested = true;
    const { simulation } = this.#options;
    simulation.afterUs(simulation.drawUs('scheduling'), () => this.whenAwake(() => this.#pump()));
  }

  #pump(): void {
    this.#pumpRequested = false;
    if (!this.#alive) return;
    this.host.pump();
    if (this.#alive) this.host.check();
  }

  #wake(at: MonoMs | null): void {
    this.#cancelWake();
    if (at === null || !this.#alive) return;
    const delayMs = Math.max(0, at - this.#options.monoNow());
    this.#cancelWake = this.#options.simulation.after(delayMs, () => this.#requestPump());
  }
}

/** Two threads' ports to each other. In each direction batches arrive in order, each after a delay of its own. */
export class Connection {
  readonly #simulation: Simulation;
  readonly #ends: readonly [SimulatedThread, SimulatedThread];
  /** When the last batch to each end arrives. */
  readonly #freeAtUs: [number, number] = [0, 0];
  #open = true;

  constructor(simulation: Simulation, first: SimulatedThread, second: SimulatedThread) {
    this.#simulation = simulation;
    this.#ends = [first, second];
    first.connections.set(second.name, this);
    second.connections.set(first.name, this);
    first.host.connect(second.name, (batch) => this.#post(first, second, copyPlain(batch)));
    second.host.connect(first.name, (batch) => this.#post(second, first, copyPlain(batch)));
  }

  /** One end has died: the other one hears of it after what was on its way. */
  close(dead: SimulatedThread): void {
    const survivor = this.#ends[0] === dead ? this.#ends[1] : this.#ends[0];
    this.#deliver(survivor, () => {
      this.#open = false;
      survivor.host.disconnect(dead.name);
    });
  }

  #post(from: SimulatedThread, to: SimulatedThread, batch: Batch): void {
    this.#deliver(to, () => {
      this.#simulation.trace(to.host.node, from.name, to.name, batch);
      to.host.receive(from.name, batch);
    });
  }

  #deliver(to: SimulatedThread, action: () => void): void {
    const [end, peer] = this.#ends[0] === to ? ([0, this.#ends[1]] as const) : ([1, this.#ends[0]] as const);
    const { nowUs } = this.#simulation;
    const atUs = Math.max(this.#freeAtUs[end], nowUs + this.#simulation.drawUs('betweenThreads'));
    this.#freeAtUs[end] = atUs;
    this.#simulation.afterUs(atUs - nowUs, () => {
      // A later life of the peer has a connection of its own; what this one still carried is lost.
      if (this.#open && to.alive && to.connections.get(peer.name) === this) action();
    });
  }
}

/** Wall clock of a node in nanoseconds, from virtual milliseconds; whole microseconds, so that nothing is rounded. */
export function virtualWallNs(startWallMs: number, nowMs: MonoMs, offsetMs: number): WallNs {
  const micros = Math.round((startWallMs + offsetMs) * 1000) + Math.round(nowMs * 1000);
  return wallNs(BigInt(micros) * 1000n);
}
