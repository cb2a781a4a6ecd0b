import { EMPTY_META, executionKey, type LedgerReader, type Remembered, type StateMeta } from '../core/jobs/ledger.ts';
import type { JobMinute, MinuteStats } from '../core/jobs/minute-stats.ts';
import {
  type Backup,
  type BackupOrigin,
  type JobPage,
  type JobQuery,
  type RecentPage,
  type RecentQuery,
  type StateReads,
  startedLate,
} from '../core/jobs/reads.ts';
import type { ExecutionRecord, JobRecord, LaunchNote, OpenLaunch, UnplacedWork } from '../core/jobs/records.ts';
import { limits } from '../core/limits.ts';
import { type ExecutionId, type JobName, type LogIndex, logIndex, type WallMs } from '../core/units.ts';
import type { Store } from '../runtime/ports.ts';
import { exportState } from './backup/export.ts';
import { queryJobs } from './job-query.ts';
import { cutNewestFirst, noteTable, recentRecords } from './recent-launches.ts';
import {
  bytesText,
  jobRange,
  type KeyRange,
  keyText,
  nextRange,
  type Table,
  tableKey,
  tableRange,
} from './state-keys.ts';
import {
  decodeAppliedIndex,
  decodeExecution,
  decodeJob,
  decodeLaunch,
  decodeMeta,
  decodeNote,
  decodeRemembered,
  decodeWork,
} from './state-records.ts';
import { decodeJobMinute, decodeMinute, minutesBetween } from './stats-records.ts';

/** Committed state out of a store: for the state machine that changes it, and for everybody who shows or follows it. */
export class StateReader implements LedgerReader, StateReads {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** 0 while nothing was applied. */
  appliedIndex(): LogIndex {
    return this.#read('meta', 'applied', decodeAppliedIndex) ?? logIndex(0);
  }

  meta(): StateMeta {
    return this.#read('meta', 'counters', decodeMeta) ?? EMPTY_META;
  }

  job(name: string): JobRecord | undefined {
    return this.#read('jobs', name, decodeJob);
  }

  jobs(query: JobQuery): JobPage {
    return queryJobs(this.#store, this.meta(), (name) => this.job(name), query);
  }

  jobsAfter(name: string, limit: number): readonly JobRecord[] {
    const { to } = tableRange('jobs');
    const jobs: JobRecord[] = [];
    // No name holds NUL: the first key after a name is the name and NUL.
    this.#scan(
      { from: tableKey('jobs', name === '' ? '' : `${name}\0`), to, limit },
      decodeJob,
      (_, job) => jobs.push(job) > 0,
    );
    return jobs;
  }

  /** Jobs whose `next` is past, the earliest first. */
  jobsDueBefore(now: WallMs, limit: number): readonly JobRecord[] {
    const names: string[] = [];
    const range = nextRange(Math.floor(now / 1_000) + 1);
    this.#store.range({ ...range, limit }, (_, name) => names.push(bytesText(name)) > 0);
    return names.map((name) => this.job(name)).filter((job) => job !== undefined);
  }

