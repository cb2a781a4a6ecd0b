import type { ProcessTree } from '../../adapters/processes/process-tree.ts';
import type { Timers } from '../../adapters/processes/timers.ts';
import { limits } from '../../core/limits.ts';

/** Ends all processes of an execution, also those that left its group or session. */
export class TreeKiller {
  readonly #timers: Timers;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** Asks each process to end; a stopped one is woken, or it would never hear of it. */
  terminate(tree: ProcessTree): void {
    tree.signal(['SIGTERM', 'SIGCONT']);
  }

  /**
   * Kills, looks again for what was started meanwhile, and kills again, until nothing is left; then `done`, never from
   * inside this call. A process that the kernel can't end (waiting for a dead disk) keeps it waiting.
   */
  kill(tree: ProcessTree, done: () => void): void {
    this.#whenGone(() => tree.signal(['SIGKILL']), done);
  }

  /** Waits for the end of what was asked to end; `done` when nothing is left. The answer stops the waiting. */
  awaitGone(tree: ProcessTree, done: () => void): () => void {
    return this.#whenGone(() => tree.members().length, done);
  }

  /** `look` answers how many are left. */
  #whenGone(look: () => number, done: () => void): () => void {
    let pauseMs: number = limits.killPollFirstMs;
    let stop: () => void = () => undefined;
    const lookAgain = (): void => {
      const left = look();
      stop = this.#timers.after(left === 0 ? 0 : pauseMs, left === 0 ? done : lookAgain);
      pauseMs = Math.min(pauseMs * 2, limits.killPollLongestMs);
    };
    lookAgain();
    return () => stop();
  }
}
