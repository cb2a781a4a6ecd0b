import { assert } from '../assert.ts';
import type { ExecutionStart } from '../jobs/changes.ts';
import { limits } from '../limits.ts';
import type { ExecutionId, MonoMs } from '../units.ts';
import { Claims } from './claims.ts';
import type { Now } from './in-flight.ts';

/**
 * Starts that a worker has accepted, in their order; those that were claimed ahead wait for their time first. At most `limits.startsAtOnce` are on their way from their journal record to
 * their process; the others wait, unanswered, so that the leader sees how far behind the node is. Without that bound a
 * node that is asked for more than it can start would spawn thousands of processes in one turn, and hang.
 */
export class StartQueue {
  readonly #processExecutors: ReadonlySet<string>;
  readonly #claims = new Claims();
  readonly #waiting = new Set<ExecutionId>();
  readonly #underWay = new Set<ExecutionId>();

  /** `processExecutors`: whose starts are over when their process is there; those of others are when they begin. */
  constructor(processExecutors: ReadonlySet<string>) {
    this.#processExecutors = processExecutors;
  }

  /** `waitMs`: not before so long. */
  add(start: ExecutionStart, waitMs: number, now: Now): void {
    assert(!this.#underWay.has(start.id), 'an execution starts once');
    if (waitMs > 0) this.#claims.add(start, waitMs, now);
    else this.#waiting.add(start.id);
  }

  isWaiting(id: ExecutionId): boolean {
    return this.#waiting.has(id) || this.#claims.has(id);
  }

  /** It is not to begin, and waits for no time any more: its turn settles it. */
  hurry(id: ExecutionId): void {
    this.#claims.hurry(id);
  }

  /** When the next claim is due. */
  nextDeadline(): MonoMs | null {
    return this.#claims.nextDeadline();
  }

  /** Somebody's turn has come. */
  get hasNext(): boolean {
    return this.#waiting.size > 0 && this.#hasRoom;
  }

  /** More are under way than begin at once anyway: what is not a start can wait a little. */
  get isBusy(): boolean {
    return this.#underWay.size >= limits.startsBeforeEndsOfNode;
  }

  /** For several, so that they share a record: those before them keep the node busy meanwhile. */
  get #hasRoom(): boolean {
    return this.#underWay.size <= limits.startsAtOnce - limits.startsTogether;
  }

  /** Those whose turn has come: to be journalled. */
  takeNext(now: Now): readonly ExecutionId[] {
    for (const id of this.#claims.takeDue(now)) this.#waiting.add(id);
    const taken: ExecutionId[] = [];
    if (!this.#hasRoom) return taken;
    for (const id of this.#waiting) {
      if (this.#underWay.size === limits.startsAtOnce) break;
      this.#waiting.delete(id);
      this.#underWay.add(id);
      taken.push(id);
    }
    return taken;
  }

  begun({ id, executor }: Pick<ExecutionStart, 'id' | 'executor'>): void {
    if (!this.#processExecutors.has(executor)) this.#underWay.delete(id);
  }

  /** Its process is there, or it has ended. */
  over(id: ExecutionId): void {
    this.#underWay.delete(id);
  }
}