  eachJob(visit: (job: JobRecord) => void): void {
    this.#scan(tableRange('jobs'), decodeJob, (_, job) => {
      visit(job);
      return true;
    });
  }

  statusCounts(): Readonly<Record<string, number>> {
    return this.meta().statusCounts;
  }

  execution(key: string): ExecutionRecord | undefined;
  execution(job: JobName, id: ExecutionId): ExecutionRecord | undefined;
  execution(keyOrJob: string, id?: ExecutionId): ExecutionRecord | undefined {
    return this.#read('executions', id === undefined ? keyOrJob : `${keyOrJob}\0${id}`, decodeExecution);
  }

  executions(job: JobName): readonly ExecutionRecord[] {
    const records: ExecutionRecord[] = [];
    this.scanExecutions(job, (_, record) => records.push(record) > 0);
    return records;
  }

  output(execution: ExecutionRecord): Uint8Array {
    const key = executionKey(execution.job, execution.stamp, execution.node);
    return this.#store.get(tableKey('outputs', key)) ?? new Uint8Array(0);
  }

  notes(job: JobName): readonly LaunchNote[] {
    const notes: LaunchNote[] = [];
    this.scanNotes(job, (_, note) => notes.push(note) > 0);
    return notes;
  }

  recentNotes(kind: LaunchNote['kind'], query: RecentQuery): RecentPage<LaunchNote> {
    if (query.job === null) {
      return recentRecords(this.#store, noteTable(kind), query, (key) => this.note(key));
    }
    return cutNewestFirst(
      this.notes(query.job).filter((note) => note.kind === kind),
      query,
    );
  }

  queuedWork({ job, start, end }: RecentQuery): RecentPage<UnplacedWork> {
    const queued: UnplacedWork[] = [];
    this.#scan(job === null ? tableRange('work') : jobRange('work', job), decodeWork, (_, work) => {
      if (work.waits !== null) queued.push(work);
      return queued.length < limits.listedLaunches;
    });
    queued.sort((a, b) => a.scheduledAtMs - b.scheduledAtMs || (a.stamp < b.stamp ? -1 : 1));
    return { total: queued.length, records: queued.slice(start, end ?? queued.length) };
  }

  recentLosses(query: RecentQuery): RecentPage<ExecutionRecord> {
    if (query.job === null) return recentRecords(this.#store, 'lostByTime', query, (key) => this.execution(key));
    return cutNewestFirst(
      this.executions(query.job).filter(({ outcome }) => outcome === 'lost'),
      query,
    );
  }

  backup(origin: BackupOrigin): Backup {
    const snapshot = this.#store.snapshot();
    return exportState({ ...origin, snapshot, meta: this.meta(), appliedIndex: this.appliedIndex() });
  }

  recentLates(query: RecentQuery): RecentPage<ExecutionRecord> {
    if (query.job === null) return recentRecords(this.#store, 'lateByTime', query, (key) => this.execution(key));
    return cutNewestFirst(this.executions(query.job).filter(startedLate), query);
  }

  launch(key: string): OpenLaunch | undefined {
    return this.#read('launches', key, decodeLaunch);
  }

  work(key: string): UnplacedWork | undefined {
    return this.#read('work', key, decodeWork);
  }

  note(key: string): LaunchNote | undefined {
    return this.#read('notes', key, decodeNote);
  }

  minute(key: string): MinuteStats | undefined {
    return this.#read('minutes', key, decodeMinute);
  }

  jobMinute(key: string): JobMinute | undefined {
    return this.#read('jobMinutes', key, decodeJobMinute);
  }

  minutesBetween(job: JobName | null, from: number, to: number): readonly MinuteStats[] {
    return minutesBetween(this.#store, job, from, to);
  }

  scanJobMinutes(job: JobName, visit: (key: string, value: JobMinute) => boolean): void {
    this.#scan(jobRange('jobMinutes', job), decodeJobMinute, visit);
  }

  remembered(key: string): Remembered | undefined {
    return this.#read('remembered', key, decodeRemembered);
  }

  scanExecutions(job: JobName, visit: (key: string, value: ExecutionRecord) => boolean): void {
    this.#scan(jobRange('executions', job), decodeExecution, visit);
  }

  scanLaunches(job: JobName, visit: (key: string, value: OpenLaunch) => boolean): void {
    this.#scan(jobRange('launches', job), decodeLaunch, visit);
  }

  scanWork(job: JobName, visit: (key: string, value: UnplacedWork) => boolean): void {
    this.#scan(jobRange('work', job), decodeWork, visit);
  }

  scanNotes(job: JobName, visit: (key: string, value: LaunchNote) => boolean): void {
    this.#scan(jobRange('notes', job), decodeNote, visit);
  }

  /** Everything that is open, for a dispatcher that begins: what runs, and what waits for a place. */
  eachOpenExecution(visit: (record: ExecutionRecord) => void): void {
    const keys: string[] = [];
    this.#store.range({ ...tableRange('openExecutions'), keysOnly: true }, (key) => keys.push(keyText(key)) > 0);
    for (const key of keys) {
      const record = this.execution(key);
      if (record !== undefined) visit(record);
    }
  }

  eachWork(visit: (work: UnplacedWork) => void): void {
    this.#scan(tableRange('work'), decodeWork, (_, work) => {
      visit(work);
      return true;
    });
  }

  #read<Value>(table: Table, key: string, decode: (bytes: Uint8Array) => Value): Value | undefined {
    return this.#store.read(tableKey(table, key), decode);
  }

  #scan<Value>(
    range: KeyRange & { readonly limit?: number },
    decode: (bytes: Uint8Array) => Value,
    visit: (key: string, value: Value) => boolean,
  ): void {
    this.#store.range(range, (key, bytes) => visit(keyText(key), decode(bytes)));
  }
}
