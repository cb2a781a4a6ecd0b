import {
  compareInstants,
  EPOCH_INSTANT,
  executionId,
  type Instant,
  type JobName,
  type LogIndex,
  wallMs,
  ZERO_INSTANT,
} from '../units.ts';
import type { Change, JobChange, JobSchedule } from './changes.ts';
import type { Command, CommandResult, RefusalCode } from './commands.ts';
import { dropSurplus, retentionAgeMs, surplusOf } from './history.ts';
import { recounted } from './invariants.ts';
import { type JobResults, type JobTiming, jobRecordOf } from './job-record.ts';
import type { Ledger } from './ledger.ts';
import type { ExecutionRecord, JobDefinition, JobRecord, OpenLaunch, SubmittedJob, UnplacedWork } from './records.ts';

type SetJob = Extract<Command, { type: 'setJob' }>;
type SetDisabled = Extract<Command, { type: 'setDisabled' }>;

export const refused = (code: RefusalCode, message: string): CommandResult => ({ type: 'refused', code, message });

/** Create, or replace with Dkron's merge of the computed fields (dkron-v4 2.4). */
export function applySetJob(ledger: Ledger, index: LogIndex, command: SetJob, out: Change[]): CommandResult {
  const submitted = command.job;
  const refusal = refuseParent(ledger, submitted);
  if (refusal !== null) return refusal;
  const stored = ledger.job(submitted.name);
  const kept = keptOf(ledger, submitted, stored);
  const job = jobRecordOf(submitted, mergedFields(submitted, stored), timingFields(command, index, stored), {
    openLaunches: stored?.openLaunches ?? 0,
    launchesWaiting: stored?.launchesWaiting ?? 0,
    executionsWaiting: stored?.executionsWaiting ?? 0,
    executionsWaitingForNode: stored?.executionsWaitingForNode ?? 0,
    executionsKept: kept,
    executionsRunning: stored?.executionsRunning ?? 0,
    notesKept: stored?.notesKept ?? 0,
    quarantine: null,
  });
  const isRepaired = stored !== undefined && stored.quarantine !== null;
  putAndTell(ledger, isRepaired ? recounted(ledger, job) : job, stored === undefined ? 'created' : 'updated', out);
  const oldParent = stored?.parentJob ?? '';
  if (oldParent !== job.parentJob) {
    removeChild(ledger, oldParent, job.name);
    addChild(ledger, job.parentJob, job.name);
  }
  return { type: 'job', job: ledger.job(job.name) ?? job };
}

/** A lowered `retention.count` drops what is too much, as far as one command may. */
function keptOf(ledger: Ledger, { name, retention }: SubmittedJob, stored: JobRecord | undefined): number {
  if (stored === undefined) return 0;
  const { executionsKept, executionsRunning } = stored;
  return executionsKept - dropSurplus(ledger, name, { executionsKept, executionsRunning, retention });
}

function refuseParent(ledger: Ledger, job: JobDefinition): CommandResult | null {
  if (job.parentJob === '') return null;
  if (job.parentJob === job.name) return refused('same_parent', 'the job can not have itself as parent');
  if (ledger.job(job.parentJob) === undefined) return refused('parent_not_found', 'specified parent job not found');
  const seen = new Set<string>();
  for (let name = job.parentJob; name !== '' && !seen.has(name); name = ledger.job(name)?.parentJob ?? '') {
    if (name === job.name) {
      return refused(
        'parent_cycle',
        `parent_job ${job.parentJob} would close a cycle: it runs after ${job.name} already`,
      );
    }
    seen.add(name);
  }
  return null;
}

/** Clients can raise the counters and instants, never lower them; a status and children once stored stay. */
function mergedFields(submitted: SubmittedJob, stored: JobRecord | undefined): JobResults {
  const storedChildren = stored?.dependentJobs ?? [];
  const children = storedChildren.length > 0 ? storedChildren : [...new Set(submitted.dependentJobs ?? [])];
  return {
    successCount: Math.max(submitted.successCount, stored?.successCount ?? submitted.successCount),
    errorCount: Math.max(submitted.errorCount, stored?.errorCount ?? submitted.errorCount),
    lastSuccess: laterOf(submitted.lastSuccess, stored?.lastSuccess ?? null),
    lastError: laterOf(submitted.lastError, stored?.lastError ?? null),
    status: stored !== undefined && stored.status !== '' ? stored.status : submitted.status,
    dependentJobs: children.length > 0 ? children : null,
  };
}

function laterOf(a: Instant | null, b: Instant | null): Instant | null {
  if (a === null || b === null) return a ?? b;
  return compareInstants(a, b) >= 0 ? a : b;
}

/**
 * A changed schedule, zone or start starts a new revision: what was planned before is void, and nothing before now is
 * due (an edit of a schedule invents no run). Only a changed schedule text moves the anchor of `@every` (P8).
 */
function timingFields(command: SetJob, index: LogIndex, stored: JobRecord | undefined): JobTiming {
  const job = command.job;
  const textChanged = job.schedule !== (stored?.schedule ?? '');
  const timingChanged =
    textChanged ||
    (stored !== undefined && (job.timezone !== stored.timezone || !sameInstant(job.startsAt, stored.startsAt)));
  const starts = stored === undefined || timingChanged || (isActive(job) && !isActive(stored));
  const recompute = timingChanged || (starts && stored !== undefined && job.schedule !== '');
  return {
    scheduleRevision: starts || stored === undefined ? index : stored.scheduleRevision,
    effectiveFromMs: starts || stored === undefined ? command.nowMs : stored.effectiveFromMs,
    anchorMs: textChanged || stored === undefined ? command.nowMs : stored.anchorMs,
    highWaterMs: stored?.highWaterMs ?? wallMs(0),
    next: recompute
      ? (command.next ?? ZERO_INSTANT)
      : (laterOf(job.next, stored?.next ?? EPOCH_INSTANT) ?? ZERO_INSTANT),
  };
}

