import { assert } from '../assert.ts';
import { limits } from '../limits.ts';
import { executionId, type JobName, type NodeName, type Stamp, stamp, type WallMs, wallNsOf } from '../units.ts';
import type { CommandResult } from './commands.ts';
import { brokenJobInvariant } from './invariants.ts';
import { type JobMinute, type MinuteStats, StatsLedger } from './minute-stats.ts';
import { OverlayTable } from './overlay.ts';
import type {
  ExecutionRecord,
  JobRecord,
  JobStatus,
  LaunchNote,
  OpenLaunch,
  UnplacedWork,
  WaitCause,
  WorkWait,
} from './records.ts';

/** Counters of the whole state, changed in the same transaction as what they count. */
export interface StateMeta {
  /** The last stamp allotted. Stamps are unique over all jobs and only grow. */
  readonly lastStamp: Stamp;
  readonly jobCount: number;
  /** Jobs per status; the key '' counts those that never finished, `other` those with a status that a client made up. */
  readonly statusCounts: Readonly<Record<string, number>>;
}

/** Below every stamp: a clock that stands in the last century gives 19 digits too, and keys stay in order. */
const BEFORE_STAMPS = stamp(10n ** 18n - 1n);

export const EMPTY_META: StateMeta = { lastStamp: BEFORE_STAMPS, jobCount: 0, statusCounts: {} };

const countedStatuses: ReadonlySet<string> = new Set<JobStatus>(['', 'success', 'failed', 'partially_failed']);

/** A result kept so that a command sent twice happens once (P5). */
export interface Remembered {
  readonly epoch: number;
  readonly sequence: number;
  readonly result: CommandResult;
}

/** Committed state, as the ledger reads it. Keys inside a job are `<job>\0<rest>`; `scan` yields them in order. */
export interface LedgerReader {
  meta(): StateMeta;
  job(name: string): JobRecord | undefined;
  execution(key: string): ExecutionRecord | undefined;
  launch(key: string): OpenLaunch | undefined;
  work(key: string): UnplacedWork | undefined;
  note(key: string): LaunchNote | undefined;
  minute(key: string): MinuteStats | undefined;
  jobMinute(key: string): JobMinute | undefined;
  remembered(key: string): Remembered | undefined;
  scanExecutions(job: JobName, visit: (key: string, value: ExecutionRecord) => boolean): void;
  scanLaunches(job: JobName, visit: (key: string, value: OpenLaunch) => boolean): void;
  scanWork(job: JobName, visit: (key: string, value: UnplacedWork) => boolean): void;
  scanNotes(job: JobName, visit: (key: string, value: LaunchNote) => boolean): void;
  scanJobMinutes(job: JobName, visit: (key: string, value: JobMinute) => boolean): void;
}

/** Changes of one batch, to be made durable in one transaction. Null deletes. */
export interface LedgerWrites {
  readonly meta: StateMeta;
  readonly jobs: readonly {
    readonly name: string;
    readonly before: JobRecord | undefined;
    readonly after: JobRecord | null;
  }[];
  /** `read` is the record before, where a change was made to one: a deleted one need not have been read. */
  readonly executions: readonly {
    readonly key: string;
    readonly read: ExecutionRecord | undefined;
    readonly after: ExecutionRecord | null;
  }[];
  readonly outputs: readonly (readonly [key: string, value: Uint8Array | null])[];
  readonly launches: readonly (readonly [key: string, value: OpenLaunch | null])[];
  readonly work: readonly (readonly [key: string, value: UnplacedWork | null])[];
  readonly notes: readonly (readonly [key: string, value: LaunchNote | null])[];
  readonly remembered: readonly (readonly [key: string, value: Remembered | null])[];
  readonly minutes: readonly (readonly [key: string, value: MinuteStats | null])[];
  readonly jobMinutes: readonly (readonly [key: string, value: JobMinute | null])[];
}

export const executionKey = (job: JobName, at: Stamp, node: NodeName): string => `${job}\0${executionId(at, node)}`;
export const launchKey = (job: JobName, group: Stamp): string => `${job}\0${group}`;
const noteKey = launchKey;
const never = (): boolean => false;
const isRunning = ({ outcome }: ExecutionRecord): boolean => outcome === 'running';
const startsWithJob = (job: JobName) => (key: string) => key.startsWith(`${job}\0`);

/** The replicated state as apply sees and changes it: committed records under this batch's own changes. */
export class Ledger {
  readonly stats: StatsLedger;
  readonly #reader: LedgerReader;
  readonly #jobs: OverlayTable<JobRecord>;
  readonly #executions: OverlayTable<ExecutionRecord>;
  readonly #outputs = new OverlayTable<Uint8Array>(() => undefined, never);
  readonly #launches: OverlayTable<OpenLaunch>;
  readonly #work: OverlayTable<UnplacedWork>;
  readonly #notes: OverlayTable<LaunchNote>;
  readonly #remembered: OverlayTable<Remembered>;
  readonly #quarantined = new Set<JobName>();
  #lastStamp: Stamp;

