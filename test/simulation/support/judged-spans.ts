import type { JobRecord } from '../../../src/core/jobs/records.ts';

interface Span {
  readonly revision: number;
  readonly effectiveFromMs: number;
  readonly afterMs: number;
}

/**
 * Since when the due times of a job can be judged. A schedule that begins to hold after the clock was set back finds
 * due times that an earlier one has a record of already: only from the latest time before the jump on, everything is the
 * new schedule's.
 */
export class JudgedSpans {
  readonly #spans = new Map<string, Span>();
  #peakMs = 0;

  /** The wall clock shows `nowMs`, and is set back. */
  setBack(nowMs: number): void {
    this.#peakMs = Math.max(this.#peakMs, nowMs);
  }

  /** To be asked after every step of the storm. */
  judgedAfterMs(job: JobRecord): number {
    const known = this.#spans.get(job.name);
    const { name, scheduleRevision: revision, effectiveFromMs } = job;
    if (known?.revision === revision && known.effectiveFromMs === effectiveFromMs) return known.afterMs;
    const afterMs = Math.max(effectiveFromMs, this.#peakMs);
    this.#spans.set(name, { revision, effectiveFromMs, afterMs });
    return afterMs;
  }
}
