import { assertNever } from '../../../src/core/assert.ts';
import { jobSchedule } from '../../../src/core/jobs/apply-job.ts';
import type { Change } from '../../../src/core/jobs/changes.ts';
import type { PruneItem } from '../../../src/core/jobs/commands.ts';
import type { ExecutionRecord, JobRecord } from '../../../src/core/jobs/records.ts';
import { limits } from '../../../src/core/limits.ts';
import { ScheduleInterner } from '../../../src/core/schedule/compile.ts';
import { plannerInput } from '../../../src/core/schedule/follow.ts';
import { HistoryKeeper } from '../../../src/core/schedule/history-keeper.ts';
import type { DayExtensions } from '../../../src/core/schedule/parse.ts';
import { Planner, type PlannerEffect, type PlannerInput } from '../../../src/core/schedule/planner.ts';
import type { ZoneSource } from '../../../src/core/schedule/zone-table.ts';
import { type LogIndex, logIndex, monoMs, type Term, type WallMs } from '../../../src/core/units.ts';
import type { StorePort } from '../../../src/runtime/ports.ts';
import { type Actor, type ActorDefinition, type Context, localRef } from '../../../src/runtime/types.ts';
import { StateReader } from '../../../src/wire/state-reader.ts';
import type { LeadershipEvent, LogCommand } from '../../cluster/log/protocol.ts';
import type { StateCommand, StateEvent } from '../../cluster/state/protocol.ts';
import type { DispatcherCommand } from '../dispatcher/protocol.ts';
import { ClockWatch } from './clock-watch.ts';
import type { SchedulerCommand } from './protocol.ts';

export interface SchedulerPorts {
  readonly store: StorePort;
  readonly zones: ZoneSource;
  readonly extensions: DayExtensions;
}

/**
 * Between two lots of due times that are handed over. What becomes due in between goes together: each lot wakes half a
 * dozen threads and is flushed three times (docs/decisions/0010).
 */
const DUE_DISTANCE_MS = 4;

/** The clocks are compared this often: a wall clock that jumps moves what is due, and no timer tells. */
const LONGEST_SLEEP_MS = 1_000;
const TIMER = 'tick';
const SCAN_TIMER = 'scan';

/** The shell of `Planner`: state and leadership to steps, what is due to the dispatcher, one timer. */
class SchedulerActor implements Actor<SchedulerCommand> {
  readonly #context: Context<SchedulerCommand>;
  readonly #reader: StateReader;
  readonly #planner: Planner;
  readonly #histories = new HistoryKeeper();
  readonly #clocks: ClockWatch;
  #leadership: LeadershipEvent | null = null;
  /** The term in which the planner leads; null while it doesn't. */
  #ledTerm: Term | null = null;
  /** Changes up to here are known: by events, or because the last scan saw them. */
  #knownIndex: LogIndex = logIndex(0);
  /** What is due can be launched: jobs that were due have been read, and changes are followed. */
  #scanned = false;
  #isHeld = false;
  /** The term in which the dispatcher takes what is due; what it is sent before would be lost. */
  #wantedIn: Term | null = null;
  /** Jobs up to this name have been read; null: all of them. */
  #scannedUpTo: string | null = null;
  /** Nothing is handed over before. */
  #notBeforeMs = 0;

  constructor(context: Context<SchedulerCommand>, ports: SchedulerPorts) {
    this.#context = context;
    this.#reader = new StateReader(ports.store.open('state', 'read'));
    this.#planner = new Planner(new ScheduleInterner(ports.zones, ports.extensions), context.wallNow());
    this.#clocks = new ClockWatch(context);
    context.ready();
  }

  /** A peer that begins a life has forgotten its watchers. */
  peerStarted(actor: string): void {
    const watcher = this.#context.self;
    if (actor === 'state') {
      this.#context.send(localRef<StateCommand>('state'), { type: 'watchState', watcher, of: 'schedules' });
    }
    if (actor === 'log') this.#context.send(localRef<LogCommand>('log'), { type: 'watchLeadership', watcher });
    // It says so again when it has reason to.
    if (actor === 'dispatcher') this.#dueWanted(null, false, 0);
    this.#followLeadership();
  }

  receive(message: SchedulerCommand): void {
    switch (message.type) {
      case 'leadership':
        this.#leadership = message;
        break;
      case 'following':
      case 'changed':
        this.#followState(message);
        break;
      case 'dueWanted':
        this.#dueWanted(message.term, message.isHeld, message.aheadMs);
        break;
      default:
        assertNever(message);
    }
    this.#followLeadership();
  }

  /** Due times are handed over only when nothing waits in the mailbox that may speak against it. */
  endOfBatch(): void {
    this.#clocks.look();
    const nowMs = this.#context.wallNow();
    const atMs = this.#context.monoNow();
    const waitMs = this.#notBeforeMs - atMs;
    if (waitMs <= 0) this.#step({ type: 'time', nowMs });
    if (this.#ledTerm !== null) this.#lookAtHistories(nowMs);
    const deadlineMs = this.#planner.nextDeadline();
    const sleepMs = deadlineMs === null ? LONGEST_SLEEP_MS : Math.min(LONGEST_SLEEP_MS, deadlineMs - nowMs);
    this.#context.arm(TIMER, monoMs(atMs + Math.max(1, sleepMs, waitMs)));
  }

  /** For a tick the turn alone is enough: each batch ends with a look at the wheel. */
  timer(key: string): void {
    if (key === SCAN_TIMER) this.#scanOn();
  }

  check(): void {
    this.#planner.check();
    this.#histories.check();
  }

  #dueWanted(inTerm: Term | null, isHeld: boolean, aheadMs: number): void {
    if (isHeld && !this.#isHeld) {
      this.#context.log.warn('more is due than the nodes can start: what is due waits for them');
    }
    this.#wantedIn = inTerm;
    this.#isHeld = isHeld;
    this.#context.gauge('scheduler_due_held', isHeld ? 1 : 0);
    this.#step({ type: 'dueWanted', isHeld, aheadMs });
  }

