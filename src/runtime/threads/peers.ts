import type { MessagePort } from 'node:worker_threads';
import type { ActorHost } from '../actor-host.ts';
import type { Batch } from '../envelope.ts';

/** The direct ports of one thread to the others. */
export class Peers {
  readonly #host: ActorHost;
  readonly #ports = new Map<string, MessagePort>();

  constructor(host: ActorHost) {
    this.#host = host;
  }

  /** Connects a thread, or a later life of it. The end of the port is the end of the thread. */
  connect(thread: string, port: MessagePort): void {
    this.#ports.get(thread)?.close();
    this.#ports.set(thread, port);
    this.#host.connect(thread, (batch) => port.postMessage(batch));
    port.on('message', (batch: Batch) => {
      if (this.#ports.get(thread) === port) this.#host.receive(thread, batch);
    });
    port.on('close', () => {
      if (this.#ports.get(thread) !== port) return;
      this.#ports.delete(thread);
      this.#host.disconnect(thread);
    });
  }

  close(): void {
    const ports = [...this.#ports.values()];
    this.#ports.clear();
    for (const port of ports) port.close();
  }
}
