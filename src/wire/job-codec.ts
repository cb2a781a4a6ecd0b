import { jobRecordOf } from '../core/jobs/job-record.ts';
import type {
  CatchupPolicy,
  JobDefinition,
  JobRecord,
  RetentionPolicy,
  RetryPolicy,
  SubmittedJob,
} from '../core/jobs/records.ts';
import { jobName, wallMs } from '../core/units.ts';
import { type FieldReader, plainMapOfMaps, plainNullable, plainStringMap } from './fields.ts';
import type { Plain } from './msgpack.ts';

/** Positional tuples of jobs. Fields are appended, never moved: bytes of every released version decode for ever. */

function plainDefinition(job: JobDefinition): Plain[] {
  return [
    job.name,
    job.displayname,
    job.timezone,
    job.schedule,
    job.owner,
    job.ownerEmail,
    job.disabled,
    plainNullable(job.tags, plainStringMap),
    plainNullable(job.metadata, plainStringMap),
    job.retries,
    job.parentJob,
    plainNullable(job.processors, plainMapOfMaps),
    job.concurrency,
    job.executor,
    plainNullable(job.executorConfig, plainStringMap),
    job.ephemeral,
    job.startsAt,
    job.expiresAt,
    plainNullable(job.catchup, (catchup) => [catchup.policy, catchup.window, catchup.cap]),
    job.onLost,
    job.queueLimit,
    job.maxExecutions,
    plainNullable(job.retry, (retry) => [retry.interval, retry.backoff, retry.maxInterval]),
    plainNullable(job.retention, (retention) => [retention.count, retention.age]),
  ];
}

function readDefinition(reader: FieldReader): JobDefinition {
  return {
    name: jobName(reader.string()),
    displayname: reader.string(),
    timezone: reader.string(),
    schedule: reader.string(),
    owner: reader.string(),
    ownerEmail: reader.string(),
    disabled: reader.boolean(),
    tags: reader.nullable((field) => field.stringMap()),
    metadata: reader.nullable((field) => field.stringMap()),
    retries: reader.number(),
    parentJob: reader.string(),
    processors: reader.nullable((field) => field.mapOfMaps()),
    concurrency: reader.string(),
    executor: reader.string(),
    executorConfig: reader.nullable((field) => field.stringMap()),
    ephemeral: reader.boolean(),
    startsAt: reader.nullable((field) => field.instant()),
    expiresAt: reader.nullable((field) => field.instant()),
    catchup: reader.nullable(readCatchup),
    onLost: reader.nullable((field) => field.oneOf(['record', 'rerun'])),
    // Jobs of the first release end here.
    queueLimit: reader.remaining === 0 ? null : reader.nullable((field) => field.number()),
    maxExecutions: reader.remaining === 0 ? null : reader.nullable((field) => field.number()),
    retry: reader.remaining === 0 ? null : reader.nullable(readRetry),
    retention: reader.remaining === 0 ? null : reader.nullable(readRetention),
  };
}

function readRetry(field: FieldReader): RetryPolicy {
  const reader = field.tuple('retry');
  return { interval: reader.string(), backoff: reader.number(), maxInterval: reader.string() };
}

function readRetention(field: FieldReader): RetentionPolicy {
  const reader = field.tuple('retention');
  return { count: reader.number(), age: reader.nullable((age) => age.string()) };
}

function readCatchup(field: FieldReader): CatchupPolicy {
  const reader = field.tuple('catchup');
  return { policy: reader.oneOf(['skip', 'once', 'all']), window: reader.string(), cap: reader.number() };
}

/** What a server computes, and a client may send along (dkron-v4 2.4). */
type Computed = Pick<
  SubmittedJob & JobRecord,
  'successCount' | 'errorCount' | 'lastSuccess' | 'lastError' | 'status' | 'next' | 'dependentJobs'
>;

const plainComputed = (job: Computed): Plain[] => [
  job.successCount,
  job.errorCount,
  job.lastSuccess,
  job.lastError,
  job.status,
  job.next,
  job.dependentJobs,
];

function readComputed(reader: FieldReader): Computed {
  return {
    successCount: reader.number(),
    errorCount: reader.number(),
    lastSuccess: reader.nullable((field) => field.instant()),
    lastError: reader.nullable((field) => field.instant()),
    status: reader.string(),
    next: reader.instant(),
    dependentJobs: reader.nullable((field) => field.list((item) => item.string())),
  };
}

export function plainSubmittedJob(job: SubmittedJob): Plain {
  return [plainDefinition(job), ...plainComputed(job), job.id];
}

export function readSubmittedJob(reader: FieldReader): SubmittedJob {
  return Object.assign(readDefinition(reader.tuple('definition')), readComputed(reader), { id: reader.string() });
}

type Waiting = Pick<JobRecord, 'launchesWaiting' | 'executionsWaiting' | 'executionsWaitingForNode'>;

/** Left out while nothing waits: records of jobs that never wait stay as short as they were. */
function plainWaiting({ launchesWaiting, executionsWaiting, executionsWaitingForNode }: Waiting): Plain[] {
  const isNone = launchesWaiting === 0 && executionsWaiting === 0 && executionsWaitingForNode === 0;
  return isNone ? [] : [launchesWaiting, executionsWaiting, executionsWaitingForNode];
}

export function plainJobRecord(job: JobRecord): Plain {
  return [
    plainDefinition(job),
    ...plainComputed(job),
    job.scheduleRevision,
    job.effectiveFromMs,
    job.anchorMs,
    job.highWaterMs,
    job.openLaunches,
    job.executionsKept,
    job.executionsRunning,
    job.notesKept,
    job.quarantine,
    ...plainWaiting(job),
  ];
}

export function readJobRecord(reader: FieldReader): JobRecord {
  const definition = readDefinition(reader.tuple('definition'));
  const computed = readComputed(reader);
  const timing = {
    next: computed.next,
    scheduleRevision: reader.number(),
    effectiveFromMs: wallMs(reader.number()),
    anchorMs: wallMs(reader.number()),
    highWaterMs: wallMs(reader.number()),
  };
  return jobRecordOf(definition, computed, timing, {
    openLaunches: reader.number(),
    executionsKept: reader.number(),
    executionsRunning: reader.number(),
    notesKept: reader.number(),
    quarantine: reader.nullable((field) => field.string()),
    launchesWaiting: reader.remaining === 0 ? 0 : reader.number(),
    executionsWaiting: reader.remaining === 0 ? 0 : reader.number(),
    executionsWaitingForNode: reader.remaining === 0 ? 0 : reader.number(),
  });
}
