import type { ProcessTable } from '../../adapters/processes/process-table.ts';
import type { ProcessTree } from '../../adapters/processes/process-tree.ts';
import type { Timers } from '../../adapters/processes/timers.ts';
import { limits } from '../../core/limits.ts';

/** An execution whose memory is limited. */
export interface LimitedTree {
  readonly tree: ProcessTree;
  readonly limitBytes: bigint;
  /** Called once, with what was measured. */
  exceeded(bytes: number): void;
}

/** Looks each second at the resident memory of all executions that have a limit, and not at all when none has. */
export class MemoryWatch {
  readonly #table: ProcessTable;
  readonly #timers: Timers;
  readonly #watched = new Set<LimitedTree>();
  #cancel: (() => void) | null = null;

  constructor(table: ProcessTable, timers: Timers) {
    this.#table = table;
    this.#timers = timers;
  }

  /** The answer ends the watch. */
  add(limited: LimitedTree): () => void {
    this.#watched.add(limited);
    this.#arm();
    return () => {
      this.#watched.delete(limited);
      if (this.#watched.size === 0) this.#disarm();
    };
  }

  #arm(): void {
    if (this.#cancel !== null || this.#watched.size === 0) return;
    this.#cancel = this.#timers.after(limits.memoryPollMs, () => {
      this.#cancel = null;
      for (const limited of [...this.#watched]) this.#look(limited);
      this.#arm();
    });
  }

  #disarm(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  #look(limited: LimitedTree): void {
    const pids = limited.tree.members();
    const bytes = pids.reduce((sum, pid) => sum + this.#table.residentBytes(pid), 0);
    if (BigInt(bytes) <= limited.limitBytes) return;
    this.#watched.delete(limited);
    limited.exceeded(bytes);
  }
}
