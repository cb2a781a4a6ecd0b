import { expect } from 'vitest';
import type {
  ExecutionRecord,
  JobRecord,
  LaunchNote,
  UnplacedWork,
  WaitCause,
} from '../../../src/core/jobs/records.ts';
import { limits } from '../../../src/core/limits.ts';
import { nextDueMs, type Schedule } from '../../../src/core/schedule/schedule.ts';
import type { JobName, WallMs } from '../../../src/core/units.ts';
import type { StateReader } from '../../../src/wire/state-reader.ts';
import { forgetful, lasting } from './jobs.ts';
import { maxExecutions as maxOnNode } from './one-node.ts';
import type { Begun } from './simulated-executor.ts';
import type { Tally } from './tally.ts';

/** What the state shows of one job. */
interface JobHistory {
  readonly job: JobRecord;
  readonly executions: readonly ExecutionRecord[];
  readonly notes: readonly LaunchNote[];
  /** Work that waits for its time, or its turn. */
  readonly work: readonly UnplacedWork[];
}

export interface CheckOptions {
  readonly compile: (job: JobRecord) => Schedule;
  /** Starts of processes so far, over all lives of the node. */
  readonly begun: readonly Begun[];
  /** Due times of the job are judged after this one only. */
  readonly judgedAfterMs: (job: JobRecord) => number;
  readonly tally: Tally;
  /** Due times up to here must have their record; null: the node had no time yet to catch up. */
  readonly recordedUntilMs: number | null;
}

/**
 * What design section 5 promises of each job, as far as the state shows it, at any moment. Only jobs whose whole
 * history is kept can be judged: the load keeps below retention.
 */
export function checkJobs(reader: StateReader, options: CheckOptions): void {
  const starts = startsOf(options.begun);
  reader.eachJob((job) => {
    if (forgetful.some(({ name }) => name === job.name)) return;
    const history = {
      job,
      executions: reader.executions(job.name),
      notes: reader.notes(job.name),
      work: workOf(reader, job.name),
    };
    expect(history.executions.length, `${job.name}: within retention`).toBeLessThan(limits.executionsPerJob);
    checkOneLaunchPerDueTime(history);
    checkEveryDueTime(history, options);
    checkStarts(history, starts, options.tally);
    checkOverlaps(history, options);
    checkWaiting(history, options.tally);
    checkCounters(history);
    checkChains(reader, history, options.tally);
  });
}

function workOf(reader: StateReader, name: JobName): UnplacedWork[] {
  const found: UnplacedWork[] = [];
  reader.scanWork(name, (_, work) => found.push(work) > 0);
  return found;
}

function startsOf(begun: readonly Begun[]): ReadonlyMap<string, number> {
  const starts = new Map<string, number>();
  for (const { executionId } of begun) starts.set(executionId, (starts.get(executionId) ?? 0) + 1);
  return starts;
}

/** Groups of scheduled launches by due time. */
const launchesAt = (executions: readonly ExecutionRecord[]): Map<number, Set<bigint>> => {
  const launches = new Map<number, Set<bigint>>();
  for (const execution of executions) {
    if (execution.cause !== 'schedule') continue;
    const groups = launches.get(execution.scheduledAtMs) ?? new Set<bigint>();
    launches.set(execution.scheduledAtMs, groups.add(execution.group));
  }
  return launches;
};

/**
 * P1, "at most": no due time has two launches, or a launch and a note that it was left out. A note that a later attempt
 * found no node is one of the launch itself.
 */
function checkOneLaunchPerDueTime({ job, executions, notes }: JobHistory): void {
  for (const [dueMs, groups] of launchesAt(executions)) {
    if (groups.size > 1) expect.fail(`${groups.size} launches of ${job.name} at ${dueMs}`);
    const beside = notes.filter((note) => note.fromMs <= dueMs && dueMs <= note.toMs);
    if (beside.length === 0) continue;
    const hasFailed = executions.some(
      ({ scheduledAtMs, outcome }) => scheduledAtMs === dueMs && (outcome === 'failed' || outcome === 'lost'),
    );
    const contradicting = beside.filter(({ reason }) => !(hasFailed && reason.startsWith('no target nodes')));
    expect(contradicting.map(textOf), `notes beside the launch of ${job.name} at ${dueMs}`).toEqual([]);
  }
}