function sameInstant(a: Instant | null, b: Instant | null): boolean {
  if (a === null || b === null) return a === b;
  return compareInstants(a, b) === 0;
}

export function putAndTell(ledger: Ledger, job: JobRecord, how: JobChange, out: Change[]): JobRecord {
  const stored = ledger.putJob(job);
  out.push({ type: 'jobSet', schedule: jobSchedule(stored), how, quarantine: stored.quarantine });
  return stored;
}

const isActive = (job: JobDefinition): boolean => !job.disabled && job.parentJob === '';

/** What the scheduler follows of a job. */
export function jobSchedule(job: JobRecord): JobSchedule {
  return {
    name: job.name,
    schedule: job.schedule,
    timezone: job.timezone,
    startsAt: job.startsAt,
    expiresAt: job.expiresAt,
    catchup: job.catchup,
    tags: job.tags,
    scheduleRevision: job.scheduleRevision,
    effectiveFromMs: job.effectiveFromMs,
    anchorMs: job.anchorMs,
    highWaterMs: job.highWaterMs,
    retentionAgeMs: retentionAgeMs(job),
    hasSurplus: surplusOf(job) > 0,
    mayBeClaimed: job.concurrency === 'allow' && job.maxExecutions === null,
    active: isActive(job) && job.quarantine === null,
  };
}

function addChild(ledger: Ledger, parentName: string, child: JobName): void {
  const parent = ledger.job(parentName);
  if (parent === undefined || parent.dependentJobs?.includes(child) === true) return;
  ledger.putJob({ ...parent, dependentJobs: [...(parent.dependentJobs ?? []), child] });
}

function removeChild(ledger: Ledger, parentName: string, child: JobName): void {
  const parent = ledger.job(parentName);
  if (parent === undefined || parent.dependentJobs === null) return;
  const children = parent.dependentJobs.filter((name) => name !== child);
  ledger.putJob({ ...parent, dependentJobs: children.length > 0 ? children : null });
}

/** Running executions go on to their end on their nodes; their records and all others of the job are dropped. */
export function applyDeleteJob(ledger: Ledger, name: JobName, out: Change[]): CommandResult {
  const job = ledger.job(name);
  if (job === undefined) return refused('job_not_found', `there is no job ${name}`);
  if ((job.dependentJobs?.length ?? 0) > 0) {
    return refused('has_dependents', 'store: could not delete job with dependent jobs, delete children first');
  }
  for (const execution of executionsOf(ledger, name)) {
    ledger.deleteExecution(execution);
    if (execution.outcome === 'running') {
      out.push({ type: 'executionDropped', id: executionId(execution.stamp, execution.node), job: name });
    }
  }
  const launches: OpenLaunch[] = [];
  ledger.visitLaunches(name, (launch) => launches.push(launch) > 0);
  for (const launch of launches) ledger.deleteLaunch(launch);
  const work: UnplacedWork[] = [];
  ledger.visitWork(name, (item) => work.push(item) > 0);
  for (const item of work) ledger.deleteWork(item);
  ledger.deleteNotes(name);
  removeChild(ledger, job.parentJob, name);
  ledger.deleteJob(name);
  out.push({ type: 'jobDeleted', name });
  return { type: 'job', job };
}

function executionsOf(ledger: Ledger, name: JobName): ExecutionRecord[] {
  const executions: ExecutionRecord[] = [];
  ledger.visitExecutions(name, (record) => executions.push(record) > 0);
  return executions;
}

/** Enabling makes due only what comes after now (P1). */
export function applySetDisabled(ledger: Ledger, command: SetDisabled, out: Change[]): CommandResult {
  const stored = ledger.job(command.name);
  if (stored === undefined) return refused('job_not_found', `there is no job ${command.name}`);
  const enabled = stored.disabled && !command.disabled;
  const job: JobRecord = {
    ...stored,
    disabled: command.disabled,
    quarantine: enabled ? null : stored.quarantine,
    effectiveFromMs: enabled ? command.nowMs : stored.effectiveFromMs,
    next: enabled && stored.schedule !== '' ? (command.next ?? ZERO_INSTANT) : stored.next,
  };
  const isRepaired = enabled && stored.quarantine !== null;
  const how = command.disabled ? 'disabled' : 'enabled';
  return { type: 'job', job: putAndTell(ledger, isRepaired ? recounted(ledger, job) : job, how, out) };
}

/** Drops history and counters; what runs is hidden and stays tracked, or `forbid` could no longer see it. */
export function applyDeleteExecutions(ledger: Ledger, name: JobName): CommandResult {
  const stored = ledger.job(name);
  if (stored === undefined) return refused('job_not_found', `there is no job ${name}`);
  let kept = 0;
  for (const execution of executionsOf(ledger, name)) {
    if (execution.outcome !== 'running') {
      ledger.deleteExecution(execution);
      continue;
    }
    kept += 1;
    ledger.putExecution({ ...execution, wiped: true });
  }
  ledger.deleteNotes(name);
  ledger.stats.forget(name);
  const job: JobRecord = {
    ...stored,
    successCount: 0,
    errorCount: 0,
    lastSuccess: null,
    lastError: null,
    executionsKept: kept,
    executionsRunning: kept,
    notesKept: 0,
  };
  ledger.putJob(job);
  return { type: 'job', job };
}
