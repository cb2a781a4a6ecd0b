import { membersOf, type ProcessTable, type TreeQuery } from '../../adapters/processes/process-table.ts';
import type { Timers } from '../../adapters/processes/timers.ts';
import { limits } from '../../core/limits.ts';

/** An execution whose memory is limited. */
export interface WatchedTree {
  readonly query: TreeQuery;
  readonly limitBytes: bigint;
  /** Called once, with what was measured. */
  exceeded(bytes: number): void;
}

/** Looks each second at the resident memory of all executions that have a limit, and not at all when none has. */
export class MemoryWatch {
  readonly #table: ProcessTable;
  readonly #timers: Timers;
  readonly #watched = new Set<WatchedTree>();
  #cancel: (() => void) | null = null;

  constructor(table: ProcessTable, timers: Timers) {
    this.#table = table;
    this.#timers = timers;
  }

  /** The answer ends the watch. */
  add(tree: WatchedTree): () => void {
    this.#watched.add(tree);
    this.#arm();
    return () => {
      this.#watched.delete(tree);
      if (this.#watched.size === 0) this.#disarm();
    };
  }

  #arm(): void {
    if (this.#cancel !== null || this.#watched.size === 0) return;
    this.#cancel = this.#timers.after(limits.memoryPollMs, () => {
      this.#cancel = null;
      for (const tree of [...this.#watched]) this.#look(tree);
      this.#arm();
    });
  }

  #disarm(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  #look(tree: WatchedTree): void {
    const members = membersOf(this.#table, tree.query);
    const bytes = members.reduce((sum, pid) => sum + this.#table.residentBytes(pid), 0);
    if (BigInt(bytes) <= tree.limitBytes) return;
    this.#watched.delete(tree);
    tree.exceeded(bytes);
  }
}
