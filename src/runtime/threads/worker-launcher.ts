import { MessageChannel } from 'node:worker_threads';
import { watchedMs } from '../../adapters/test-faults.ts';
import { assertNever } from '../../core/assert.ts';
import type { SharedMetrics } from '../counters.ts';
import { describeError } from '../log.ts';
import type { Placement } from '../router.ts';
import type { LogLevel } from '../types.ts';
import { FreshThread } from './fresh-thread.ts';
import type { ActorLauncher, LaunchListener, ThreadRow } from './launcher.ts';
import type { FromThread, PeerPort } from './protocol.ts';
import { ActorWorker } from './worker.ts';

export interface WorkerLauncherOptions {
  readonly node: string;
  readonly placement: Placement;
  /** The module that each thread runs. */
  readonly threadMain: URL;
  readonly metrics: SharedMetrics;
  readonly logLevel: LogLevel;
  readonly logDescriptor: number;
  readonly checkAlways: boolean;
}

/** Runs each actor on a thread of its own, with a direct port to each of the others and to the main thread. */
export class WorkerLauncher implements ActorLauncher {
  readonly #options: WorkerLauncherOptions;
  readonly #listener: LaunchListener;
  readonly #workers = new Map<string, ActorWorker>();
  /** Of actors whose turn to start has not come. */
  readonly #prepared = new Map<string, FreshThread>();

  constructor(options: WorkerLauncherOptions, listener: LaunchListener) {
    this.#options = options;
    this.#listener = listener;
  }

  /** Starts all threads at once: actors start one after the other, but need not wait for each other's code. */
  prepare(rows: readonly ThreadRow[]): void {
    for (const row of rows) this.#prepared.set(row.id, this.#freshThread(row));
  }

  start(row: ThreadRow, life: number): void {
    const { id: actor, module, config } = row;
    const { placement, threadMain: _, ...options } = this.#options;
    const task = {
      ...options,
      actor,
      life,
      module: module.href,
      config,
      placement: [...placement],
      peers: this.#introduce(actor),
    };
    const fresh = this.#prepared.get(actor) ?? this.#freshThread(row);
    this.#prepared.delete(actor);
    const worker = new ActorWorker(task, fresh, {
      message: (message) => {
        if (message.type === 'event' && message.event.type === 'ready') this.#watch(row, life);
        this.#heard(message);
      },
      ended: (error) => {
        this.#workers.delete(actor);
        this.#listener.ended(actor, life, error === null ? null : describeError(error));
      },
    });
    this.#workers.set(actor, worker);
  }

  stop(actor: string): void {
    this.#workers.get(actor)?.post({ type: 'stop' });
  }

  kill(actor: string): void {
    this.#workers.get(actor)?.kill();
  }

  /** Ends the threads of actors that never started. */
  close(): void {
    for (const thread of this.#prepared.values()) void thread.end();
    this.#prepared.clear();
  }

  #freshThread({ module, thread = {} }: ThreadRow): FreshThread {
    return new FreshThread({ threadMain: this.#options.threadMain, module }, thread);
  }

  /** Makes a channel between the new thread and each one that runs; those that start later do the same. */
  #introduce(thread: string): PeerPort[] {
    const toMain = new MessageChannel();
    this.#listener.peer(thread, toMain.port1);
    const peers: PeerPort[] = [{ thread: 'main', port: toMain.port2 }];
    for (const [peer, worker] of this.#workers) {
      const channel = new MessageChannel();
      worker.post({ type: 'connect', thread, port: channel.port1 });
      peers.push({ thread: peer, port: channel.port2 });
    }
    return peers;
  }

  #watch({ id, hangMs }: ThreadRow, life: number): void {
    const silentMs = watchedMs(hangMs);
    if (silentMs !== undefined) this.#workers.get(id)?.watch(silentMs, () => this.#listener.hung(id, life));
  }

  #heard(message: Exclude<FromThread, { type: 'pong' }>): void {
    switch (message.type) {
      case 'event':
        this.#listener.event(message.event);
        break;
      case 'log':
        for (const line of message.lines) this.#listener.log(line);
        break;
      default:
        assertNever(message);
    }
  }
}
