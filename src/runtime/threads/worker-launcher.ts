import { MessageChannel } from 'node:worker_threads';
import { watchedMs } from '../../adapters/test-faults.ts';
import { assertNever } from '../../core/assert.ts';
import type { SharedMetrics } from '../counters.ts';
import { describeError } from '../log.ts';
import type { Placement } from '../router.ts';
import type { LogLevel } from '../types.ts';
import type { ActorLauncher, LaunchListener, ThreadRow } from './launcher.ts';
import type { FromThread, PeerPort } from './protocol.ts';
import { ActorWorker } from './worker.ts';

export interface WorkerLauncherOptions {
  readonly node: string;
  readonly placement: Placement;
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

  constructor(options: WorkerLauncherOptions, listener: LaunchListener) {
    this.#options = options;
    this.#listener = listener;
  }

  start(row: ThreadRow, life: number): void {
    const { id: actor, module, config, thread = {} } = row;
    const { placement, ...options } = this.#options;
    const task = {
      ...options,
      actor,
      life,
      module: module.href,
      config,
      placement: [...placement],
      peers: this.#introduce(actor),
    };
    const worker = new ActorWorker(task, thread, {
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
