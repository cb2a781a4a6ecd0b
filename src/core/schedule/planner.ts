import { assert, assertNever } from '../assert.ts';
import type { JobSchedule } from '../jobs/changes.ts';
import type { LaunchItem, MissedItem } from '../jobs/commands.ts';
import type { StringMap } from '../jobs/records.ts';
import { limits } from '../limits.ts';
import { instantOfMs, type JobName, type WallMs, wallMs } from '../units.ts';
import { TimingWheel } from '../wheel/wheel.ts';
import { type DueBounds, firstDueMs, missedReason, planDue } from './catchup.ts';
import type { ScheduleInterner } from './compile.ts';
import { nextInstant, type Schedule } from './schedule.ts';

export type PlannerInput =
  /** All jobs are going to be told again (`jobSet`), up to `scanEnded`; those that aren't are gone. */
  | { readonly type: 'scanStarted' }
  | { readonly type: 'scanEnded' }
  | { readonly type: 'jobSet'; readonly job: JobSchedule }
  | { readonly type: 'jobDeleted'; readonly name: JobName }
  /** The state has a record (launched, skipped or missed) for the job's due times up to this one. */
  | { readonly type: 'recorded'; readonly name: JobName; readonly upToMs: WallMs }
  /** From now on this node leads, and the state is all that earlier leaders committed. */
  | { readonly type: 'lead' }
  /** From now on it doesn't: the planner goes on keeping time, silently. */
  | { readonly type: 'follow' }
  /**
   * Held: what is due waits, for what was handed over can't be started as fast. `aheadMs`: how long before its time a
   * launch is handed over, of jobs that may be claimed.
   */
  | { readonly type: 'dueWanted'; readonly isHeld: boolean; readonly aheadMs: number }
  | { readonly type: 'time'; readonly nowMs: WallMs };

export type PlannedLaunch = Omit<LaunchItem, 'targets'> & { readonly tags: StringMap | null };

export type PlannerEffect =
  /**
   * Everything that is due at once, in pieces of bounded size, launches in time order. Nothing of one job is in two
   * pieces, or in both lists: either may be lost, and no record may overtake an earlier one of its job.
   */
  | { readonly type: 'due'; readonly launches: readonly PlannedLaunch[]; readonly missed: readonly MissedItem[] }
  /** A job whose schedule can't be compiled here: it has no due times. */
  | { readonly type: 'unschedulable'; readonly name: JobName; readonly error: string };

/** What the planner knows of one job. It is in the wheel, overdue, waits for a record, or has no due time to come. */
interface Entry {
  readonly id: number;
  job: JobSchedule;
  /** Null: inactive, or the text can't be compiled. */
  schedule: Schedule | null;
  /** Due times up to here have a record. */
  recordedMs: number;
  /** Due times up to here were handed over; 0: nothing is on its way. */
  plannedMs: number;
  /** Launches among them. */
  launches: number;
  /** Since when something of it is waited for without progress. */
  plannedAtMs: number;
  scan: number;
}

/**
 * Which jobs are due when: follows the schedules of the state, keeps them in a timing wheel, and while it leads hands
 * over each due time once. While something of a job is on its way to the log, nothing later of it is handed over: were
 * the first lost and the second recorded, the first would count as seen. What isn't recorded in time is handed over
 * again, since the state launches a due time once only (P1). Time is wall time: a jump forward makes due times late,
 * which is the catch-up policy's business; after a jump back nothing is due twice, since due times lie after what is
 * recorded or on its way.
 */
export class Planner {
  readonly #schedules: ScheduleInterner;
  readonly #wheel: TimingWheel;
  readonly #entries = new Map<JobName, Entry>();
  readonly #byId: (Entry | null)[] = [];
  readonly #freeIds: number[] = [];
  /** Due, and not handed over, because this node doesn't lead, or because too much is under way. */
  readonly #overdue = new Set<Entry>();
  /** Handed over and not recorded yet; the longest waiting first. */
  readonly #unrecorded = new Set<Entry>();
  /** Launches handed over and not recorded yet. */
  #launchesUnderWay = 0;
  #isHeld = false;
  #aheadMs = 0;
  #leads = false;
  #scan = 1;

  constructor(schedules: ScheduleInterner, nowMs: WallMs) {
    this.#schedules = schedules;
    this.#wheel = new TimingWheel(Math.floor(nowMs));
  }

