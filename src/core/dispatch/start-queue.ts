import { assert } from '../assert.ts';
import { limits } from '../limits.ts';
import type { ExecutionId } from '../units.ts';
import type { JournalEntry } from './worker-types.ts';

/**
 * Starts that a worker has accepted, in their order. At most `limits.startsAtOnce` are on their way from their journal record to
 * their process; the others wait, unanswered, so that the leader sees how far behind the node is. Without that bound a
 * node that is asked for more than it can start would spawn thousands of processes in one turn, and hang.
 */
export class StartQueue {
  readonly #processExecutors: ReadonlySet<string>;
  readonly #waiting = new Map<ExecutionId, JournalEntry>();
  readonly #underWay = new Set<ExecutionId>();

  /** `processExecutors`: whose starts are over when their process is there; those of others are when they begin. */
  constructor(processExecutors: ReadonlySet<string>) {
    this.#processExecutors = processExecutors;
  }

  add(entry: JournalEntry): void {
    assert(!this.#underWay.has(entry.id), 'an execution starts once');
    this.#waiting.set(entry.id, entry);
  }

  isWaiting(id: ExecutionId): boolean {
    return this.#waiting.has(id);
  }

  /** Somebody's turn has come. */
  get hasNext(): boolean {
    return this.#waiting.size > 0 && this.#underWay.size < limits.startsAtOnce;
  }

  /** Those whose turn has come: to be journalled. */
  takeNext(): readonly JournalEntry[] {
    const taken: JournalEntry[] = [];
    for (const [id, entry] of this.#waiting) {
      if (this.#underWay.size === limits.startsAtOnce) break;
      this.#waiting.delete(id);
      this.#underWay.add(id);
      taken.push(entry);
    }
    return taken;
  }

  begun({ id, executor }: JournalEntry): void {
    if (!this.#processExecutors.has(executor)) this.#underWay.delete(id);
  }

  /** Its process is there, or it has ended. */
  over(id: ExecutionId): void {
    this.#underWay.delete(id);
  }
}
