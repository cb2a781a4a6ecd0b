import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { FromThread, ThreadTask, ToThread } from './protocol.ts';

/** Per actor kind; passed to the thread as is. */
export interface ThreadOptions {
  /** V8's limits in MiB. Not for actors that are not terminable: reaching a limit ends the thread by force. */
  readonly resourceLimits?: { readonly maxOldGenerationSizeMb?: number; readonly maxYoungGenerationSizeMb?: number };
  /** Added to the thread's nice value: work that may be late. */
  readonly niceIncrement?: number;
}

export interface WorkerListener {
  message(message: Exclude<FromThread, { type: 'pong' }>): void;
  /** The thread is dead for certain: its files and locks are free. `error`: null when the task ended by itself. */
  ended(error: unknown): void;
}

/** Pings within the time after which a silent thread counts as hung. */
const PINGS_PER_HANG = 3;

/**
 * One life of one actor's thread: a Piscina pool of one thread with one endless task. Throw, exit, out of memory and
 * abort all end as one rejected promise (measured-facts 3).
 */
export class ActorWorker {
  readonly #control: MessagePort;
  readonly #abort = new AbortController();
  #unanswered = 0;
  #watch: NodeJS.Timeout | null = null;

  constructor(task: Omit<ThreadTask, 'control'>, options: ThreadOptions, listener: WorkerListener) {
    const channel = new MessageChannel();
    this.#control = channel.port1;
    const closed = new Promise<void>((resolve) => {
      this.#control.once('close', resolve);
    });
    this.#control.on('message', (message: FromThread) => {
      if (message.type === 'pong') this.#unanswered = 0;
      else listener.message(message);
    });
    void this.#run({ ...task, control: channel.port2 }, options, closed).then((error) => {
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
    this.#abort.abort();
  }

  #unwatch(): void {
    if (this.#watch !== null) clearInterval(this.#watch);
    this.#watch = null;
  }

  async #run(task: ThreadTask, options: ThreadOptions, closed: Promise<void>): Promise<unknown> {
    const pool = new Piscina({
      minThreads: 1,
      maxThreads: 1,
      concurrentTasksPerWorker: 1,
      // With the default the thread sleeps in Atomics.wait and sees neither timers nor ports.
      atomics: 'disabled',
      maxQueue: 0,
      idleTimeout: Number.POSITIVE_INFINITY,
      recordTiming: false,
      // A thread that ends would close descriptors that it opened and handed to a socket: by then they are others'.
      trackUnmanagedFds: false,
      ...options,
    });
    // An error of an idle thread (a replacement, or left-overs of a stopped actor) must not end the process.
    pool.on('error', () => {});
    const filename = new URL('./thread-main.js', import.meta.url).href;
    const transferList = [task.control, ...task.peers.map(({ port }) => port)];
    // Given here and not to the constructor: a module that doesn't load is then one rejected task.
    const outcome = pool.run(task, { filename, transferList, signal: this.#abort.signal });
    const error = await outcome.then(
      () => null,
      (reason: unknown) => reason ?? new Error('the thread ended without a reason'),
    );
    // Every life gets a fresh thread: nothing of the old one's modules, timers and handles lives on.
    await pool.destroy();
    // Without effect, unless the task never got to its thread: then nobody else ends these.
    for (const port of transferList) port.close();
    await closed;
    return error;
  }
}
