import type { ExecutionStart } from '../jobs/changes.ts';
import type { ExecutionId, JobName } from '../units.ts';

type Exclusive = Pick<ExecutionStart, 'id' | 'job' | 'stamp' | 'cause'>;

/** Open executions of one node whose jobs allow no overlap (P3), and which of them are to end because nobody counts on them. */
export class ExclusiveWork {
  readonly #byJob = new Map<JobName, Map<ExecutionId, Exclusive>>();
  readonly #jobs = new Map<ExecutionId, JobName>();
  readonly #revoked = new Set<ExecutionId>();

  add({ id, job, stamp, cause }: ExecutionStart): void {
    const others = this.#byJob.get(job) ?? new Map<ExecutionId, Exclusive>();
    this.#byJob.set(job, others.set(id, { id, job, stamp, cause }));
    this.#jobs.set(id, job);
  }

  drop(id: ExecutionId): void {
    const job = this.#jobs.get(id);
    if (job === undefined) return;
    const others = this.#byJob.get(job);
    others?.delete(id);
    if (others?.size === 0) this.#byJob.delete(job);
    this.#jobs.delete(id);
    this.#revoked.delete(id);
  }

  has(id: ExecutionId): boolean {
    return this.#jobs.has(id);
  }

  ids(): ExecutionId[] {
    return [...this.#jobs.keys()];
  }

  /** False: it is revoked already. */
  revoke(id: ExecutionId): boolean {
    if (this.#revoked.has(id)) return false;
    this.#revoked.add(id);
    return true;
  }

  isRevoked(id: ExecutionId): boolean {
    return this.#revoked.has(id);
  }

  /**
   * Executions that a scheduled one may not run beside. The state decided that there are none: it believes that these
   * are over. Runs by hand bypass that, as in Dkron, and so do children.
   */
  inTheWayOf(start: ExecutionStart): Exclusive[] {
    if (start.cause !== 'schedule') return [];
    return [...(this.#byJob.get(start.job)?.values() ?? [])].filter(
      ({ id, cause }) => cause === 'schedule' && id !== start.id,
    );
  }
}
