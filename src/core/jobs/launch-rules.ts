import { limits } from '../limits.ts';
import { compareInstants, instantOfMs, type JobName, type WallMs } from '../units.ts';
import type { Change } from './changes.ts';
import type { Ledger } from './ledger.ts';
import type { JobRecord, LaunchNote, UnplacedWork } from './records.ts';

/** Dkron's sentence when no node qualifies (dkron-v4 4.2). */
export const noTargets = (name: JobName): string => `no target nodes found to run job ${name}`;

export const disabledReason = 'job is disabled';

export const replacedReason = 'a newer launch takes its place (replace)';

/** Why a job is not run now although its time has come (dkron-v4 2.5 "Runnable checks"); null: it is run. */
export function notRunnable(job: JobRecord, scheduledAtMs: WallMs): string | null {
  const at = instantOfMs(scheduledAtMs);
  if (job.quarantine !== null) return `job is quarantined: ${job.quarantine}`;
  if (job.disabled) return disabledReason;
  if (job.startsAt !== null && compareInstants(at, job.startsAt) < 0) return 'job is not due to start yet';
  if (job.expiresAt !== null && compareInstants(at, job.expiresAt) > 0) return 'job is expired';
  if (job.concurrency === 'forbid' && job.openLaunches > 0) return 'concurrent execution (forbid)';
  return hasTooMany(job) ? tooManyLaunches : null;
}

/** Executions of such a job must not overlap: they depend on the lease of their node (P3). */
export const isExclusive = (job: JobRecord): boolean => ['forbid', 'replace', 'queue'].includes(job.concurrency);

export const tooManyLaunches = `${limits.openLaunchesPerJob} launches of the job have not ended: it takes no more`;

export const hasTooMany = (job: JobRecord): boolean => job.openLaunches >= limits.openLaunchesPerJob;

/**
 * True when a job that was disabled gets no further work of this kind. A disabled child still retries what it began,
 * and so does Dkron's; a job without parent doesn't (dkron-v4 2.5 "Retries").
 */
export const stopsWork = (job: JobRecord, reason: UnplacedWork['reason']): boolean =>
  job.disabled && (isFirst(reason) || job.parentJob === '');

/** Work that begins its launch, and is not one more attempt of it. */
export const isFirst = (reason: UnplacedWork['reason']): boolean => reason === 'child' || reason === 'start';

/** A due time that does not become a launch. */
export function noteSkipped(ledger: Ledger, name: JobName, atMs: WallMs, reason: string, out: Change[]): void {
  const job = ledger.job(name);
  if (job === undefined) return;
  const note: LaunchNote = { job: name, kind: 'skipped', fromMs: atMs, toMs: atMs, count: 1, reason };
  ledger.putJob(withNote(ledger, job, note, out));
}

/** The job with one more note, which is stored with it. */
export function withNote(ledger: Ledger, job: JobRecord, note: LaunchNote, out: Change[]): JobRecord {
  out.push({ type: 'launchNoted', note });
  return { ...job, notesKept: ledger.addNote(note, job.notesKept) };
}
