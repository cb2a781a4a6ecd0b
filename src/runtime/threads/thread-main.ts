import { armTestFaults } from '../../adapters/test-faults.ts';
import { assertNever } from '../../core/assert.ts';
import { ActorHost } from '../actor-host.ts';
import { Counters } from '../counters.ts';
import type { LogLine } from '../log.ts';
import type { HostEvent } from '../platform.ts';
import { collectWhenIdle } from './idle-collector.ts';
import { writeFatal } from './log-format.ts';
import { loadActor } from './module.ts';
import { Peers } from './peers.ts';
import { type ClosablePlatform, makeThreadPlatform } from './platform.ts';
import type { FromThread, ThreadTask, ToThread } from './protocol.ts';

/** What a worker thread runs, as its one task: the actor of `task`, until it has stopped or failed. */
export default async function runThread(task: ThreadTask): Promise<void> {
  const metrics = new Counters(task.metrics);
  const { definition, openPorts } = await loadActor(task.module);
  armTestFaults(task.actor);
  const ports = await openPorts(task.config, { node: task.node, actor: task.actor, metrics });
  return new Promise((resolve) => {
    const thread = new ActorThread(task, metrics, resolve);
    thread.start(definition, ports);
  });
}

/** Runs before the task, while other actors start: loads the actor's code. */
export async function prepareThread({ module }: Pick<ThreadTask, 'module'>): Promise<void> {
  await loadActor(module);
}

class ActorThread {
  readonly #task: ThreadTask;
  readonly #platform: ClosablePlatform;
  readonly #host: ActorHost;
  readonly #peers: Peers;
  readonly #stopped: () => void;
  readonly #ignoreHeap: () => void;
  #lines: LogLine[] = [];
  #ending = false;

  constructor(task: ThreadTask, metrics: Counters, stopped: () => void) {
    this.#task = task;
    this.#stopped = stopped;
    this.#platform = makeThreadPlatform({
      metrics,
      logLevel: task.logLevel,
      checkAlways: task.checkAlways,
      pump: () => this.#pump(),
      log: (line) => this.#log(line),
      report: (event) => this.#report(event),
    });
    this.#host = new ActorHost(this.#platform, task.node, task.actor, new Map(task.placement));
    this.#peers = new Peers(this.#host);
    this.#ignoreHeap = collectWhenIdle();
    process.once('exit', () => this.#flushLines());
  }

  start(definition: Parameters<ActorHost['start']>[0]['definition'], ports: unknown): void {
    const { actor: id, life, config, control, peers } = this.#task;
    for (const { thread, port } of peers) this.#peers.connect(thread, port);
    control.on('message', (message: ToThread) => this.#obey(message));
    this.#host.start({ id, life, definition, config, ports });
  }

  #obey(message: ToThread): void {
    switch (message.type) {
      case 'connect':
        this.#peers.connect(message.thread, message.port);
        break;
      case 'ping':
        this.#tell({ type: 'pong' });
        break;
      case 'stop':
        this.#host.stop(this.#task.actor);
        break;
      default:
        assertNever(message);
    }
  }

  #pump(): void {
    this.#host.pump();
    this.#flushLines();
    if (this.#ending) this.#end();
  }

  #report(event: HostEvent): void {
    if (event.type === 'failed') {
      this.#flushLines();
      // Out of any library's call stack; the thread dies of it, and the supervisor gets this very error.
      setImmediate(() => {
        throw event.error;
      });
      return;
    }
    this.#tell({ type: 'event', event });
    if (event.type === 'stopped') this.#ending = true;
  }

  /** The actor is done, and what it sent last is flushed. */
  #end(): void {
    this.#ignoreHeap();
    this.#platform.close();
    this.#peers.close();
    this.#task.control.close();
    this.#stopped();
  }

  #log(line: LogLine): void {
    if (line.level === 'fatal') {
      writeFatal(this.#task.logDescriptor, this.#task.node, line);
      return;
    }
    this.#lines.push(line);
    this.#platform.requestPump();
  }

  #flushLines(): void {
    if (this.#lines.length === 0) return;
    this.#tell({ type: 'log', lines: this.#lines });
    this.#lines = [];
  }

  #tell(message: FromThread): void {
    this.#task.control.postMessage(message);
  }
}
