import { inlineLess } from '../../adapters/compiler.ts';
import { endProcess } from '../../adapters/end-process.ts';
import { collectDoubledHeaps, collectYoungAlone, exposeCollector } from '../../adapters/heap.ts';
import { systemRandom } from '../../adapters/random.ts';
import { assertNever } from '../../core/assert.ts';
import { type MonoMs, monoMs } from '../../core/units.ts';
import { ActorHost } from '../actor-host.ts';
import { Counters, makeSharedMetrics } from '../counters.ts';
import type { Inspect, InspectionEvent } from '../inspection.ts';
import { describeError, makeLogger } from '../log.ts';
import { Outside } from '../outside.ts';
import { MAIN, type PlacementKind, placeActors } from '../placement.ts';
import type { HostEvent } from '../platform.ts';
import { Supervisor } from '../supervisor.ts';
import type { AskOutcome, Logger, Ref, Replies } from '../types.ts';
import { collectWhenIdle } from './idle-collector.ts';
import { logInspection } from './inspection-log.ts';
import type { ActorLauncher, LaunchListener, ThreadTable } from './launcher.ts';
import { LocalLauncher } from './local-launcher.ts';
import { type LogOptions, LogSink } from './log-sink.ts';
import { Peers } from './peers.ts';
import { type ClosablePlatform, makeThreadPlatform } from './platform.ts';
import { WorkerLauncher } from './worker-launcher.ts';

export interface NodeOptions {
  readonly name: string;
  readonly table: ThreadTable;
  readonly placement: PlacementKind;
  readonly log: LogOptions;
  /** What each thread runs; default: `thread-main.js` beside this module, which isn't there in a bundle. */
  readonly threadMain?: URL;
  /** Asserts all actors' invariants after each batch of turns; default false. */
  readonly checkAlways?: boolean;
  /** Sees the inspection stream, beside the log. */
  readonly inspect?: Inspect;
  /** Ends the process; default `endProcess`. Called only when an actor that must not be killed doesn't stop. */
  readonly exit?: (exitCode: number) => void;
}

export interface NodeEnd {
  readonly exitCode: number;
  readonly message: string;
}

/** Starts a node: its actors, in the order of the table. */
export function startNode(options: NodeOptions): RunningNode {
  return new RunningNode(options);
}

/** A node of this process, as code outside of actors sees it. */
export class RunningNode {
  /** Resolves when all actors have ended; the caller exits the process with the code. */
  readonly ended: Promise<NodeEnd>;
  readonly metrics: Counters;
  readonly log: Logger;
  readonly #options: NodeOptions;
  readonly #sink: LogSink;
  readonly #platform: ClosablePlatform;
  readonly #host: ActorHost;
  readonly #peers: Peers;
  readonly #outside: Outside;
  readonly #launcher: ActorLauncher;
  readonly #supervisor: Supervisor;
  #local: LocalLauncher | null = null;
  #resolveEnded: (end: NodeEnd) => void = () => {};
  readonly #ignoreHeap: () => void;
  #alarm: NodeJS.Timeout | null = null;

