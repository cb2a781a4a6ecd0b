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
import type { Command, CommandResult, LaunchItem, MissedItem, ReassignItem } from './commands.ts';
import { dropSurplus } from './history.ts';
import { dropWork, mayStart, openWork, type PlannedLaunch } from './launch-end.ts';
import {
  disabledReason,
  hasTooMany,
  isExclusive,
  isFirst,
  noTargets,
  noteSkipped,
  notRunnable,
  stopsWork,
  tooManyLaunches,
  withNote,
} from './launch-rules.ts';
import { type Ledger, raiseHighWater } from './ledger.ts';
import type { ExecutionRecord, JobRecord, Target, UnplacedWork, WorkWait } from './records.ts';
import { retryPauses } from './retry-pauses.ts';
import { queueFull, waitOf } from './room.ts';

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
  ledger.putJob(job);
  const { name, scheduledAtMs, targets } = item;
  const reason = notRunnable(job, scheduledAtMs) ?? (targets.length === 0 ? noTargets(name) : null);
  if (reason !== null) {
    noteSkipped(ledger, name, scheduledAtMs, reason, out);
    return;
  }
  const stampAtNs = wallNsOf(scheduledAtMs);
  const planned: PlannedLaunch = { job: name, cause: 'schedule', scheduledAtMs, stampAtNs, nowNs };
  if (!mayStart(ledger, planned, out)) return;
  const full = queueFull(ledger.job(name) ?? job, targets);
  if (full === null) openLaunch(ledger, planned, targets, out);
  else noteSkipped(ledger, name, scheduledAtMs, full, out);
}

function openLaunch(ledger: Ledger, planned: PlannedLaunch, targets: readonly Target[], out: Change[]): Stamp {
  const { job: name, cause, scheduledAtMs, stampAtNs, nowNs } = planned;
  const job = ledger.job(name);
  const group = ledger.allotStamp(stampAtNs);
  if (job === undefined) return group;
  ledger.putLaunch({ job: name, group, scheduledAtMs, cause, pending: targets.length, succeeded: 0, failed: 0 });
  ledger.putJob({ ...job, openLaunches: job.openLaunches + 1 });
  out.push({ type: 'launchBegan', job: name, group, cause, scheduledAtMs });
  const opening: Opening = { stamp: group, group, job: name, attempt: 1, scheduledAtMs, cause };
  for (const target of targets) openOrQueue(ledger, opening, target, nowNs, out);
  return group;
}

type Opening = Pick<ExecutionRecord, 'stamp' | 'group' | 'job' | 'attempt' | 'scheduledAtMs' | 'cause'>;

/** The first attempt of a launch on one of its nodes: at once, or when there is room. */
function openOrQueue(ledger: Ledger, opening: Opening, target: Target, nowNs: WallNs, out: Change[]): void {
  const job = ledger.job(opening.job);
  const waitsFor = job === undefined ? null : waitOf(job, target, null);
  if (job === undefined || waitsFor === null) {
    openExecution(ledger, opening, target, nowNs, out);
    return;
  }
  const sinceMs = wallMsOf(nowNs);
  const stamp = ledger.allotStamp(nowNs);
  const waits: WorkWait = { for: waitsFor, sinceMs };
  openWork(ledger, { ...opening, stamp, reason: 'start', dueAtMs: sinceMs, node: target.node, waits }, job, out);
}

function openExecution(ledger: Ledger, opening: Opening, target: Target, nowNs: WallNs, out: Change[]): void {
  const job = ledger.job(opening.job);
  if (job === undefined) return;
  // Written out, not spread: V8 adds each property behind a spread with a search (a twentieth of all applying, measured).
  const record: ExecutionRecord = {
    stamp: opening.stamp,
    group: opening.group,
    job: opening.job,
    attempt: opening.attempt,
    scheduledAtMs: opening.scheduledAtMs,
    cause: opening.cause,
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
  const full = queueFull(job, command.targets);
  if (full !== null) return refused('limit_reached', full);
  const { name, nowNs, targets } = command;
  const scheduledAtMs = wallMsOf(nowNs);
  const group = openLaunch(
    ledger,
    { job: name, cause: 'manual', scheduledAtMs, stampAtNs: nowNs, nowNs },
    targets,
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
    const stops = stopsWork(job, work.reason);
    if (!stops && item.targets.length > 0) {
      place(ledger, work, job, item.targets, command.nowNs, out);
      continue;
    }
    const reason = stops ? disabledReason : noTargets(job.name);
    if (!stops || isFirst(work.reason)) leaveOut(ledger, work, reason, command.nowNs, out);
    else leaveOut(ledger, work, null, command.nowNs, out);
  }
  return DONE;
}

/** Work that will never be done; a reason is recorded. */
function leaveOut(ledger: Ledger, work: UnplacedWork, reason: string | null, nowNs: WallNs, out: Change[]): void {
  ledger.deleteWork(work);
  if (reason !== null) noteSkipped(ledger, work.job, work.scheduledAtMs, reason, out);
  dropWork(ledger, work, nowNs, out);
}

/** Its turn has come, or it waits on: whoever follows hears of both. */
function place(
  ledger: Ledger,
  work: UnplacedWork,
  job: JobRecord,
  targets: readonly Target[],
  nowNs: WallNs,
  out: Change[],
): void {
  const launch = ledger.launch(work.job, work.group);
  if (launch === undefined) {
    ledger.deleteWork(work);
    return;
  }
  const { waits } = work;
  if (waits !== null && !isItsTurn(job, waits)) {
    openWork(ledger, work, job, out);
    return;
  }
  const full = isQueued(work) ? null : queueFull(job, targets);
  if (full !== null) {
    leaveOut(ledger, work, full, nowNs, out);
    return;
  }
  ledger.deleteWork(work);
  ledger.putLaunch({ ...launch, pending: launch.pending + targets.length - 1 });
  const { reason, dueAtMs, node, waits: waited, ...opening } = work;
  const [only, ...others] = targets;
  if (only !== undefined && others.length === 0) placeOne(ledger, work, only, nowNs, out);
  else for (const target of targets) openOrQueue(ledger, opening, target, nowNs, out);
}

/** What waits on stays what it is, at its place in the queue. */
function placeOne(ledger: Ledger, work: UnplacedWork, target: Target, nowNs: WallNs, out: Change[]): void {
  const job = ledger.job(work.job);
  if (job === undefined) return;
  const { reason, dueAtMs, node, waits, ...opening } = work;
  const waitsFor = waitOf(job, target, waits?.for ?? null);
  if (waitsFor === null) {
    openExecution(ledger, opening, target, nowNs, out);
    return;
  }
  const sinceMs = waits?.sinceMs ?? wallMsOf(nowNs);
  openWork(ledger, { ...work, node: target.node, waits: { for: waitsFor, sinceMs } }, job, out);
}

const isQueued = ({ waits }: UnplacedWork): boolean => waits?.for === 'job' || waits?.for === 'node';

/** Launches that wait as a whole start when nothing else of their job is open; under `allow` they need not wait. */
function isItsTurn(job: JobRecord, waits: WorkWait): boolean {
  if (waits.for === 'job' || waits.for === 'node') return true;
  return job.concurrency === 'allow' || job.concurrency === '' || job.openLaunches === job.launchesWaiting;
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
