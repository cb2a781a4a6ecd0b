import { type JobName, type Stamp, type WallNs, wallMsOf } from '../units.ts';
import { applyDeleteJob } from './apply-job.ts';
import type { Change } from './changes.ts';
import { notRunnable, withNote } from './launch-rules.ts';
import type { Ledger } from './ledger.ts';
import type { JobRecord, JobStatus, OpenLaunch, UnplacedWork } from './records.ts';
import { retryPauses } from './retry-pauses.ts';

/**
 * Ends a launch once nothing of it is pending: the job's status, its children exactly once, an ephemeral job's end.
 * The status looks at the last attempt of each node only (Dkron counts retried failures too: its bug 6).
 */
export function settleLaunch(ledger: Ledger, name: JobName, group: Stamp, atNs: WallNs, out: Change[]): void {
  const launch = ledger.launch(name, group);
  const stored = ledger.job(name);
  if (launch === undefined || stored === undefined || launch.pending > 0) return;
  const status = statusOf(launch);
  const job: JobRecord = { ...stored, openLaunches: stored.openLaunches - 1, status: status ?? stored.status };
  ledger.deleteLaunch(launch);
  ledger.stats.launchEnded(name, atNs);
  ledger.putJob(job);
  out.push({ type: 'launchEnded', job: name, group, status: status ?? '' });
  if (status !== 'success') return;
  for (const child of new Set(job.dependentJobs)) launchChild(ledger, job.name, child, atNs, out);
  // A job with children stays, as in Dkron: deleting it is refused.
  if (job.ephemeral) applyDeleteJob(ledger, name, out);
}

/** Null: nothing of the launch ran. */
function statusOf(launch: OpenLaunch): JobStatus | null {
  if (launch.succeeded + launch.failed === 0) return null;
  if (launch.failed === 0) return 'success';
  return launch.succeeded === 0 ? 'failed' : 'partially_failed';
}

function launchChild(ledger: Ledger, parent: JobName, childName: string, atNs: WallNs, out: Change[]): void {
  const child = ledger.job(childName);
  if (child === undefined || child.parentJob !== parent) return;
  const atMs = wallMsOf(atNs);
  const reason = notRunnable(child, atMs);
  if (reason !== null) {
    ledger.putJob(
      withNote(ledger, child, { job: child.name, kind: 'skipped', fromMs: atMs, toMs: atMs, count: 1, reason }, out),
    );
    return;
  }
  const group = ledger.allotStamp(atNs);
  const work: UnplacedWork = {
    stamp: group,
    job: child.name,
    group,
    attempt: 1,
    scheduledAtMs: atMs,
    cause: 'parent',
    reason: 'child',
    dueAtMs: atMs,
    node: null,
  };
  ledger.putLaunch({
    job: child.name,
    group,
    scheduledAtMs: atMs,
    cause: 'parent',
    pending: 1,
    succeeded: 0,
    failed: 0,
  });
  ledger.putJob({ ...child, openLaunches: child.openLaunches + 1 });
  out.push({ type: 'launchBegan', job: child.name, group, cause: 'parent', scheduledAtMs: atMs });
  openWork(ledger, work, child, out);
}

/** Stores unplaced work and tells the dispatcher of it. */
export function openWork(ledger: Ledger, work: UnplacedWork, job: JobRecord, out: Change[]): void {
  ledger.putWork(work);
  out.push({ type: 'workOpened', work, tags: job.tags, retry: retryPauses(job.retry) });
}

/** Without the work that waited, its launch may end. A launch whose first attempt found no node ends as nothing. */
export function dropWork(ledger: Ledger, work: UnplacedWork, atNs: WallNs, out: Change[]): void {
  const launch = ledger.launch(work.job, work.group);
  if (launch === undefined) return;
  const failed = work.reason === 'child' ? launch.failed : launch.failed + 1;
  ledger.putLaunch({ ...launch, pending: launch.pending - 1, failed });
  settleLaunch(ledger, work.job, work.group, atNs, out);
}
