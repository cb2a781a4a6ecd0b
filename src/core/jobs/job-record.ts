import type { JobDefinition, JobRecord } from './records.ts';

/** What became of a job's runs, and the jobs that run after it. */
export type JobResults = Pick<
  JobRecord,
  'successCount' | 'errorCount' | 'lastSuccess' | 'lastError' | 'status' | 'dependentJobs'
>;

export type JobTiming = Pick<JobRecord, 'next' | 'scheduleRevision' | 'effectiveFromMs' | 'anchorMs' | 'highWaterMs'>;

export type JobCounts = Omit<JobRecord, keyof JobDefinition | keyof JobResults | keyof JobTiming>;

/**
 * A job put together from its parts; what these have besides is left out. The only place where one is made: V8 gives all of
 * them the same shape then, and what is put together otherwise is slow to read and to change (docs/decisions/0002, 0010).
 */
export function jobRecordOf(
  definition: JobDefinition,
  results: JobResults,
  timing: JobTiming,
  counts: JobCounts,
): JobRecord {
  return {
    name: definition.name,
    displayname: definition.displayname,
    timezone: definition.timezone,
    schedule: definition.schedule,
    owner: definition.owner,
    ownerEmail: definition.ownerEmail,
    disabled: definition.disabled,
    tags: definition.tags,
    metadata: definition.metadata,
    retries: definition.retries,
    parentJob: definition.parentJob,
    processors: definition.processors,
    concurrency: definition.concurrency,
    executor: definition.executor,
    executorConfig: definition.executorConfig,
    ephemeral: definition.ephemeral,
    startsAt: definition.startsAt,
    expiresAt: definition.expiresAt,
    catchup: definition.catchup,
    onLost: definition.onLost,
    queueLimit: definition.queueLimit,
    maxExecutions: definition.maxExecutions,
    retry: definition.retry,
    retention: definition.retention,
    successCount: results.successCount,
    errorCount: results.errorCount,
    lastSuccess: results.lastSuccess,
    lastError: results.lastError,
    status: results.status,
    next: timing.next,
    dependentJobs: results.dependentJobs,
    scheduleRevision: timing.scheduleRevision,
    effectiveFromMs: timing.effectiveFromMs,
    anchorMs: timing.anchorMs,
    highWaterMs: timing.highWaterMs,
    openLaunches: counts.openLaunches,
    executionsKept: counts.executionsKept,
    executionsRunning: counts.executionsRunning,
    notesKept: counts.notesKept,
    quarantine: counts.quarantine,
    launchesWaiting: counts.launchesWaiting,
    executionsWaiting: counts.executionsWaiting,
    executionsWaitingForNode: counts.executionsWaitingForNode,
  };
}
