import type { ProcessTable } from '../../adapters/processes/process-table.ts';
import type { ProcessTree } from '../../adapters/processes/process-tree.ts';
import type { Timers } from '../../adapters/processes/timers.ts';
import { limits } from '../../core/limits.ts';

/** Ends all processes of an execution, also those that left its group or session. */
export class TreeKiller {
  readonly #table: ProcessTable;
  readonly #timers: Timers;

  constructor(table: ProcessTable, timers: Timers) {
    this.#table = table;
    this.#timers = timers;
  }

  /** Asks each process to end; a stopped one is woken, or it would never hear of it. */
  terminate(tree: ProcessTree): void {
    for (const pid of tree.members()) {
      this.#table.signal(pid, 'SIGTERM');
      this.#table.signal(pid, 'SIGCONT');
    }
  }

  /**
   * Kills, looks again for what was started meanwhile, and kills again, until nothing is left; then `done`, never from
   * inside this call. A process that the kernel can't end (waiting for a dead disk) keeps it waiting.
   */
  kill(tree: ProcessTree, done: () => void): void {
    this.#whenGone(tree, (pid) => this.#table.signal(pid, 'SIGKILL'), done);
  }

  /** Waits for the end of what was asked to end; `done` when nothing is left. The answer stops the waiting. */
  awaitGone(tree: ProcessTree, done: () => void): () => void {
    return this.#whenGone(tree, () => undefined, done);
  }

  #whenGone(tree: ProcessTree, meet: (pid: number) => void, done: () => void): () => void {
    let pauseMs: number = limits.killPollFirstMs;
    let stop: () => void = () => undefined;
    const look = (): void => {
      const members = tree.members();
      for (const pid of members) meet(pid);
      stop = this.#timers.after(members.length === 0 ? 0 : pauseMs, members.length === 0 ? done : look);
      pauseMs = Math.min(pauseMs * 2, limits.killPollLongestMs);
    };
    look();
    return () => stop();
  }
}
