import type { StringMap, UnplacedWork } from '../jobs/records.ts';
import { type JobName, type MonoMs, monoMs, type Stamp, wallMsOf } from '../units.ts';
import type { Now, WaitingWorkInput } from './in-flight.ts';

const RETRY_REFUSED_MS = 500;

interface Waiting extends WaitingWorkInput {
  /** Its `assign` is under way (never due), or was refused (due then). */
  heldUntilMs: number;
}

/** Unplaced work until the state has given it targets: retries, children, reruns. */
export class WaitingWork {
  readonly #waiting = new Map<Stamp, Waiting>();

  add(work: UnplacedWork, tags: StringMap | null): void {
    if (!this.#waiting.has(work.stamp)) this.#waiting.set(work.stamp, { work, tags, heldUntilMs: 0 });
  }

  /** What is due now; held until `placed` or `refused`. */
  takeDue(now: Now): WaitingWorkInput[] {
    const nowMs = wallMsOf(now.wallNs);
    const due: WaitingWorkInput[] = [];
    for (const waiting of this.#waiting.values()) {
      if (waiting.work.dueAtMs > nowMs || waiting.heldUntilMs > now.monoMs) continue;
      waiting.heldUntilMs = Number.POSITIVE_INFINITY;
      due.push(waiting);
    }
    return due;
  }

  placed(stamp: Stamp): void {
    this.#waiting.delete(stamp);
  }

  refused(now: Now, stamp: Stamp): void {
    const waiting = this.#waiting.get(stamp);
    if (waiting !== undefined) waiting.heldUntilMs = now.monoMs + RETRY_REFUSED_MS;
  }

  dropJob(job: JobName): void {
    for (const [stamp, { work }] of this.#waiting) if (work.job === job) this.#waiting.delete(stamp);
  }

  clear(): void {
    this.#waiting.clear();
  }

  nextDeadline(now: Now): MonoMs | null {
    let next = Number.POSITIVE_INFINITY;
    for (const { work, heldUntilMs } of this.#waiting.values()) {
      const dueMs = now.monoMs + Math.max(0, work.dueAtMs - wallMsOf(now.wallNs));
      next = Math.min(next, Math.max(dueMs, heldUntilMs));
    }
    return next === Number.POSITIVE_INFINITY ? null : monoMs(next);
  }
}