const textOf = (note: LaunchNote): string => `${note.kind} ${note.fromMs} to ${note.toMs}: ${note.reason}`;

/** P1, "at least", and P8: the due times since the schedule holds are recorded, and nothing else is. */
function checkEveryDueTime(history: JobHistory, options: CheckOptions): void {
  const { job, notes } = history;
  if (job.parentJob !== '') return;
  const schedule = options.compile(job);
  const launches = launchesAt(history.executions);
  const afterMs = options.judgedAfterMs(job);
  const { tally } = options;
  const untilMs = Math.max(job.highWaterMs, job.disabled ? 0 : (options.recordedUntilMs ?? 0));
  const dueTimes = new Set<number>();
  for (const dueMs of dueTimesOf(job, schedule, untilMs)) {
    dueTimes.add(dueMs);
    if (dueMs <= afterMs) continue;
    if (launches.has(dueMs)) {
      tally.count('P1: due time launched');
      if (schedule.type === 'every') tally.count('P8: phase of an interval');
      continue;
    }
    const isNoted = notes.some((note) => note.fromMs <= dueMs && dueMs <= note.toMs);
    const waits = history.work.some(({ scheduledAtMs, cause }) => cause === 'schedule' && scheduledAtMs === dueMs);
    expect(isNoted || waits, `${job.name}: a record of the due time ${dueMs}`).toBe(true);
  }
  for (const launchedMs of launches.keys()) {
    if (launchedMs <= afterMs || dueTimes.has(launchedMs)) continue;
    expect.fail(`${job.name}: launched at ${launchedMs}, which is no due time`);
  }
  for (const note of notes) {
    if (note.kind === 'skipped') tally.count('P1: due time skipped');
    if (note.kind !== 'missed' || note.fromMs <= afterMs) continue;
    tally.count('P1: due time missed', note.count);
    const inRange = [...dueTimes].filter((dueMs) => note.fromMs <= dueMs && dueMs <= note.toMs);
    expect(note.count, `${job.name}: due times in ${textOf(note)}`).toBe(inRange.length);
  }
}

function* dueTimesOf(job: JobRecord, schedule: Schedule, untilMs: number): Generator<WallMs> {
  let dueMs = nextDueMs(schedule, job.effectiveFromMs, job.anchorMs);
  while (dueMs !== null && dueMs <= untilMs) {
    yield dueMs;
    dueMs = nextDueMs(schedule, dueMs, job.anchorMs);
  }
}

/** P2: an execution is started once at most, and attempts of a launch count up. */
function checkStarts({ job, executions }: JobHistory, starts: ReadonlyMap<string, number>, tally: Tally): void {
  const attempts = new Map<bigint, number[]>();
  for (const { stamp, node, group, attempt, outcome } of executions) {
    const id = `${stamp}-${node}`;
    const count = starts.get(id) ?? 0;
    if (count > 1) expect.fail(`${count} starts of ${id}`);
    attempts.set(group, [...(attempts.get(group) ?? []), attempt]);
    tally.count('P2: execution started', count);
    if (outcome === 'lost') tally.count('P2: execution lost');
    if (attempt > 1) tally.count(job.onLost === 'rerun' ? 'P2: lost execution run again' : 'P4: execution retried');
  }
  for (const [group, numbers] of attempts) {
    const countsUp = numbers.every((number, index) => number === index + 1);
    if (!countsUp) expect.fail(`attempts of ${group}: ${numbers}`);
  }
  checkAttempts(job, executions);
}