  step(input: PlannerInput, out: PlannerEffect[]): void {
    switch (input.type) {
      case 'scanStarted':
        this.#scan += 1;
        return;
      case 'scanEnded':
        for (const entry of this.#entries.values()) if (entry.scan !== this.#scan) this.#remove(entry);
        return;
      case 'jobSet':
        this.#set(input.job, out);
        return;
      case 'jobDeleted': {
        const entry = this.#entries.get(input.name);
        if (entry !== undefined) this.#remove(entry);
        return;
      }
      case 'recorded':
        this.#recorded(input.name, input.upToMs);
        return;
      case 'lead':
        this.#leads = true;
        return;
      case 'follow':
        this.#follow();
        return;
      case 'dueWanted':
        this.#isHeld = input.isHeld;
        this.#aheadMs = input.aheadMs;
        return;
      case 'time':
        this.#tick(wallMs(Math.floor(input.nowMs)), out);
        return;
      default:
        assertNever(input);
    }
  }

  /** When the next `time` is wanted; null: not before another input. */
  nextDeadline(): WallMs | null {
    if (this.#mayHandOver && this.#overdue.size > 0) return wallMs(this.#wheel.nowMs);
    const dueMs = this.#wheel.nextDeadline() ?? Number.POSITIVE_INFINITY;
    const [oldest] = this.#unrecorded;
    const retryMs = oldest === undefined ? Number.POSITIVE_INFINITY : oldest.plannedAtMs + limits.dueRetryMs;
    const earliestMs = Math.min(dueMs, retryMs);
    return earliestMs === Number.POSITIVE_INFINITY ? null : wallMs(earliestMs);
  }

  /** Beyond that, what is due waits: handing it over would only make everything later. */
  get #mayHandOver(): boolean {
    return this.#leads && !this.#isHeld && this.#launchesUnderWay < limits.launchesUnderWay;
  }

  get jobCount(): number {
    return this.#entries.size;
  }

  check(): void {
    this.#wheel.check();
    for (const [name, entry] of this.#entries) {
      assert(entry.job.name === name && this.#byId[entry.id] === entry, 'a job is found by its name and its id');
      const dueMs = this.#wheel.deadlineOf(entry.id);
      assert(dueMs === null || entry.schedule !== null, 'only a schedule has due times');
      assert(dueMs === null || dueMs > floorOf(entry), 'a due time to come has no record');
      const places = [dueMs !== null, this.#overdue.has(entry), entry.plannedMs > 0].filter((is) => is).length;
      assert(places <= 1, 'a job waits for its time, for a leader, or for a record');
      assert(this.#unrecorded.has(entry) === entry.plannedMs > 0, 'what is on its way is waited for');
      assert(entry.plannedMs === 0 || entry.plannedMs > entry.recordedMs, 'what is recorded is not on its way');
    }
    assert(this.#leads || this.#unrecorded.size === 0, 'only a leader hands over');
    let launches = 0;
    for (const entry of this.#unrecorded) launches += entry.launches;
    assert(launches === this.#launchesUnderWay, 'what is under way is counted');
    assert(this.#byId.length === this.#entries.size + this.#freeIds.length, 'each id is in use or free');
  }

  #set(job: JobSchedule, out: PlannerEffect[]): void {
    const entry = this.#entries.get(job.name) ?? this.#create(job);
    const isSameRevision = entry.job.scheduleRevision === job.scheduleRevision && entry.job.active === job.active;
    const isFirst = entry.scan === 0;
    entry.scan = this.#scan;
    const hasProgress = job.highWaterMs > entry.recordedMs;
    entry.job = job;
    entry.recordedMs = job.highWaterMs;
    // What was handed over under another revision is void.
    if (!isSameRevision || entry.plannedMs <= entry.recordedMs) this.#settle(entry);
    else if (hasProgress) this.#await(entry, this.#wheel.nowMs);
    if (!isSameRevision || isFirst) this.#compile(entry, out);
    this.#arm(entry);
  }

  #create(job: JobSchedule): Entry {
    const id = this.#freeIds.pop() ?? this.#byId.length;
    const entry: Entry = { id, job, schedule: null, recordedMs: 0, plannedMs: 0, launches: 0, plannedAtMs: 0, scan: 0 };
    this.#byId[id] = entry;
    this.#entries.set(job.name, entry);
    return entry;
  }

  #remove(entry: Entry): void {
    this.#settle(entry);
    this.#overdue.delete(entry);
    this.#wheel.cancel(entry.id);
    this.#entries.delete(entry.job.name);
    this.#byId[entry.id] = null;
    this.#freeIds.push(entry.id);
  }

  #compile(entry: Entry, out: PlannerEffect[]): void {
    const { name, schedule, timezone, active } = entry.job;
    entry.schedule = null;
    if (!active) return;
    const compiled = this.#schedules.compile(schedule, name, timezone);
    if (compiled.ok) entry.schedule = compiled.schedule;
    else out.push({ type: 'unschedulable', name, error: compiled.error });
  }

  #recorded(name: JobName, upToMs: WallMs): void {
    const entry = this.#entries.get(name);
    if (entry === undefined || upToMs <= entry.recordedMs) return;
    entry.recordedMs = upToMs;
    if (upToMs < entry.plannedMs) {
      this.#await(entry, this.#wheel.nowMs);
      return;
    }
    this.#settle(entry);
    this.#arm(entry);
  }

  #follow(): void {
    this.#leads = false;
    const pending = [...this.#unrecorded];
    for (const entry of pending) {
      this.#settle(entry);
      this.#arm(entry);
    }
  }

  /** The newest goes to the end: the first one of the set has waited the longest. */
  #await(entry: Entry, nowMs: number): void {
    entry.plannedAtMs = nowMs;
    this.#unrecorded.delete(entry);
    this.#unrecorded.add(entry);
  }

  #settle(entry: Entry): void {
    entry.plannedMs = 0;
    this.#launchesUnderWay -= entry.launches;
    entry.launches = 0;
    this.#unrecorded.delete(entry);
  }

  /** Puts the job's first due time without a record into the wheel, unless an earlier one waits for its record. */
  #arm(entry: Entry): void {
    this.#overdue.delete(entry);
    const { schedule, job } = entry;
    const dueMs =
      schedule === null || entry.plannedMs > 0
        ? null
        : firstDueMs({ schedule, anchorMs: job.anchorMs }, boundsOf(entry));
    if (dueMs === null) this.#wheel.cancel(entry.id);
    else this.#wheel.add(entry.id, Math.max(dueMs - this.#aheadOf(entry), floorOf(entry) + 1));
  }

