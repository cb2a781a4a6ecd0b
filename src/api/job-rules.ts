import type { StringMap } from '../core/jobs/records.ts';
import { limits } from '../core/limits.ts';
import type { Instant, WallMs } from '../core/units.ts';
import type { JobDraft } from './job-draft.ts';
import type { ZonedInstant } from './json/time.ts';
import { concurrencyError, policyError } from './policy-rules.ts';

/** What of a job its due times depend on. */
export interface Timing {
  readonly name: string;
  readonly schedule: string;
  readonly timezone: string;
  readonly startsAt: Instant | null;
}

export type Preview =
  | { readonly ok: true; readonly dueTimes: readonly ZonedInstant[] }
  | { readonly ok: false; readonly error: string };

/** What the API must know of schedules, zones and executors; every `…Error` is null when all is well. */
export interface JobRules {
  /** The parser's sentence, without `can't parse job schedule: `. */
  scheduleError(timing: Pick<Timing, 'name' | 'schedule' | 'timezone'>): string | null;
  /** Go's sentence for a zone that can't be loaded. */
  timezoneError(timezone: string): string | null;
  /** Nanoseconds; null: no Go duration. */
  duration(text: string): bigint | null;
  /** Detail of a bad `mem_limit` (dkron-v4 2.6.1). */
  memoryLimitError(text: string): string | null;
  /** What is wrong with `success_codes`, to stand behind its name. */
  successCodesError(text: string): string | null;
  /** What is shown as the next run; `anchorMs` is what `@every` counts from. Null: never. */
  next(timing: Timing, anchorMs: WallMs, nowMs: WallMs): Instant | null;
  /**
   * Up to `count` due times strictly after an instant, those of cron fields in the zone that they count in, others in the
   * job's, or the parser's sentence. `anchorMs` is what `@every` counts from; nothing is beyond the year 9999.
   */
  preview(timing: Omit<Timing, 'startsAt'>, anchorMs: WallMs, after: Instant, count: number): Preview;
  /** Offset of a job's zone, east positive; of UTC when the zone is empty. */
  offsetSeconds(timezone: string, at: Instant): number;
}

/** Null: the job may be set. Otherwise the reason, in Dkron's order and words, then ours (dkron-v4 1.5). */
export function validateJob(job: JobDraft, rules: JobRules): string | null {
  return (
    nameError(job.name) ??
    (job.parentJob === job.name ? 'the job can not have itself as parent' : null) ??
    scheduleError(job, rules) ??
    concurrencyError(job.concurrency) ??
    (job.timezone === '' ? null : rules.timezoneError(job.timezone)) ??
    (job.executor === 'shell' ? shellError(job.executorConfig, rules) : null) ??
    policyError(job, rules)
  );
}

/** True of what can be the name of a job; nothing else needs to be looked for. */
export const isJobName = (name: string): boolean => nameError(name) === null;

/** Null: a job may have this name. */
export function nameError(name: string): string | null {
  if (name === '') return 'name cannot be empty';
  const illegal = /[^\p{Ll}0-9_-]/u.exec(name);
  if (illegal !== null) return `name contains illegal character '${illegal[0]}'`;
  if (Buffer.byteLength(name) > limits.jobNameBytes) return `name is longer than ${limits.jobNameBytes} bytes`;
  return null;
}

function scheduleError(job: JobDraft, rules: JobRules): string | null {
  if (job.schedule === '' && job.parentJob !== '') return null;
  const error = rules.scheduleError(job);
  return error === null ? null : `can't parse job schedule: ${error}`;
}

function shellError(config: StringMap | null, rules: JobRules): string | null {
  const timeout = config?.timeout ?? '';
  if (timeout !== '' && rules.duration(timeout) === null) return 'Error parsing job timeout value';
  const memoryLimit = config?.mem_limit ?? '';
  const detail = memoryLimit === '' ? null : rules.memoryLimitError(memoryLimit);
  if (detail !== null) return `Error parsing job memory limit value: ${detail}`;
  const codesError = rules.successCodesError(config?.success_codes ?? '');
  return codesError === null ? null : `executor_config.success_codes ${codesError}`;
}
