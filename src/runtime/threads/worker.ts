import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { FreshThread } from './fresh-thread.ts';
import type { FromThread, ThreadTask, ToThread } from './protocol.ts';

export interface WorkerListener {
  message(message: Exclude<FromThread, { type: 'pong' }>): void;
  /** The thread is dead for certain: its files and locks are free. `error`: null when the task ended by itself. */
  ended(error: unknown): void;
}

/** Pings within the time after which a silent thread counts as hung. */
const PINGS_PER_HANG = 3;

/** One life of one actor on a thread of its own. */
export class ActorWorker {
  readonly #control: MessagePort;
  readonly #thread: FreshThread;
  #unanswered = 0;
  #watch: NodeJS.Timeout | null = null;

  constructor(task: Omit<ThreadTask, 'control'>, thread: FreshThread, listener: WorkerListener) {
    this.#thread = thread;
    const channel = new MessageChannel();
    this.#control = channel.port1;
    const closed = new Promise<void>((resolve) => {
      this.#control.once('close', resolve);
    });
    this.#control.on('message', (message: FromThread) => {
      if (message.type === 'pong') this.#unanswered = 0;
      else listener.message(message);
    });
    void this.#run({ ...task, control: channel.port2 }, closed).then((error) => {
      this.#unwatch();
      listener.ended(error);
    });
  }

  /** Pings the thread from now on. */
  watch(hangMs: number, hung: () => void): void {
    this.#unwatch();
    this.#watch = setInterval(() => {
      if (this.#unanswered >= PINGS_PER_HANG) {
        this.#unwatch();
        hung();
        return;
      }
      this.#unanswered += 1;
      this.post({ type: 'ping' });
    }, hangMs / PINGS_PER_HANG);
  }

  post(message: ToThread): void {
    this.#control.postMessage(message, message.type === 'connect' ? [message.port] : []);
  }

  /** Ends the thread, whatever it does. */
  kill(): void {
    this.#thread.kill();
  }

  #unwatch(): void {
    if (this.#watch !== null) clearInterval(this.#watch);
    this.#watch = null;
  }

  async #run(task: ThreadTask, closed: Promise<void>): Promise<unknown> {
    const transferList = [task.control, ...task.peers.map(({ port }) => port)];
    const error = await this.#thread.run(task, transferList).then(
      () => null,
      (reason: unknown) => reason ?? new Error('the thread ended without a reason'),
    );
    // Every life gets a fresh thread: nothing of the old one's modules, timers and handles lives on.
    await this.#thread.end();
    // Without effect, unless the task never got to its thread: then nobody else ends these.
    for (const port of transferList) port.close();
    await closed;
    return error;
  }
}