  #aheadOf({ job }: Entry): number {
    return job.mayBeClaimed ? this.#aheadMs : 0;
  }

  #tick(nowMs: WallMs, out: PlannerEffect[]): void {
    if (nowMs < this.#wheel.nowMs) this.#setBack(nowMs);
    for (const id of this.#wheel.advance(nowMs)) {
      const entry = this.#byId[id] ?? null;
      assert(entry !== null, 'a due time belongs to a job');
      this.#overdue.add(entry);
    }
    if (!this.#leads) return;
    this.#lookAgain(nowMs);
    const batch: Batch = { launches: [], missed: [] };
    const due = [...this.#overdue];
    for (const entry of due) {
      if (!this.#mayHandOver) break;
      this.#handOver(entry, nowMs, batch);
      if (batch.launches.length + batch.missed.length >= limits.dueItemsPerBatch) pushBatch(batch, out);
    }
    pushBatch(batch, out);
  }

  /** The clock was set back: what was due by the old time may not be due any more. */
  #setBack(nowMs: WallMs): void {
    this.#wheel.rewind(nowMs);
    const overdue = [...this.#overdue];
    for (const entry of overdue) this.#arm(entry);
    for (const entry of this.#unrecorded) entry.plannedAtMs = Math.min(entry.plannedAtMs, nowMs);
  }

  /** What has been on its way for too long is due again, from where the records end. */
  #lookAgain(nowMs: WallMs): void {
    for (const entry of this.#unrecorded) {
      if (nowMs - entry.plannedAtMs < limits.dueRetryMs) return;
      this.#settle(entry);
      this.#overdue.add(entry);
    }
  }

  #handOver(entry: Entry, nowMs: WallMs, batch: Batch): void {
    const { schedule, job } = entry;
    assert(schedule !== null && entry.plannedMs === 0, 'what is due has a schedule, and nothing before it on its way');
    const { name, scheduleRevision, tags, anchorMs, catchup } = job;
    const { missed, launches } = planDue({ schedule, anchorMs }, boundsOf(entry), catchup, nowMs, this.#aheadOf(entry));
    const upToMs = missed?.toMs ?? launches.at(-1);
    if (missed !== null) {
      // The launches after it follow when it is recorded.
      const next = nextInstant(schedule, missed.toMs, anchorMs);
      batch.missed.push({ name, scheduleRevision, ...missed, reason: missedReason(catchup), next });
    } else {
      for (const [index, scheduledAtMs] of launches.entries()) {
        const following = launches[index + 1];
        const next = following === undefined ? nextInstant(schedule, scheduledAtMs, anchorMs) : instantOfMs(following);
        batch.launches.push({ name, scheduleRevision, scheduledAtMs, next, tags });
      }
    }
    if (upToMs !== undefined) {
      entry.plannedMs = upToMs;
      entry.launches = missed === null ? launches.length : 0;
      this.#launchesUnderWay += entry.launches;
      this.#await(entry, nowMs);
    }
    this.#arm(entry);
  }
}

interface Batch {
  launches: PlannedLaunch[];
  missed: MissedItem[];
}

/** Empties the batch. */
function pushBatch(batch: Batch, out: PlannerEffect[]): void {
  const { launches, missed } = batch;
  if (launches.length + missed.length === 0) return;
  launches.sort((a, b) => a.scheduledAtMs - b.scheduledAtMs);
  out.push({ type: 'due', launches, missed });
  batch.launches = [];
  batch.missed = [];
}

const floorOf = ({ job, recordedMs, plannedMs }: Entry): WallMs =>
  wallMs(Math.max(job.effectiveFromMs, recordedMs, plannedMs));

const boundsOf = (entry: Entry): DueBounds => ({
  floorMs: floorOf(entry),
  startsAt: entry.job.startsAt,
  expiresAt: entry.job.expiresAt,
});
