import type { JobRecord } from '../core/jobs/records.ts';
import type { Instant } from '../core/units.ts';
import type { JobDraft } from './job-draft.ts';
import { formatInstant, type ZonedInstant } from './json/time.ts';
import { jsonMap, jsonString, jsonStringMap, jsonStrings } from './json/writer.ts';
import { policiesJson } from './policy-json.ts';

/** A stored job, as Dkron shows it (dkron-v4 2.1). */
export function jobJson(job: JobRecord): string {
  return jobObject(job, {
    id: job.name,
    processors: jsonMap(job.processors ?? {}, jsonStringMap),
    time: nullableInstant,
    next: `"${formatInstant(job.next)}"`,
    extensions: policiesJson(job),
  });
}

/** The echo of a job that was sent: what was not sent is empty or null, offsets are as written. */
export function draftJson(draft: JobDraft): string {
  return jobObject(draft, {
    id: draft.id,
    processors: jsonMap(draft.processors, jsonStringMap),
    time: nullableZonedInstant,
    next: `"${formatInstant(draft.next.instant, draft.next.offsetSeconds)}"`,
    extensions: policiesJson(draft),
  });
}

export const jobsJson = (jobs: readonly JobRecord[]): string => `[${jobs.map(jobJson).join(',')}]`;

/** What stored jobs and drafts have in common; `Time` is how either keeps a nullable time. */
interface JobLike<Time> {
  readonly name: string;
  readonly displayname: string;
  readonly timezone: string;
  readonly schedule: string;
  readonly owner: string;
  readonly ownerEmail: string;
  readonly successCount: number | bigint;
  readonly errorCount: number | bigint;
  readonly lastSuccess: Time | null;
  readonly lastError: Time | null;
  readonly disabled: boolean;
  readonly tags: JobRecord['tags'];
  readonly metadata: JobRecord['metadata'];
  readonly retries: number | bigint;
  readonly dependentJobs: JobRecord['dependentJobs'];
  readonly parentJob: string;
  readonly concurrency: string;
  readonly executor: string;
  readonly executorConfig: JobRecord['executorConfig'];
  readonly status: string;
  readonly ephemeral: boolean;
  readonly startsAt: Time | null;
  readonly expiresAt: Time | null;
}

interface Differences<Time> {
  readonly id: string;
  readonly processors: string;
  readonly time: (value: Time | null) => string;
  readonly next: string;
  readonly extensions: string;
}

function jobObject<Time>(job: JobLike<Time>, { id, processors, time, next, extensions }: Differences<Time>): string {
  return (
    `{"id":${jsonString(id)},"name":${jsonString(job.name)},"displayname":${jsonString(job.displayname)}` +
    `,"timezone":${jsonString(job.timezone)},"schedule":${jsonString(job.schedule)}` +
    `,"owner":${jsonString(job.owner)},"owner_email":${jsonString(job.ownerEmail)}` +
    `,"success_count":${job.successCount},"error_count":${job.errorCount}` +
    `,"last_success":${time(job.lastSuccess)},"last_error":${time(job.lastError)}` +
    `,"disabled":${job.disabled},"tags":${jsonStringMap(job.tags)},"metadata":${jsonStringMap(job.metadata)}` +
    `,"retries":${job.retries},"dependent_jobs":${jsonStrings(job.dependentJobs)}` +
    `,"parent_job":${jsonString(job.parentJob)},"processors":${processors}` +
    `,"concurrency":${jsonString(job.concurrency)},"executor":${jsonString(job.executor)}` +
    `,"executor_config":${jsonStringMap(job.executorConfig)},"status":${jsonString(job.status)}` +
    `,"next":${next},"ephemeral":${job.ephemeral}` +
    `,"starts_at":${time(job.startsAt)},"expires_at":${time(job.expiresAt)}${extensions}}`
  );
}

const nullableInstant = (instant: Instant | null): string =>
  instant === null ? 'null' : `"${formatInstant(instant)}"`;

const nullableZonedInstant = (time: ZonedInstant | null): string =>
  time === null ? 'null' : `"${formatInstant(time.instant, time.offsetSeconds)}"`;
