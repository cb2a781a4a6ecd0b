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
import type { JobHistory } from './mirror.ts';
import type { SimulatedMachine } from './simulated-executor.ts';
import type { Tally } from './tally.ts';

export interface CheckOptions {
  readonly compile: (job: JobRecord) => Schedule;
  /** Knows the starts of processes so far, over all lives of the node. */
  readonly machine: SimulatedMachine;
  /** Due times of the job are judged after this one only. */
  readonly judgedAfterMs: (job: JobRecord) => number;
  readonly tally: Tally;
  /** Due times up to here must have their record; null: the node had no time yet to catch up. */
  readonly recordedUntilMs: number | null;
}

export function checkJobs(reader: StateReader, options: CheckOptions): void {
  reader.eachJob((job) => {
    const history = {
      job,
      executions: reader.executions(job.name),
      notes: reader.notes(job.name),
      work: workOf(reader, job.name),
    };
    checkJob(history, reader.job(job.parentJob), options);
  });
}

/**
 * What design section 5 promises of a job, as far as the state shows it, at any moment. Only jobs whose whole history is
 * kept can be judged: the load keeps below retention.
 */
export function checkJob(history: JobHistory, parent: JobRecord | undefined, options: CheckOptions): void {
  const { job, executions } = history;
  if (forgetfulNames.has(job.name)) return;
  if (executions.length >= limits.executionsPerJob) expect.fail(`${job.name}: beyond retention`);
  checkOneLaunchPerDueTime(history);
  checkEveryDueTime(history, options);
  checkStarts(history, options);
  checkOverlaps(history, options);
  checkWaiting(history, options.tally);
  checkCounters(history);
  if (parent !== undefined) checkChains(history, parent, options.tally);
}

const forgetfulNames: ReadonlySet<string> = new Set(forgetful.map(({ name }) => name));
const lastingNames: ReadonlySet<string> = new Set(lasting.map(({ name }) => name));

export function workOf(reader: StateReader, name: JobName): UnplacedWork[] {
  const found: UnplacedWork[] = [];
  reader.scanWork(name, (_, work) => found.push(work) > 0);
  return found;
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
    if (!isNoted && !waits) expect.fail(`${job.name}: no record of the due time ${dueMs}`);
  }
  for (const launchedMs of launches.keys()) {
    if (launchedMs <= afterMs || dueTimes.has(launchedMs)) continue;
    expect.fail(`${job.name}: launched at ${launchedMs}, which is no due time`);
  }
  for (const note of notes) {
    if (note.kind === 'skipped') tally.count('P1: due time skipped');
    if (note.kind !== 'missed' || note.fromMs <= afterMs) continue;
    tally.count('P1: due time missed', note.count);
    let inRange = 0;
    for (const dueMs of dueTimes) if (note.fromMs <= dueMs && dueMs <= note.toMs) inRange += 1;
    if (note.count !== inRange) expect.fail(`${job.name}: ${inRange} due times in ${textOf(note)}, not ${note.count}`);
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
function checkStarts({ job, executions }: JobHistory, { machine, tally }: CheckOptions): void {
  const attempts = new Map<bigint, number[]>();
  for (const { stamp, node, group, attempt, outcome } of executions) {
    const id = `${stamp}-${node}`;
    const count = machine.startsOf(id);
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
  if (!lastingNames.has(job.name)) return;
  for (const { group, attempt } of executions) {
    if (attempt === 1) continue;
    const before = executions.find((one) => one.group === group && one.attempt === attempt - 1);
    const mayFollow = before?.outcome === 'lost' ? job.onLost === 'rerun' : before?.outcome === 'failed';
    const isAskedFor = mayFollow && attempt <= job.retries + 1 + lostBefore(executions, group);
    if (!isAskedFor) expect.fail(`${job.name}: attempt ${attempt} of ${group}`);
  }
}

const lostBefore = (executions: readonly ExecutionRecord[], group: bigint): number =>
  executions.filter((one) => one.group === group && one.outcome === 'lost').length;

/**
 * P3: of a job whose launches must not overlap, no scheduled execution begins while another one runs on the machine;
 * those by hand may. Of one with `max_executions`, no more are open, or have room but on their node.
 */
function checkOverlaps({ job, executions, notes }: JobHistory, { machine, tally }: CheckOptions): void {
  const { maxExecutions, concurrency } = job;
  const isExclusive = concurrency !== 'allow';
  if (maxExecutions !== null)
    expect(
      job.executionsRunning + job.executionsWaitingForNode,
      `executions of ${job.name}, open or for a node`,
    ).toBeLessThanOrEqual(maxExecutions);
  if (!isExclusive) return;
  const open = executions.filter(({ cause, outcome }) => cause === 'schedule' && outcome === 'running');
  const launches = new Set(open.map(({ group }) => group));
  // The state decides it; that a worker would not begin the second one either is its own care.
  expect(launches.size, `P3: open launches of ${job.name} by its schedule`).toBeLessThanOrEqual(1);
  const scheduled = new Set(
    executions.flatMap(({ stamp, node, cause }) => (cause === 'schedule' ? [`${stamp}-${node}`] : [])),
  );
  for (const { executionId, beside } of machine.begunOf(job.name)) {
    if (!scheduled.has(executionId)) continue;
    const overlapping = beside.filter((id) => scheduled.has(id));
    if (overlapping.length > 0) expect.fail(`scheduled executions beside ${executionId}: ${overlapping}`);
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
function checkChains({ job, executions }: JobHistory, parent: JobRecord, tally: Tally): void {
  const launches = new Set(executions.map((execution) => execution.group)).size;
  expect(launches, `launches of ${job.name}, child of ${parent.name}`).toBeLessThanOrEqual(parent.successCount);
  tally.count('chain: child launched', launches);
}
