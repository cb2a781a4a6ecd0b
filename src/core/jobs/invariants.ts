import type { JobRecord } from './records.ts';

/** The first invariant that a job's record breaks, in words; null when it breaks none. */
export function brokenJobInvariant(job: JobRecord): string | null {
  if (!Number.isSafeInteger(job.openLaunches) || job.openLaunches < 0) return 'openLaunches is not a natural number';
  if (!Number.isSafeInteger(job.executionsKept) || job.executionsKept < 0)
    return 'executionsKept is not a natural number';
  if (!Number.isSafeInteger(job.notesKept) || job.notesKept < 0) return 'notesKept is not a natural number';
  if (!Number.isSafeInteger(job.highWaterMs)) return 'highWaterMs is not an integer';
  if (!Number.isSafeInteger(job.successCount) || !Number.isSafeInteger(job.errorCount))
    return 'a counter is not an integer';
  if (job.parentJob === job.name) return 'the job is its own parent';
  return null;
}
