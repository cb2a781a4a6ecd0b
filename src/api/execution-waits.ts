import type { ExecutionId, JobName } from '../core/units.ts';

type Waits = Map<ExecutionId, Set<() => void>>;

/** Requests that wait for the end of an execution that they know to run. */
export class ExecutionWaits {
  readonly #jobs = new Map<JobName, Waits>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** `ended` is called once, when it has ended or is gone with its job. Returns how to give up waiting: idempotent. */
  begin(job: JobName, id: ExecutionId, ended: () => void): () => void {
    const waits: Waits = this.#jobs.get(job) ?? new Map();
    this.#jobs.set(job, waits);
    const listeners = waits.get(id) ?? new Set();
    const listener = (): void => ended();
    waits.set(id, listeners.add(listener));
    this.#size += 1;
    return () => this.#forget(job, id, listener);
  }

  executionEnded(job: JobName, id: ExecutionId): void {
    for (const listener of [...(this.#jobs.get(job)?.get(id) ?? [])]) {
      this.#forget(job, id, listener);
      listener();
    }
  }

  jobDeleted(job: JobName): void {
    for (const id of [...(this.#jobs.get(job)?.keys() ?? [])]) this.executionEnded(job, id);
  }

  /** Ends may have been missed: asks of each execution whether it runs. */
  recheck(runs: (job: JobName, id: ExecutionId) => boolean): void {
    for (const [job, waits] of [...this.#jobs]) {
      for (const id of [...waits.keys()]) if (!runs(job, id)) this.executionEnded(job, id);
    }
  }

  #forget(job: JobName, id: ExecutionId, listener: () => void): void {
    const waits = this.#jobs.get(job);
    const listeners = waits?.get(id);
    if (waits === undefined || listeners?.delete(listener) !== true) return;
    this.#size -= 1;
    if (listeners.size === 0) waits.delete(id);
    if (waits.size === 0) this.#jobs.delete(job);
  }
}
