import type { JobName, Stamp } from '../core/units.ts';

/** One request that waits for the end of the launch that it asked for. */
export interface LaunchWait {
  readonly job: JobName;
  readonly ended: (group: Stamp) => void;
  /** Null until the launch is committed. */
  group: Stamp | null;
  /** Launches that ended before it was known which one is waited for. */
  readonly early: Set<Stamp>;
}

/**
 * Requests that wait for the end of a launch. The end of a short one may be heard of before the answer that names it,
 * so a wait begins before the run is asked for.
 */
export class LaunchWaits {
  readonly #waits = new Map<JobName, Set<LaunchWait>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  begin(job: JobName, ended: (group: Stamp) => void): LaunchWait {
    const wait: LaunchWait = { job, ended, group: null, early: new Set() };
    const waits = this.#waits.get(job) ?? new Set();
    this.#waits.set(job, waits.add(wait));
    this.#size += 1;
    return wait;
  }

  launched(wait: LaunchWait, group: Stamp): void {
    wait.group = group;
    if (wait.early.has(group)) this.#finish(wait, group);
    wait.early.clear();
  }

  launchEnded(job: JobName, group: Stamp): void {
    for (const wait of [...(this.#waits.get(job) ?? [])]) {
      if (wait.group === null) wait.early.add(group);
      else if (wait.group === group) this.#finish(wait, group);
    }
  }

  /** All launches of the job have ended, or are forgotten with it. */
  allEnded(job: JobName): void {
    for (const wait of [...(this.#waits.get(job) ?? [])]) {
      if (wait.group !== null) this.#finish(wait, wait.group);
    }
  }

  /** Ends may have been missed: asks of each job whether one of its launches is still open. */
  recheck(hasOpenLaunch: (job: JobName) => boolean): void {
    for (const job of [...this.#waits.keys()]) {
      if (!hasOpenLaunch(job)) this.allEnded(job);
    }
  }

  /** The wait is over without a launch's end. Idempotent. */
  forget(wait: LaunchWait): void {
    const waits = this.#waits.get(wait.job);
    if (waits?.delete(wait) !== true) return;
    this.#size -= 1;
    if (waits.size === 0) this.#waits.delete(wait.job);
  }

  #finish(wait: LaunchWait, group: Stamp): void {
    this.forget(wait);
    wait.ended(group);
  }
}
