import { limits } from '../limits.ts';
import { type JobName, type MonoMs, monoMs, type Stamp, wallMsOf } from '../units.ts';
import type { Now, WaitingWorkInput } from './in-flight.ts';
import { longestRetryPauseMs } from './retry.ts';

const RETRY_REFUSED_MS = 500;

interface Waiting extends WaitingWorkInput {
  /** By the monotonic clock; infinite while its `assign` is under way. */
  dueMs: number;
  /** The `assign` under way; null: none. One that was answered late says nothing of what was tried again since. */
  proposal: number | null;
}

/**
 * Unplaced work until the state has given it targets: retries, children, reruns. How long it waits is measured by the
 * monotonic clock once it is known, so that a wall clock that is set back holds no retry for an hour.
 */
export class WaitingWork {
  readonly #waiting = new Map<Stamp, Waiting>();
  /** Nothing is due before. */
  #nextMs = Number.POSITIVE_INFINITY;

  add(now: Now, input: WaitingWorkInput): void {
    const { stamp } = input.work;
    if (this.#waiting.has(stamp)) return;
    const dueMs = now.monoMs + pauseMs(now, input);
    this.#waiting.set(stamp, { ...input, dueMs, proposal: null });
    this.#nextMs = Math.min(this.#nextMs, dueMs);
  }

  /** Its turn has come: it is due now, whatever its time was. */
  wake(now: Now, input: WaitingWorkInput): void {
    this.#waiting.set(input.work.stamp, { ...input, dueMs: now.monoMs, proposal: null });
    this.#nextMs = Math.min(this.#nextMs, now.monoMs);
  }

  /** What is due now; held until `placed` or `refused`. */
  takeDue(nowMs: MonoMs): WaitingWorkInput[] {
    if (this.#nextMs > nowMs) return [];
    const due: WaitingWorkInput[] = [];
    this.#nextMs = Number.POSITIVE_INFINITY;
    for (const waiting of this.#waiting.values()) {
      if (waiting.dueMs <= nowMs) {
        waiting.dueMs = Number.POSITIVE_INFINITY;
        due.push(waiting);
      }
      this.#nextMs = Math.min(this.#nextMs, waiting.dueMs);
    }
    return due;
  }

  placed(stamp: Stamp): void {
    this.#waiting.delete(stamp);
  }

  proposed(stamp: Stamp, proposal: number): void {
    const waiting = this.#waiting.get(stamp);
    if (waiting !== undefined) waiting.proposal = proposal;
  }

  /** Its `assign` is applied. Returns it if nothing else was heard of it: it is gone. */
  applied(stamp: Stamp, proposal: number): WaitingWorkInput | undefined {
    const waiting = this.#waiting.get(stamp);
    if (waiting?.proposal !== proposal) return undefined;
    this.#waiting.delete(stamp);
    return waiting;
  }

  refused(nowMs: MonoMs, stamp: Stamp, proposal: number): void {
    const waiting = this.#waiting.get(stamp);
    if (waiting?.proposal !== proposal) return;
    waiting.proposal = null;
    waiting.dueMs = nowMs + RETRY_REFUSED_MS;
    this.#nextMs = Math.min(this.#nextMs, waiting.dueMs);
  }

  dropJob(job: JobName): void {
    for (const [stamp, { work }] of this.#waiting) if (work.job === job) this.#waiting.delete(stamp);
  }

  clear(): void {
    this.#waiting.clear();
    this.#nextMs = Number.POSITIVE_INFINITY;
  }

  nextDeadline(): MonoMs | null {
    return this.#nextMs === Number.POSITIVE_INFINITY ? null : monoMs(this.#nextMs);
  }
}

const longestPauseMs = longestRetryPauseMs(limits.attemptsPerLaunch);

const pauseMs = (now: Now, { work, retry }: WaitingWorkInput): number =>
  Math.min(Math.max(0, work.dueAtMs - wallMsOf(now.wallNs)), retry?.maxIntervalMs ?? longestPauseMs);
