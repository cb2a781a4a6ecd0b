import {
  executionId,
  type Stamp,
  type WallMs,
  type WallNs,
  wallMsOf,
  wallNs,
  wallNsOf,
  ZERO_INSTANT,
} from '../units.ts';
import { refused } from './apply-job.ts';
import type { Change, ExecutionStart } from './changes.ts';
import type { AssignItem, Command, CommandResult, LaunchItem, MissedItem, ReassignItem } from './commands.ts';
import { dropSurplus } from './history.ts';
import { dropWork } from './launch-end.ts';
import {
  disabledReason,
  hasTooMany,
  isExclusive,
  noTargets,
  notRunnable,
  stopsWork,
  tooManyLaunches,
  withNote,
} from './launch-rules.ts';
import { type Ledger, raiseHighWater } from './ledger.ts';
import type { Cause, ExecutionRecord, JobRecord, LaunchNote, Target, UnplacedWork } from './records.ts';
import { retryPauses } from './retry-pauses.ts';

const DONE: CommandResult = { type: 'done' };

/** Scheduled launches. Here, and nowhere else, is decided what each of them does (design 4.3). */
export function applyLaunch(
  ledger: Ledger,
  command: Extract<Command, { type: 'launch' }>,
  out: Change[],
): CommandResult {
  for (const item of command.items) launchOne(ledger, item, command.nowNs, out);
  return DONE;
}

/**
 * The job of a planned item; null when the plan is void: made under another revision, for a job that became a child,
 * or for a due time that was seen already. The scheduler looks again.
 */
function plannedJob(ledger: Ledger, item: LaunchItem | MissedItem, atMs: WallMs): JobRecord | null {
  const job = ledger.job(item.name);
  if (job === undefined || job.scheduleRevision !== item.scheduleRevision || job.parentJob !== '') return null;
  return atMs <= job.highWaterMs || atMs <= job.effectiveFromMs ? null : job;
}

function launchOne(ledger: Ledger, item: LaunchItem, nowNs: WallNs, out: Change[]): void {
  const stored = plannedJob(ledger, item, item.scheduledAtMs);
  if (stored === null) return;
  const job: JobRecord = {
    ...stored,
    highWaterMs: raiseHighWater(stored, item.scheduledAtMs),
    next: item.next ?? ZERO_INSTANT,
  };
  const reason = notRunnable(job, item.scheduledAtMs) ?? (item.targets.length === 0 ? noTargets(job.name) : null);
  if (reason === null) {
    ledger.putJob(job);
    openLaunch(ledger, job, 'schedule', item.scheduledAtMs, wallNsOf(item.scheduledAtMs), nowNs, item.targets, out);
    return;
  }
  const note: LaunchNote = {
    job: job.name,
    kind: 'skipped',
    fromMs: item.scheduledAtMs,
    toMs: item.scheduledAtMs,
    count: 1,
    reason,
  };
  ledger.putJob(withNote(ledger, job, note, out));
}

function openLaunch(
  ledger: Ledger,
  job: JobRecord,
  cause: Cause,
  scheduledAtMs: WallMs,
  stampAtNs: WallNs,
  nowNs: WallNs,
  targets: readonly Target[],
  out: Change[],
): Stamp {
  const group = ledger.allotStamp(stampAtNs);
  ledger.putLaunch({ job: job.name, group, scheduledAtMs, cause, pending: targets.length, succeeded: 0, failed: 0 });
  ledger.putJob({ ...job, openLaunches: job.openLaunches + 1 });
  out.push({ type: 'launchBegan', job: job.name, group, cause, scheduledAtMs });
  for (const target of targets) {
    openExecution(ledger, { stamp: group, group, job: job.name, attempt: 1, scheduledAtMs, cause }, target, nowNs, out);
  }
  return group;
}

type Opening = Pick<ExecutionRecord, 'stamp' | 'group' | 'job' | 'attempt' | 'scheduledAtMs' | 'cause'>;

function openExecution(ledger: Ledger, opening: Opening, target: Target, nowNs: WallNs, out: Change[]): void {
  const job = ledger.job(opening.job);
  if (job === undefined) return;
  const record: ExecutionRecord = {
    ...opening,
    node: target.node,
    epoch: target.epoch,
    startedAtNs: nowNs,
    finishedAtNs: wallNs(0n),
    outcome: 'running',
    outputBytes: 0,
    wiped: false,
    droppedBytes: 0,
    late: null,
    stop: null,
  };
  ledger.putExecution(record);
  const { retention } = job;
  const executionsKept = job.executionsKept + 1;
  const executionsRunning = job.executionsRunning + 1;
  const dropped = dropSurplus(ledger, job.name, { executionsKept, executionsRunning, retention });
  ledger.putJob({ ...job, executionsKept: executionsKept - dropped, executionsRunning });
  out.push({ type: 'executionOpened', start: executionStart(job, record) });
}

