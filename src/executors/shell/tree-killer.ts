import { membersOf, type ProcessTable, type TreeQuery } from '../../adapters/processes/process-table.ts';
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

  /** True when nothing of the execution is left. */
  isGone(query: TreeQuery): boolean {
    return membersOf(this.#table, query).length === 0;
  }

  /** Asks each process to end; a stopped one is woken, or it would never hear of it. */
  terminate(query: TreeQuery): void {
    for (const pid of membersOf(this.#table, query)) {
      this.#table.signal(pid, 'SIGTERM');
      this.#table.signal(pid, 'SIGCONT');
    }
  }

  /**
   * Kills, looks again for what was started meanwhile, and kills again, until nothing is left; then `done`, never from
   * inside this call. A process that the kernel can't end (waiting for a dead disk) keeps it waiting.
   */
  kill(query: TreeQuery, done: () => void): void {
    this.#killRound(query, limits.killPollFirstMs, done);
  }

  #killRound(query: TreeQuery, pauseMs: number, done: () => void): void {
    const members = membersOf(this.#table, query);
    for (const pid of members) this.#table.signal(pid, 'SIGKILL');
    if (members.length === 0) {
      setImmediate(done);
      return;
    }
    const nextPauseMs = Math.min(pauseMs * 2, limits.killPollLongestMs);
    this.#timers.after(pauseMs, () => this.#killRound(query, nextPauseMs, done));
  }

  /** Waits for the end of what was asked to end; `done` when nothing is left. The answer stops the waiting. */
  awaitGone(query: TreeQuery, done: () => void): () => void {
    let stopWaiting: () => void = () => undefined;
    const look = (pauseMs: number): void => {
      if (this.isGone(query)) done();
      else stopWaiting = this.#timers.after(pauseMs, () => look(Math.min(pauseMs * 2, limits.killPollLongestMs)));
    };
    look(limits.killPollFirstMs);
    return () => stopWaiting();
  }
}