  constructor(reader: LedgerReader) {
    this.#reader = reader;
    this.stats = new StatsLedger(reader);
    this.#jobs = new OverlayTable((key) => reader.job(key));
    this.#executions = new OverlayTable((key) => reader.execution(key), isRunning);
    this.#launches = new OverlayTable((key) => reader.launch(key));
    this.#work = new OverlayTable((key) => reader.work(key));
    this.#notes = new OverlayTable((key) => reader.note(key), never);
    this.#remembered = new OverlayTable((key) => reader.remembered(key));
    this.#lastStamp = reader.meta().lastStamp;
  }

  /** Names that clients make up may be longer than those of jobs, and than a key. */
  job(name: string): JobRecord | undefined {
    return name.length > limits.jobNameBytes ? undefined : this.#jobs.get(name);
  }

  /**
   * Stores a job, and gives it as stored: one whose record breaks an invariant is quarantined, that is disabled, and
   * shown as such (P6).
   */
  putJob(job: JobRecord): JobRecord {
    const broken = job.quarantine === null ? brokenJobInvariant(job) : null;
    const stored = broken === null ? job : { ...job, disabled: true, quarantine: broken };
    if (broken !== null) this.#quarantined.add(job.name);
    this.#jobs.put(job.name, stored);
    return stored;
  }

  /** Jobs that were quarantined since the last call. */
  takeQuarantined(): JobName[] {
    const names = [...this.#quarantined];
    this.#quarantined.clear();
    return names;
  }

  deleteJob(name: JobName): void {
    this.#jobs.delete(name);
    this.stats.forget(name);
  }

  /** max(instant, last stamp + 1): unique over all jobs (design section 4). */
  allotStamp(instantNs: bigint): Stamp {
    const last = this.#lastStamp;
    this.#lastStamp = stamp(instantNs > last ? instantNs : last + 1n);
    return this.#lastStamp;
  }

  /** Stamps that were allotted elsewhere come back: none of them is allotted again. */
  raiseLastStamp(to: Stamp): void {
    if (to > this.#lastStamp) this.#lastStamp = to;
  }

  execution(job: JobName, at: Stamp, node: NodeName): ExecutionRecord | undefined {
    return this.#executions.get(executionKey(job, at, node));
  }

  putExecution(record: ExecutionRecord): void {
    this.#executions.put(executionKey(record.job, record.stamp, record.node), record);
  }

  /** An old execution comes back, with its stamp. */
  restoreExecution(record: ExecutionRecord, output: Uint8Array): void {
    this.raiseLastStamp(record.stamp);
    this.#executions.putAnywhere(executionKey(record.job, record.stamp, record.node), record);
    if (output.length > 0) this.putOutput(record, output);
  }

  deleteExecution(record: ExecutionRecord): void {
    const key = executionKey(record.job, record.stamp, record.node);
    this.#executions.delete(key);
    this.#outputs.delete(key);
  }

  putOutput(record: ExecutionRecord, output: Uint8Array): void {
    this.#outputs.put(executionKey(record.job, record.stamp, record.node), output);
  }

  /** Oldest first. */
  visitExecutions(job: JobName, visit: (record: ExecutionRecord) => boolean): void {
    this.#executions.visit(
      (each) => this.#reader.scanExecutions(job, each),
      startsWithJob(job),
      (_, record) => visit(record),
    );
  }

  launch(job: JobName, group: Stamp): OpenLaunch | undefined {
    return this.#launches.get(launchKey(job, group));
  }

  putLaunch(launch: OpenLaunch): void {
    assert(launch.pending >= 0, 'a launch has no negative number of pending attempts');
    this.#launches.put(launchKey(launch.job, launch.group), launch);
  }

  deleteLaunch(launch: OpenLaunch): void {
    this.#launches.delete(launchKey(launch.job, launch.group));
  }

  visitLaunches(job: JobName, visit: (launch: OpenLaunch) => boolean): void {
    this.#launches.visit(
      (each) => this.#reader.scanLaunches(job, each),
      startsWithJob(job),
      (_, launch) => visit(launch),
    );
  }

  work(job: JobName, at: Stamp): UnplacedWork | undefined {
    return this.#work.get(launchKey(job, at));
  }

  /** Counts what waits with its job: read the job again behind this. */
  putWork(work: UnplacedWork): void {
    this.#countWaiting(work.job, this.work(work.job, work.stamp)?.waits ?? null, work.waits);
    this.#work.put(launchKey(work.job, work.stamp), work);
  }

  /** As `putWork`. */
  deleteWork(work: UnplacedWork): void {
    this.#countWaiting(work.job, this.work(work.job, work.stamp)?.waits ?? null, null);
    this.#work.delete(launchKey(work.job, work.stamp));
  }