export function executionStart(job: JobRecord, record: ExecutionRecord): ExecutionStart {
  return {
    id: executionId(record.stamp, record.node),
    job: record.job,
    stamp: record.stamp,
    node: record.node,
    epoch: record.epoch,
    group: record.group,
    attempt: record.attempt,
    scheduledAtMs: record.scheduledAtMs,
    cause: record.cause,
    assignedAtNs: record.startedAtNs,
    executor: job.executor,
    executorConfig: job.executorConfig,
    processors: job.processors,
    retries: job.retries,
    retry: retryPauses(job.retry),
    exclusive: isExclusive(job),
    stop: record.stop,
  };
}

/** By hand: bypasses the runnable checks, as in Dkron; a disabled job that is no child can't be run (dkron-v4 1.8, #47). */
export function applyRun(ledger: Ledger, command: Extract<Command, { type: 'run' }>, out: Change[]): CommandResult {
  const job = ledger.job(command.name);
  if (job === undefined) return refused('job_not_found', `there is no job ${command.name}`);
  if (job.disabled && job.parentJob === '')
    return refused('job_disabled', `job ${command.name} is disabled: enable it first`);
  if (command.targets.length === 0) return refused('no_targets', noTargets(job.name));
  if (hasTooMany(job)) return refused('limit_reached', tooManyLaunches);
  const group = openLaunch(
    ledger,
    job,
    'manual',
    wallMsOf(command.nowNs),
    command.nowNs,
    command.nowNs,
    command.targets,
    out,
  );
  return { type: 'launched', job, group };
}

/** Due times that nobody launched in time: counted as seen, and shown (P1). */
export function applyMissed(
  ledger: Ledger,
  command: Extract<Command, { type: 'missed' }>,
  out: Change[],
): CommandResult {
  for (const item of command.items) {
    // A range of which a part was launched meanwhile is void as a whole: its count is not right any more.
    const stored = plannedJob(ledger, item, item.fromMs);
    if (stored === null) continue;
    const { name, scheduleRevision, next, ...range } = item;
    const job: JobRecord = { ...stored, highWaterMs: raiseHighWater(stored, item.toMs), next: next ?? ZERO_INSTANT };
    ledger.putJob(withNote(ledger, job, { ...range, job: name, kind: 'missed' }, out));
  }
  return DONE;
}

/**
 * Unplaced work gets its nodes. Without any it is recorded as skipped and its launch may end; so it may when its job was
 * disabled while it waited: an attempt that failed is its record, a child is recorded as skipped.
 */
export function applyAssign(
  ledger: Ledger,
  command: Extract<Command, { type: 'assign' }>,
  out: Change[],
): CommandResult {
  for (const item of command.items) {
    const work = ledger.work(item.job, item.stamp);
    const job = ledger.job(item.job);
    if (work === undefined || job === undefined) continue;
    ledger.deleteWork(work);
    const stops = stopsWork(job, work.reason);
    if (!stops && item.targets.length > 0) {
      place(ledger, work, item, command.nowNs, out);
      continue;
    }
    if (!stops || work.reason === 'child') skipWork(ledger, work, stops ? disabledReason : noTargets(job.name), out);
    dropWork(ledger, work, command.nowNs, out);
  }
  return DONE;
}

function place(ledger: Ledger, work: UnplacedWork, item: AssignItem, nowNs: WallNs, out: Change[]): void {
  const launch = ledger.launch(work.job, work.group);
  if (launch === undefined) return;
  ledger.putLaunch({ ...launch, pending: launch.pending + item.targets.length - 1 });
  const { reason, dueAtMs, node, ...opening } = work;
  for (const target of item.targets) openExecution(ledger, opening, target, nowNs, out);
}

function skipWork(ledger: Ledger, work: UnplacedWork, reason: string, out: Change[]): void {
  const job = ledger.job(work.job);
  if (job === undefined) return;
  const at = work.scheduledAtMs;
  const note: LaunchNote = { job: job.name, kind: 'skipped', fromMs: at, toMs: at, count: 1, reason };
  ledger.putJob(withNote(ledger, job, note, out));
}

/** A start that certainly did not happen, again, for a new life of the same node. */
export function applyReassign(
  ledger: Ledger,
  command: Extract<Command, { type: 'reassign' }>,
  out: Change[],
): CommandResult {
  for (const item of command.items) reassignOne(ledger, item, command.nowNs, out);
  return DONE;
}

function reassignOne(ledger: Ledger, item: ReassignItem, nowNs: WallNs, out: Change[]): void {
  const record = ledger.execution(item.job, item.stamp, item.node);
  const job = ledger.job(item.job);
  if (record === undefined || job === undefined || record.outcome !== 'running' || record.epoch >= item.epoch) return;
  const moved: ExecutionRecord = { ...record, epoch: item.epoch, startedAtNs: nowNs };
  ledger.putExecution(moved);
  out.push({ type: 'executionOpened', start: executionStart(job, moved) });
}
