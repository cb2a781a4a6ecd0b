import type { ActorHost } from '../actor-host.ts';
import type { Counters } from '../counters.ts';
import { describeError } from '../log.ts';
import type { ActorLauncher, LaunchListener, ThreadRow } from './launcher.ts';
import { loadActor } from './module.ts';

/** Runs all actors on the main thread (placement `compact`). An endless loop there can't be ended. */
export class LocalLauncher implements ActorLauncher {
  readonly #node: string;
  readonly #host: ActorHost;
  readonly #metrics: Counters;
  readonly #listener: LaunchListener;
  /** Lives whose end has not been told. */
  readonly #lives = new Map<string, number>();

  constructor(node: string, host: ActorHost, metrics: Counters, listener: LaunchListener) {
    this.#node = node;
    this.#host = host;
    this.#metrics = metrics;
    this.#listener = listener;
  }

  /** One thread loads one module after the other anyway. */
  prepare(): void {}

  close(): void {}

  start(row: ThreadRow, life: number): void {
    this.#lives.set(row.id, life);
    this.#load(row, life).catch((error: unknown) => this.ended(row.id, describeError(error)));
  }

  stop(actor: string): void {
    this.#host.stop(actor);
  }

  kill(actor: string): void {
    this.#host.kill(actor);
    this.ended(actor, 'killed');
  }

  /** The host reported that the actor has stopped or failed. */
  ended(actor: string, error: string | null): void {
    const life = this.#lives.get(actor);
    if (life === undefined) return;
    this.#lives.delete(actor);
    this.#listener.ended(actor, life, error);
  }

  async #load(row: ThreadRow, life: number): Promise<void> {
    const { id, module } = row;
    const config = structuredClone(row.config);
    const { definition, openPorts } = await loadActor(module.href);
    const ports = await openPorts(config, { node: this.#node, actor: id, metrics: this.#metrics });
    if (this.#lives.get(id) === life) this.#host.start({ id, life, definition, config, ports });
  }
}
