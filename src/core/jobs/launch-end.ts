import { type JobName, type Stamp, type WallMs, type WallNs, wallMsOf } from '../units.ts';
import { applyDeleteJob } from './apply-job.ts';
import type { Change } from './changes.ts';
import { isFirst, noteSkipped, notRunnable, replacedReason } from './launch-rules.ts';
import type { Ledger } from './ledger.ts';
import type { Cause, ExecutionRecord, JobRecord, JobStatus, OpenLaunch, UnplacedWork, WaitCause } from './records.ts';
import { retryPauses } from './retry-pauses.ts';
import { stopExecution } from './stop-execution.ts';

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
  const scheduledAtMs = wallMsOf(atNs);
  const reason = notRunnable(child, scheduledAtMs);
  if (reason !== null) {
    noteSkipped(ledger, child.name, scheduledAtMs, reason, out);
    return;
  }
  const planned: PlannedLaunch = { job: child.name, cause: 'parent', scheduledAtMs, stampAtNs: atNs, nowNs: atNs };
  if (mayStart(ledger, planned, out)) openUnplaced(ledger, planned, null, out);
}

/** A launch that is due. */
export interface PlannedLaunch {
  readonly job: JobName;
  readonly cause: Cause;
  readonly scheduledAtMs: WallMs;
  readonly stampAtNs: bigint;
  readonly nowNs: WallNs;
}

/**
 * Whether a launch by a schedule or by a parent may start now, by the `concurrency` of its job. One that may not waits
 * from now on, or is recorded as skipped. Under `replace` what the job runs is told to end.
 */
export function mayStart(ledger: Ledger, planned: PlannedLaunch, out: Change[]): boolean {
  const { job: name, scheduledAtMs, nowNs } = planned;
  const job = ledger.job(name);
  if (job === undefined) return false;
  if (job.openLaunches === 0) return true;
  if (job.concurrency === 'replace') {
    replaceOpen(ledger, name, nowNs, out);
    // What only waited has ended at once; an ephemeral job may be gone with it.
    const left = ledger.job(name);
    if (left === undefined || left.openLaunches === 0) return left !== undefined;
    openUnplaced(ledger, planned, 'replace', out);
    return false;
  }
  if (job.concurrency !== 'queue') return true;
  const most = job.queueLimit ?? 1;
  if (job.launchesWaiting < most) openUnplaced(ledger, planned, 'queue', out);
  else noteSkipped(ledger, name, scheduledAtMs, `as many launches wait as may (queue_limit ${most})`, out);
  return false;
}

/** Ends everything that is open of a job: what runs is told to, what waits is dropped. */
function replaceOpen(ledger: Ledger, name: JobName, nowNs: WallNs, out: Change[]): void {
  const executions: ExecutionRecord[] = [];
  ledger.visitExecutions(name, (record) => executions.push(record) > 0);
  for (const record of executions) {
    if (record.outcome === 'running') stopExecution(ledger, record, 'replaced', out);
  }
  const waiting: UnplacedWork[] = [];
  ledger.visitWork(name, (work) => waiting.push(work) > 0);
  for (const work of waiting) {
    ledger.deleteWork(work);
    if (isFirst(work.reason)) noteSkipped(ledger, name, work.scheduledAtMs, replacedReason, out);
    // The attempt before it shows why none followed.
    const before = executions.find((record) => follows(work, record));
    if (before !== undefined) ledger.putExecution({ ...before, stop: 'replaced' });
    dropWork(ledger, work, nowNs, out);
  }
}

const follows = ({ group, attempt, node }: UnplacedWork, before: ExecutionRecord): boolean =>
  before.group === group && before.attempt === attempt - 1 && (node === null || node === before.node);

/** Opens a launch whose first attempt has no nodes yet. */
function openUnplaced(ledger: Ledger, planned: PlannedLaunch, waitsFor: WaitCause | null, out: Change[]): void {
  const { job: name, cause, scheduledAtMs, stampAtNs, nowNs } = planned;
  const job = ledger.job(name);
  if (job === undefined) return;
  const group = ledger.allotStamp(stampAtNs);
  const sinceMs = wallMsOf(nowNs);
  const work: UnplacedWork = {
    stamp: group,
    job: name,
    group,
    attempt: 1,
    scheduledAtMs,
    cause,
    reason: cause === 'parent' ? 'child' : 'start',
    dueAtMs: sinceMs,
    node: null,
    waits: waitsFor === null ? null : { for: waitsFor, sinceMs },
  };
  ledger.putLaunch({ job: name, group, scheduledAtMs, cause, pending: 1, succeeded: 0, failed: 0 });
  ledger.putJob({ ...job, openLaunches: job.openLaunches + 1 });
  out.push({ type: 'launchBegan', job: name, group, cause, scheduledAtMs });
  openWork(ledger, work, job, out);
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
  const failed = isFirst(work.reason) ? launch.failed : launch.failed + 1;
  ledger.putLaunch({ ...launch, pending: launch.pending - 1, failed });
  settleLaunch(ledger, work.job, work.group, atNs, out);
}
