import type { JobRecord } from '../../../src/core/jobs/records.ts';

interface Span {
  readonly revision: number;
  readonly effectiveFromMs: number;
  readonly afterMs: number;
}

/**
 * Since when the due times of a job can be judged by its schedule. One that is set while the clock was set back, or that
 * waited on its way into the log, finds due times of the schedule before it recorded already, and goes on behind them.
 * How far they went when it came is known at the first look only, so that some of its own may go unjudged.
 */
export class JudgedSpans {
  readonly #spans = new Map<string, Span>();

  /** To be asked after every change of the job. */
  readonly judgedAfterMs = (job: JobRecord): number => {
    const { name, scheduleRevision: revision, effectiveFromMs } = job;
    const known = this.#spans.get(name);
    if (known?.revision === revision && known.effectiveFromMs === effectiveFromMs) return known.afterMs;
    const afterMs = Math.max(effectiveFromMs, job.highWaterMs);
    this.#spans.set(name, { revision, effectiveFromMs, afterMs });
    return afterMs;
  };
}