  visitWork(job: JobName, visit: (work: UnplacedWork) => boolean): void {
    this.#work.visit(
      (each) => this.#reader.scanWork(job, each),
      startsWithJob(job),
      (_, work) => visit(work),
    );
  }

  /** Adds a note; the oldest ones beyond the limit go. Returns how many the job has now. */
  addNote(note: LaunchNote, kept: number): number {
    this.stats.noted(note);
    this.#notes.put(noteKey(note.job, this.allotStamp(wallNsOf(note.toMs))), note);
    return this.#countNote(note, kept);
  }

  /** As `addNote`, of an old note that comes back, with its stamp. One that is there stays as it is. */
  restoreNote(note: LaunchNote, at: Stamp, kept: number): number {
    this.raiseLastStamp(at);
    const key = noteKey(note.job, at);
    if (this.#notes.get(key) !== undefined) return kept;
    this.#notes.putAnywhere(key, note);
    return this.#countNote(note, kept);
  }

  #countNote(note: LaunchNote, kept: number): number {
    if (kept < limits.notesPerJob) return kept + 1;
    let oldest: string | null = null;
    this.#visitNoteKeys(note.job, (key) => {
      oldest = key;
      return false;
    });
    if (oldest !== null) this.#notes.delete(oldest);
    return kept;
  }

  visitNotes(job: JobName, visit: () => boolean): void {
    this.#visitNoteKeys(job, () => visit());
  }

  deleteNotes(job: JobName): void {
    const keys: string[] = [];
    this.#visitNoteKeys(job, (key) => {
      keys.push(key);
      return true;
    });
    for (const key of keys) this.#notes.delete(key);
  }

  remembered(origin: string, epoch: number, sequence: number): CommandResult | undefined {
    const kept = this.#remembered.get(rememberedKey(origin, sequence));
    return kept !== undefined && kept.epoch === epoch && kept.sequence === sequence ? kept.result : undefined;
  }

  remember(origin: string, remembered: Remembered): void {
    this.#remembered.put(rememberedKey(origin, remembered.sequence), remembered);
  }

  /** What changed since the last drain. The committed state must hold it before the ledger is used again. */
  drain(): LedgerWrites {
    const jobs = this.#jobs.drainWithBefore().map(({ key, before, after }) => ({ name: key, before, after }));
    return {
      meta: this.#nextMeta(jobs),
      jobs,
      executions: this.#executions.drainWithRead(),
      outputs: this.#outputs.drain(),
      launches: this.#launches.drain(),
      work: this.#work.drain(),
      notes: this.#notes.drain(),
      remembered: this.#remembered.drain(),
      ...this.stats.drain(),
    };
  }

  /** Gives back the memory of what it kept to read it again. */
  forgetKept(): void {
    const { stats } = this;
    for (const part of [this.#jobs, this.#executions, this.#launches, this.#work, this.#remembered, stats])
      part.forgetKept();
  }

  #countWaiting(name: JobName, before: WorkWait | null, after: WorkWait | null): void {
    const job = before?.for === after?.for ? undefined : this.job(name);
    if (job === undefined) return;
    const by = (causes: readonly WaitCause[]): number =>
      (after !== null && causes.includes(after.for) ? 1 : 0) - (before !== null && causes.includes(before.for) ? 1 : 0);
    this.putJob({
      ...job,
      launchesWaiting: job.launchesWaiting + by(['queue', 'replace']),
      executionsWaiting: job.executionsWaiting + by(['job']),
      executionsWaitingForNode: job.executionsWaitingForNode + by(['node']),
    });
  }

  #visitNoteKeys(job: JobName, visit: (key: string) => boolean): void {
    this.#notes.visit((each) => this.#reader.scanNotes(job, each), startsWithJob(job), visit);
  }

  #nextMeta(jobs: LedgerWrites['jobs']): StateMeta {
    const before = this.#reader.meta();
    const statusCounts: Record<string, number> = Object.assign(Object.create(null), before.statusCounts);
    let jobCount = before.jobCount;
    const add = (job: JobRecord, by: number): void => {
      const status = countedStatuses.has(job.status) ? job.status : 'other';
      jobCount += by;
      const count = (statusCounts[status] ?? 0) + by;
      assert(count >= 0, 'no status has a negative number of jobs');
      if (count === 0) delete statusCounts[status];
      else statusCounts[status] = count;
    };
    for (const change of jobs) {
      if (change.before !== undefined) add(change.before, -1);
      if (change.after !== null) add(change.after, 1);
    }
    return { lastStamp: this.#lastStamp, jobCount, statusCounts };
  }
}

const rememberedKey = (origin: string, sequence: number): string =>
  `${origin}\0${sequence % limits.rememberedResultsPerOrigin}`;

/** Counts a due time as seen: it will not be launched again. */
export const raiseHighWater = (job: JobRecord, to: WallMs): WallMs => (to > job.highWaterMs ? to : job.highWaterMs);