/** P4: an attempt follows a failure as long as the job asks for retries, a lost one only if it asks for that. */
function checkAttempts(job: JobRecord, executions: readonly ExecutionRecord[]): void {
  if (!lasting.some(({ name }) => name === job.name)) return;
  for (const { group, attempt } of executions) {
    if (attempt === 1) continue;
    const before = executions.find((one) => one.group === group && one.attempt === attempt - 1);
    const mayFollow = before?.outcome === 'lost' ? job.onLost === 'rerun' : before?.outcome === 'failed';
    expect(
      mayFollow && attempt <= job.retries + 1 + lostBefore(executions, group),
      `${job.name}: attempt ${attempt}`,
    ).toBe(true);
  }
}

const lostBefore = (executions: readonly ExecutionRecord[], group: bigint): number =>
  executions.filter((one) => one.group === group && one.outcome === 'lost').length;

/**
 * P3: of a job whose launches must not overlap, no scheduled execution begins while another one runs on the machine;
 * those by hand may. Of one with `max_executions`, none begins beside as many.
 */
function checkOverlaps({ job, executions, notes }: JobHistory, { begun, tally }: CheckOptions): void {
  expect(
    begun.filter(({ atOnce }) => atOnce > maxOnNode),
    'more at once than the node may run',
  ).toEqual([]);
  const { maxExecutions, concurrency } = job;
  const isExclusive = concurrency !== 'allow';
  if (!isExclusive && maxExecutions === null) return;
  const open = executions.filter(({ cause, outcome }) => cause === 'schedule' && outcome === 'running');
  const launches = new Set(open.map(({ group }) => group));
  // The state decides it; that a worker would not begin the second one either is its own care.
  if (isExclusive) expect(launches.size, `P3: open launches of ${job.name} by its schedule`).toBeLessThanOrEqual(1);
  if (maxExecutions !== null)
    expect(
      job.executionsRunning + job.executionsWaitingForNode,
      `executions of ${job.name}, open or for a node`,
    ).toBeLessThanOrEqual(maxExecutions);
  const isScheduled = (id: string): boolean =>
    executions.some(({ stamp, node, cause }) => cause === 'schedule' && `${stamp}-${node}` === id);
  for (const { jobName, executionId, beside } of begun) {
    if (jobName !== job.name) continue;
    if (maxExecutions !== null) {
      expect(beside.length, `executions beside ${executionId}`).toBeLessThan(maxExecutions);
      tally.count('P3: execution within max_executions');
    }
    if (!isExclusive || !isScheduled(executionId)) continue;
    expect(beside.filter(isScheduled), `scheduled executions beside ${executionId}`).toEqual([]);
    const policy = concurrency === 'queue' || concurrency === 'replace' ? concurrency : 'forbid';
    tally.count(`P3: launch of a ${policy} job`);
  }
  if (concurrency === 'forbid') {
    tally.count('P3: skipped while it ran', notes.filter(({ kind }) => kind === 'skipped').length);
  }
}

/** What waits is counted, within its limits, and not while nothing is open that it could wait for. */
function checkWaiting({ job, executions, work, notes }: JobHistory, tally: Tally): void {
  const count = (...causes: WaitCause[]): number =>
    work.filter(({ waits }) => waits !== null && causes.includes(waits.for)).length;
  expect(
    [job.launchesWaiting, job.executionsWaiting, job.executionsWaitingForNode],
    `counts of what waits of ${job.name}`,
  ).toEqual([count('queue', 'replace'), count('job'), count('node')]);
  expect(count('replace'), `launches of ${job.name} that replace`).toBeLessThanOrEqual(1);
  expect(count('queue'), `launches of ${job.name} in line`).toBeLessThanOrEqual(job.queueLimit ?? 1);
  const running = executions.filter(({ outcome }) => outcome === 'running').length;
  expect(job.executionsRunning, `count of what runs of ${job.name}`).toBe(running);
  tally.count('launch that waited in line', count('queue'));
  tally.count('launch that waited to replace', count('replace'));
  tally.count('execution that waited for max_executions', count('job'));
  tally.count('execution that waited for its node', count('node'));
  tally.count('execution replaced', executions.filter(({ stop }) => stop === 'replaced').length);
  tally.count('launch superseded', notes.filter(({ reason }) => reason.endsWith('(replace)')).length);
}

