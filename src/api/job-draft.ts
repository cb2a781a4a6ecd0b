import type { CatchupPolicy, RetentionPolicy, RetryPolicy, StringMap, SubmittedJob } from '../core/jobs/records.ts';
import { limits } from '../core/limits.ts';
import { type Instant, jobName, ZERO_INSTANT } from '../core/units.ts';
import type { ZonedInstant } from './json/time.ts';

/** `catchup` as a client wrote it; what is missing has the default. */
export interface CatchupDraft {
  policy: string;
  window: string;
  cap: bigint;
}

/** `retry` as a client wrote it; what is missing has the default. */
export interface RetryDraft {
  interval: string;
  backoff: bigint;
  maxInterval: string;
}

/** `retention` as a client wrote it; a missing count has the default. */
export interface RetentionDraft {
  count: bigint;
  age: string | null;
}

/**
 * A job exactly as a client sent it: what the answer to a create echoes. Integers are as large as Go takes them,
 * times keep their offset, empty maps stay empty.
 */
export interface JobDraft {
  id: string;
  name: string;
  displayname: string;
  timezone: string;
  schedule: string;
  owner: string;
  ownerEmail: string;
  successCount: bigint;
  errorCount: bigint;
  lastSuccess: ZonedInstant | null;
  lastError: ZonedInstant | null;
  disabled: boolean;
  tags: StringMap | null;
  metadata: StringMap | null;
  retries: bigint;
  dependentJobs: readonly string[] | null;
  parentJob: string;
  processors: Readonly<Record<string, StringMap | null>> | null;
  concurrency: string;
  executor: string;
  executorConfig: StringMap | null;
  status: string;
  next: ZonedInstant;
  ephemeral: boolean;
  startsAt: ZonedInstant | null;
  expiresAt: ZonedInstant | null;
  catchup: CatchupDraft | null;
  /** Empty: not set. */
  onLost: string;
  queueLimit: bigint | null;
  maxExecutions: bigint | null;
  retry: RetryDraft | null;
  retention: RetentionDraft | null;
}

export const defaultCatchup = (): CatchupDraft => ({
  policy: 'all',
  window: `${limits.catchupWindowMs / 1000}s`,
  cap: BigInt(limits.catchupCap),
});

export const defaultRetry = (): RetryDraft => ({ interval: '10s', backoff: 1n, maxInterval: '1h' });

export const defaultRetention = (): RetentionDraft => ({ count: BigInt(limits.executionsPerJob), age: null });

/** A job of which nothing was said. `concurrency`: `allow` for a create, empty for a restore (dkron-v4 1.5, 1.10). */
export function emptyDraft(concurrency: 'allow' | ''): JobDraft {
  return {
    id: '',
    name: '',
    displayname: '',
    timezone: '',
    schedule: '',
    owner: '',
    ownerEmail: '',
    successCount: 0n,
    errorCount: 0n,
    lastSuccess: null,
    lastError: null,
    disabled: false,
    tags: null,
    metadata: null,
    retries: 0n,
    dependentJobs: null,
    parentJob: '',
    processors: null,
    concurrency,
    executor: '',
    executorConfig: null,
    status: '',
    next: { instant: ZERO_INSTANT, offsetSeconds: 0 },
    ephemeral: false,
    startsAt: null,
    expiresAt: null,
    catchup: null,
    onLost: '',
    queueLimit: null,
    maxExecutions: null,
    retry: null,
    retention: null,
  };
}

/** The command's form of a draft that `validateJob` accepted: numbers cut as Dkron cuts them, empty maps as null, times in UTC. */
export function submittedJob(draft: JobDraft): SubmittedJob {
  return {
    id: draft.id,
    name: jobName(draft.name),
    displayname: draft.displayname,
    timezone: draft.timezone,
    schedule: draft.schedule,
    owner: draft.owner,
    ownerEmail: draft.ownerEmail,
    successCount: cutToInt32(draft.successCount),
    errorCount: cutToInt32(draft.errorCount),
    lastSuccess: instantOf(draft.lastSuccess),
    lastError: instantOf(draft.lastError),
    disabled: draft.disabled,
    tags: nullIfEmpty(draft.tags),
    metadata: nullIfEmpty(draft.metadata),
    retries: Number(BigInt.asUintN(32, draft.retries)),
    dependentJobs: draft.dependentJobs?.length === 0 ? null : draft.dependentJobs,
    parentJob: draft.parentJob,
    processors: submittedProcessors(draft.processors),
    concurrency: draft.concurrency,
    executor: draft.executor,
    executorConfig: nullIfEmpty(draft.executorConfig),
    status: draft.status,
    next: draft.next.instant,
    ephemeral: draft.ephemeral,
    startsAt: instantOf(draft.startsAt),
    expiresAt: instantOf(draft.expiresAt),
    catchup: draft.catchup === null ? null : submittedCatchup(draft.catchup),
    onLost: draft.onLost === 'record' || draft.onLost === 'rerun' ? draft.onLost : null,
    queueLimit: numberOf(draft.queueLimit),
    maxExecutions: numberOf(draft.maxExecutions),
    retry: draft.retry === null ? null : submittedRetry(draft.retry),
    retention: draft.retention === null ? null : submittedRetention(draft.retention),
  };
}

/** Dkron stores its numbers in 32 bits, and cuts off what is more without a word. */
const cutToInt32 = (value: bigint): number => Number(BigInt.asIntN(32, value));

const numberOf = (value: bigint | null): number | null => (value === null ? null : Number(value));

const instantOf = (time: ZonedInstant | null): Instant | null => time?.instant ?? null;

const nullIfEmpty = (map: StringMap | null): StringMap | null =>
  map === null || Object.keys(map).length === 0 ? null : map;

function submittedProcessors(processors: JobDraft['processors']): SubmittedJob['processors'] {
  if (processors === null || Object.keys(processors).length === 0) return null;
  const result: Record<string, StringMap> = Object.create(null);
  for (const [name, config] of Object.entries(processors)) result[name] = config ?? {};
  return result;
}

export const catchupPolicies = ['skip', 'once', 'all'] as const;

function submittedCatchup({ policy, window, cap }: CatchupDraft): CatchupPolicy {
  const known = catchupPolicies.find((name) => name === policy);
  return { policy: known ?? 'all', window, cap: Number(cap) };
}

const submittedRetry = (retry: RetryDraft): RetryPolicy => ({ ...retry, backoff: Number(retry.backoff) });

const submittedRetention = ({ count, age }: RetentionDraft): RetentionPolicy => ({ count: Number(count), age });
