import { once } from 'node:events';
import { MessageChannel, Worker } from 'node:worker_threads';
import type { Scope } from '../frame/scope.ts';

export interface RawItem {
  readonly type: 'item' | 'echo';
  readonly number: number;
}

export interface RawRequest {
  readonly type: 'flood' | 'roundTrips';
  readonly count: number;
}

/** Latencies in milliseconds; empty for a flood. */
export type RawReply = readonly number[];

/** Two threads that do with bare `postMessage` what the actors of the suite do. */
export class RawMailbox {
  readonly #sender: Worker;

  constructor(scope: Scope) {
    const { port1, port2 } = new MessageChannel();
    const thread = new URL('./raw-mailbox-thread.js', import.meta.url);
    this.#sender = new Worker(thread, { workerData: { role: 'sender', port: port1 }, transferList: [port1] });
    const receiver = new Worker(thread, { workerData: { role: 'receiver', port: port2 }, transferList: [port2] });
    scope.defer(async () => {
      await Promise.all([this.#sender.terminate(), receiver.terminate()]);
    });
  }

  async ask(request: RawRequest): Promise<RawReply> {
    this.#sender.postMessage(request);
    const [reply]: RawReply[] = await once(this.#sender, 'message');
    return reply ?? [];
  }
}
