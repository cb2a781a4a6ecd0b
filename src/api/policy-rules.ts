import { limits } from '../core/limits.ts';
import { catchupPolicies, type JobDraft } from './job-draft.ts';
import type { JobRules } from './job-rules.ts';

/** Of Carillon's own keys, the first that can't be taken: its name, and what can be. Null: all can be. */
export function policyError(job: JobDraft, rules: Pick<JobRules, 'duration'>): string | null {
  return (
    catchupError(job, rules) ??
    onLostError(job.onLost) ??
    queueLimitError(job) ??
    rangeError('max_executions', job.maxExecutions, limits.maxExecutionsMost) ??
    retryError(job, rules) ??
    retentionError(job, rules)
  );
}

export function concurrencyError(concurrency: string): string | null {
  if (['', 'allow', 'forbid', 'replace', 'queue'].includes(concurrency)) return null;
  return 'invalid concurrency policy value, use "allow", "forbid", "replace" or "queue"';
}

function catchupError({ catchup }: JobDraft, rules: Pick<JobRules, 'duration'>): string | null {
  if (catchup === null) return null;
  if (!catchupPolicies.some((policy) => policy === catchup.policy)) {
    return `catchup.policy must be one of ${catchupPolicies.join(', ')}`;
  }
  const window = rules.duration(catchup.window);
  if (window === null || window < 0n) return 'catchup.window must be a duration such as 90s or 1h30m, and not negative';
  return rangeError('catchup.cap', catchup.cap, limits.catchupCapMost);
}

function onLostError(onLost: string): string | null {
  return onLost === '' || onLost === 'record' || onLost === 'rerun' ? null : 'on_lost must be record or rerun';
}

function queueLimitError({ queueLimit, concurrency }: JobDraft): string | null {
  if (queueLimit !== null && concurrency !== 'queue') return 'queue_limit needs concurrency queue';
  return rangeError('queue_limit', queueLimit, limits.queueLimitMost);
}

function retryError({ retry }: JobDraft, rules: Pick<JobRules, 'duration'>): string | null {
  if (retry === null) return null;
  const interval = rules.duration(retry.interval);
  const longest = rules.duration(retry.maxInterval);
  if (!isPause(interval)) return `retry.interval ${pauseSentence}`;
  if (!isPause(longest)) return `retry.max_interval ${pauseSentence}`;
  if (longest < interval) return `retry.max_interval (${retry.maxInterval}) must not be shorter than retry.interval`;
  return rangeError('retry.backoff', retry.backoff, limits.retryBackoffMost);
}

const NS_PER_MS = 1_000_000n;

const pauseSentence = `must be a duration such as 90s or 1h30m, within 1ms and ${limits.retryPauseMostMs / 3_600_000}h`;

const isPause = (nanoseconds: bigint | null): nanoseconds is bigint =>
  nanoseconds !== null && nanoseconds >= NS_PER_MS && nanoseconds <= BigInt(limits.retryPauseMostMs) * NS_PER_MS;

function retentionError({ retention }: JobDraft, rules: Pick<JobRules, 'duration'>): string | null {
  if (retention === null) return null;
  const age = retention.age === null ? null : (rules.duration(retention.age) ?? 0n);
  if (age !== null && age < BigInt(limits.retentionAgeLeastMs) * NS_PER_MS) {
    return `retention.age must be a duration such as 36h or 720h, at least ${limits.retentionAgeLeastMs / 1000}s and below 2562047h`;
  }
  return rangeError('retention.count', retention.count, limits.executionsPerJobMost);
}

const rangeError = (field: string, value: bigint | null, most: number): string | null =>
  value === null || (value >= 1n && value <= BigInt(most)) ? null : `${field} must be within 1 and ${most}`;