/** Counters are what the history shows: every attempt counts, as in Dkron. */
function checkCounters({ job, executions }: JobHistory): void {
  const count = (outcomes: readonly string[]): number =>
    executions.filter((execution) => outcomes.includes(execution.outcome)).length;
  expect([job.successCount, job.errorCount], `counters of ${job.name}`).toEqual([
    count(['success']),
    count(['failed', 'lost']),
  ]);
}

/** A child has at most one launch per success of its parent. */
function checkChains(reader: StateReader, { job, executions }: JobHistory, tally: Tally): void {
  const parent = job.parentJob === '' ? undefined : reader.job(job.parentJob);
  if (parent === undefined) return;
  const launches = new Set(executions.map((execution) => execution.group)).size;
  expect(launches, `launches of ${job.name}, child of ${parent.name}`).toBeLessThanOrEqual(parent.successCount);
  tally.count('chain: child launched', launches);
}

/** Longer than any pause before a retry that the load has, and than it takes to place one. */
const retriedWithinMs = 6_000;

/** Open executions of which nothing runs: their start, or their end, is on its way. */
export function withoutProcess(reader: StateReader, running: readonly string[]): string[] {
  const living = new Set(running);
  const found: string[] = [];
  reader.eachOpenExecution(({ stamp, node, job }) => {
    if (!living.has(`${stamp}-${node}`)) found.push(`${stamp}-${node} of ${job}`);
  });
  return found;
}

/** After a while without faults: what failed was tried again. */
export function checkRetried(reader: StateReader, nowMs: WallMs, tally: Tally): void {
  for (const { name, retries } of lasting) {
    const executions = reader.executions(name);
    for (const { group, attempt, outcome, finishedAtNs, stop } of executions) {
      if (outcome !== 'failed' || attempt > retries || stop !== null) continue;
      if (Number(finishedAtNs / 1_000_000n) > nowMs - retriedWithinMs) continue;
      const hasNext = executions.some((one) => one.group === group && one.attempt === attempt + 1);
      // Its retry waits for room.
      const waits = workOf(reader, name).some((work) => work.group === group && work.attempt === attempt + 1);
      expect(hasNext || waits, `P4: attempt ${attempt} of ${name} failed and is tried again`).toBe(true);
      tally.count('P4: as many attempts as the job asks for');
    }
  }
}

/** At the end, when nothing crashes any more: all work is done, and children ran as often as their parents succeeded. */
export function checkSettled(reader: StateReader, begun: readonly Begun[]): void {
  const open: string[] = [];
  reader.eachOpenExecution((execution) => open.push(`${execution.stamp}-${execution.node}`));
  reader.eachWork(({ job, stamp, reason, waits }) =>
    open.push(`${reason} ${stamp} of ${job}, waits for ${waits?.for}`),
  );
  expect(open, 'open work at the end').toEqual([]);
  checkNoneForgotten(reader, begun);
  reader.eachJob((job) => {
    expect(job.openLaunches, `open launches of ${job.name}`).toBe(0);
    const parent = job.parentJob === '' ? undefined : reader.job(job.parentJob);
    if (parent === undefined) return;
    const records = reader.executions(job.name);
    const skipped = reader.notes(job.name).reduce((sum, note) => sum + note.count, 0);
    const launches = new Set(records.map((execution) => execution.group)).size;
    expect(launches + skipped, `runs of ${job.name}`).toBe(parent.successCount);
  });
}

/** P2: every process there ever was has its record. Of jobs that may have been deleted, nobody can tell. */
function checkNoneForgotten(reader: StateReader, begun: readonly Begun[]): void {
  for (const { name } of lasting) {
    const known = new Set(reader.executions(name).map(({ stamp, node }) => `${stamp}-${node}`));
    const forgotten = begun.filter(({ jobName, executionId }) => jobName === name && !known.has(executionId));
    expect(forgotten, `processes of ${name} without a record`).toEqual([]);
  }
}