  constructor(options: NodeOptions) {
    this.#options = options;
    const shared = makeSharedMetrics();
    const placement = placeActors(options.table, options.placement);
    const { name: node, log, checkAlways = false } = options;
    this.metrics = new Counters(shared);
    this.#sink = new LogSink(node, log);
    this.#platform = makeThreadPlatform({
      metrics: this.metrics,
      logLevel: log.level,
      checkAlways,
      pump: () => this.#host.pump(),
      log: (line) => this.#sink.write(line),
      report: (event) => this.#report(event),
    });
    this.log = makeLogger({
      actor: MAIN,
      level: log.level,
      now: this.#platform.wallNow,
      emit: (line) => this.#sink.write(line),
    });
    this.#host = new ActorHost(this.#platform, node, MAIN, placement);
    this.#peers = new Peers(this.#host);
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    const { descriptor: logDescriptor } = this.#sink;
    const { threadMain = new URL('./thread-main.js', import.meta.url) } = options;
    const workerOptions = {
      ...{ node, placement, metrics: shared, threadMain },
      ...{ logLevel: log.level, logDescriptor, checkAlways },
    };
    if (options.placement === 'compact') {
      this.#local = new LocalLauncher(node, this.#host, this.metrics, this.#listener());
    }
    this.#launcher = this.#local ?? new WorkerLauncher(workerOptions, this.#listener());
    this.#supervisor = this.#supervise();
    this.#outside = new Outside(this.#host);
    exposeCollector();
    collectYoungAlone();
    collectDoubledHeaps();
    inlineLess();
    this.#ignoreHeap = collectWhenIdle();
    this.#launcher.prepare(options.table.children);
    this.#supervisor.submit({ type: 'start' });
  }

  send<To>(to: Ref<To>, message: To): void {
    this.#outside.send(to, message);
  }

  ask<To, Reply>(to: Ref<To>, message: To & Replies<Reply>, timeoutMs: number): Promise<AskOutcome<Reply>> {
    return new Promise((resolve) => this.#outside.ask(to, message, timeoutMs, resolve));
  }

  /** Stops all actors, last first; `ended` resolves with this code unless another reason to stop came before. */
  stop(exitCode = 0, message = 'asked to stop'): void {
    this.#supervisor.submit({ type: 'shutdown', exitCode, message });
  }

  #supervise(): Supervisor {
    const { table } = this.#options;
    const rows = new Map(table.children.map((row) => [row.id, row]));
    return new Supervisor(
      table,
      {
        startActor: (actor, life) => {
          const row = rows.get(actor);
          if (row !== undefined) this.#launcher.start(row, life);
        },
        stopActor: (actor) => this.#launcher.stop(actor),
        killActor: (actor) => this.#launcher.kill(actor),
        nodeStopped: (exitCode, message) => this.#nodeStopped({ exitCode, message }),
        exitProcess: (exitCode, message) => this.#exitProcess(exitCode, message),
      },
      {
        random: systemRandom,
        inspect: (event) => this.#inspect(event),
        monoNow: () => this.#platform.monoNow(),
        defer: (wake) => setImmediate(wake),
        wakeAt: (at, wake) => this.#wakeAt(at, wake),
      },
    );
  }

  #listener(): LaunchListener {
    return {
      event: (event) => this.#report(event),
      log: (line) => this.#sink.write(line),
      peer: (thread, port) => this.#peers.connect(thread, port),
      ended: (actor, life, error) => this.#supervisor.submit({ type: 'ended', actor, life, error }),
      hung: (actor, life) => this.#supervisor.submit({ type: 'hung', actor, life }),
    };
  }

  #report(event: HostEvent): void {
    switch (event.type) {
      case 'ready':
        this.#supervisor.submit(event);
        break;
      case 'stopped':
        // On a thread of its own the end of the thread is told by its worker.
        this.#local?.ended(event.actor, null);
        break;
      case 'failed':
        this.#local?.ended(event.actor, describeError(event.error));
        break;
      case 'deadLetters':
        for (const letter of event.letters) this.#inspect({ type: 'deadLetter', ...letter });
        break;
      case 'stopNode':
        this.log.error(event.message, { from: event.actor, exitCode: event.exitCode });
        this.stop(event.exitCode, event.message);
        break;
      default:
        assertNever(event);
    }
  }

  #inspect(event: InspectionEvent): void {
    logInspection(event, this.log, this.metrics);
    this.#options.inspect?.(event, this.#platform.monoNow());
  }

  #nodeStopped(end: NodeEnd): void {
    this.#ignoreHeap();
    this.#outside.close();
    this.#launcher.close();
    this.#peers.close();
    this.#platform.close();
    this.#sink.close();
    this.#resolveEnded(end);
  }

  #exitProcess(exitCode: number, message: string): void {
    this.log.fatal(message, { exitCode });
    (this.#options.exit ?? endProcess)(exitCode);
  }

  #wakeAt(at: MonoMs | null, wake: () => void): void {
    if (this.#alarm !== null) clearTimeout(this.#alarm);
    this.#alarm = null;
    if (at === null) return;
    const delayMs = Math.max(0, Math.ceil(monoMs(at - this.#platform.monoNow())));
    this.#alarm = setTimeout(wake, Math.min(delayMs, 0x7fffffff));
  }
}
