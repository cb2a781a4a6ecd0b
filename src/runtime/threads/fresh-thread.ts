import type { MessagePort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { ThreadTask } from './protocol.ts';

/** Per actor kind; passed to the thread as is. */
export interface ThreadOptions {
  /** In MiB. An old generation that reaches its limit ends the thread by force: none for actors that are not terminable. */
  readonly resourceLimits?: { readonly maxOldGenerationSizeMb?: number; readonly maxYoungGenerationSizeMb?: number };
  /** Added to the thread's nice value: work that may be late. */
  readonly niceIncrement?: number;
}

/** Where the code is that a thread runs: `thread-main`, and the actor's module. */
export interface ThreadCode {
  readonly threadMain: URL;
  readonly module: URL;
}

/**
 * A thread for one life of one actor: a Piscina pool of one thread with one endless task. Throw, exit, out of memory and
 * abort all end as one rejected promise (measured-facts 3). It starts, and loads the actor's code, at once: threads of
 * several actors do so side by side.
 */
export class FreshThread {
  readonly #pool: Piscina;
  /** Named with each task and not to the pool: a module that doesn't load is then one rejected task. */
  readonly #filename: string;
  readonly #abort = new AbortController();
  readonly #prepared: Promise<void>;

  constructor({ threadMain, module }: ThreadCode, options: ThreadOptions) {
    this.#filename = threadMain.href;
    this.#pool = new Piscina({
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
    this.#pool.on('error', () => {});
    const task = { filename: this.#filename, name: 'prepareThread', signal: this.#abort.signal };
    // What fails here fails again in the actor's task, which tells of it.
    this.#prepared = this.#pool.run({ module: module.href }, task).catch(() => undefined);
  }

  /** Runs the actor. Rejects with what ended the thread. */
  async run(task: ThreadTask, transferList: MessagePort[]): Promise<void> {
    await this.#prepared;
    await this.#pool.run(task, { filename: this.#filename, transferList, signal: this.#abort.signal });
  }

  /** Ends the thread, whatever it does. */
  kill(): void {
    this.#abort.abort();
  }

  /** Resolves when the thread is dead for certain. */
  async end(): Promise<void> {
    await this.#pool.destroy();
  }
}