  #followState(event: StateEvent): void {
    if (this.#scanned && event.appliedIndex <= this.#knownIndex) return;
    const hasGap = event.type === 'following' || !this.#scanned || event.after > this.#knownIndex;
    this.#knownIndex = event.appliedIndex;
    if (hasGap) this.#scan();
    else for (const change of event.changes) this.#followChange(change);
  }

  /**
   * Begins to read all jobs: at once those whose time had come, so that they are launched before the others are known, and
   * the others a portion a turn. What changes meanwhile is in what is read later, or is told behind it, or both.
   */
  #scan(): void {
    this.#scanned = true;
    this.#knownIndex = logIndex(Math.max(this.#knownIndex, this.#reader.appliedIndex()));
    this.#step({ type: 'scanStarted' });
    this.#histories.scanStarted();
    this.#learn(this.#reader.jobsDueBefore(this.#context.wallNow(), limits.jobsPerSchedulerTurn));
    this.#scannedUpTo = '';
    this.#scanOn();
  }

  #scanOn(): void {
    if (this.#scannedUpTo === null) return;
    const jobs = this.#reader.jobsAfter(this.#scannedUpTo, limits.jobsPerSchedulerTurn);
    this.#learn(jobs);
    const last = jobs.at(-1);
    this.#scannedUpTo = jobs.length < limits.jobsPerSchedulerTurn || last === undefined ? null : last.name;
    if (this.#scannedUpTo !== null) {
      this.#context.arm(SCAN_TIMER, this.#context.monoNow());
      return;
    }
    this.#step({ type: 'scanEnded' });
    this.#context.gauge('scheduler_jobs', this.#planner.jobCount);
  }

  #learn(jobs: readonly JobRecord[]): void {
    const nowMs = this.#context.wallNow();
    for (const record of jobs) {
      const job = jobSchedule(record);
      this.#step({ type: 'jobSet', job });
      this.#histories.jobSet(job, nowMs);
    }
  }

  #followChange(change: Change): void {
    this.#histories.changed(change, this.#context.wallNow());
    const input = plannerInput(change);
    if (input === null) return;
    if (input.type !== 'readAgain') {
      this.#step(input);
      return;
    }
    const job = this.#reader.job(input.name);
    if (job !== undefined) this.#step({ type: 'jobSet', job: jobSchedule(job) });
  }

  /** Leading begins once the state has applied all that earlier leaders committed. */
  #followLeadership(): void {
    const leadership = this.#leadership;
    const isLeader = leadership?.isLeader === true && this.#scanned && this.#knownIndex >= leadership.barrier;
    const term = isLeader && leadership.term === this.#wantedIn ? leadership.term : null;
    if (term === this.#ledTerm) return;
    // What was handed over in an earlier term may be lost: between two terms, nothing is on its way.
    if (this.#ledTerm !== null) this.#step({ type: 'follow' });
    this.#ledTerm = term;
    this.#notBeforeMs = 0;
    if (term !== null) this.#step({ type: 'lead' });
  }

  #lookAtHistories(nowMs: WallMs): void {
    const items: PruneItem[] = [];
    for (const name of this.#histories.takeDue(nowMs, this.#context.monoNow())) {
      const job = this.#reader.job(name);
      if (job === undefined) continue;
      const visit = (each: (record: ExecutionRecord) => boolean): void =>
        this.#reader.scanExecutions(name, (_, record) => each(record));
      const item = this.#histories.looked({ job, visit }, nowMs);
      if (item !== null) items.push(item);
    }
    if (items.length > 0) this.#context.send(localRef<DispatcherCommand>('dispatcher'), { type: 'prune', items });
  }

  #step(input: PlannerInput): void {
    const out: PlannerEffect[] = [];
    this.#planner.step(input, out);
    for (const effect of out) this.#perform(effect);
  }

  #perform(effect: PlannerEffect): void {
    switch (effect.type) {
      case 'due': {
        const { launches, missed } = effect;
        this.#notBeforeMs = this.#context.monoNow() + DUE_DISTANCE_MS;
        this.#context.send(localRef<DispatcherCommand>('dispatcher'), { type: 'due', launches, missed });
        this.#context.count('scheduler_due_total', launches.length);
        if (missed.length > 0) this.#context.count('scheduler_missed_ranges_total', missed.length);
        return;
      }
      case 'unschedulable':
        this.#context.log.error('a stored schedule cannot be compiled: the job has no due times', {
          job: effect.name,
          error: effect.error,
        });
        return;
      default:
        assertNever(effect);
    }
  }
}

export const definition: ActorDefinition<SchedulerCommand, unknown, SchedulerPorts> = {
  mailbox: { capacity: 65_536, overflow: { policy: 'credit' } },
  start: (context, _config, ports) => new SchedulerActor(context, ports),
};
