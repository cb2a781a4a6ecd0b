import { limits } from '../limits.ts';
import { type ExecutionId, type JobName, type NodeName, type WallMs, wallNsOf } from '../units.ts';
import type { MinuteStats } from './minute-stats.ts';
import type { ExecutionRecord, JobRecord, LaunchNote, UnplacedWork } from './records.ts';

/** What a list of jobs can be ordered by. */
export const jobSortFields = [
  'name',
  'displayname',
  'schedule',
  'success_count',
  'error_count',
  'last_success',
  'last_error',
  'next',
] as const;

export type JobSortField = (typeof jobSortFields)[number];

/** A page of jobs, filtered, ordered and cut as Dkron does (dkron-v4 1.4). All filters are ANDed. */
export interface JobQuery {
  readonly sort: JobSortField;
  readonly descending: boolean;
  /** Substring of name or displayname, case-sensitive; empty: no filter. */
  readonly search: string;
  readonly metadata: readonly (readonly [key: string, value: string])[];
  /** Exact stored status ('' = never finished); null: no filter. */
  readonly status: string | null;
  readonly disabled: boolean | null;
  /** Zero-based; a slice that is empty or turned around yields no jobs, with the right total. */
  readonly start: number;
  /** Exclusive; null: to the end. */
  readonly end: number | null;
}

export interface JobPage {
  /** Jobs that match, before the slice. */
  readonly total: number;
  /** Each is read when its turn comes: to be gone through once, and at once. */
  readonly jobs: Iterable<JobRecord>;
}

/** A page of what went wrong lately, newest first. */
export interface RecentQuery {
  /** Null: of all jobs. */
  readonly job: JobName | null;
  /** Zero-based. */
  readonly start: number;
  /** Exclusive; null: to the end. */
  readonly end: number | null;
}

export interface RecentPage<Value> {
  /** Records that match, before the cut; of all jobs at most `limits.listedLaunches`, and no page goes beyond. */
  readonly total: number;
  readonly records: readonly Value[];
}

/** By how much an execution began after its due time; negative where its node's clock is behind. */
export const latenessNs = ({ startedAtNs, scheduledAtMs }: ExecutionRecord): bigint =>
  startedAtNs - wallNsOf(scheduledAtMs);

const LATE_NS = BigInt(limits.lateStartMs) * 1_000_000n;

/** The first attempt at a due time, and later than it should be. What was wiped is not shown. */
export const startedLate = (record: ExecutionRecord): boolean =>
  !record.wiped && record.cause === 'schedule' && record.attempt === 1 && latenessNs(record) > LATE_NS;

/** Who makes a backup, and when. */
export interface BackupOrigin {
  readonly version: string;
  readonly node: NodeName;
  readonly createdAtMs: WallMs;
}

/** A backup in the making (docs/api/backup.md): the state as it was when it was begun, whatever changes meanwhile. */
export interface Backup {
  /** The next piece of its file, which took some milliseconds to read; null: that was all. */
  next(): Uint8Array | null;
  /** Once, also before its end. Until then space of the state's store is kept. */
  close(): void;
}

/** Committed state, read from this thread's own snapshot; calls of one turn see one snapshot. */
export interface StateReads {
  job(name: JobName): JobRecord | undefined;
  jobs(query: JobQuery): JobPage;
  /** The next jobs by name, strictly after `name`; '' for the first. */
  jobsAfter(name: string, limit: number): readonly JobRecord[];
  /** In key order: stamp, then node, ascending. */
  executions(job: JobName): readonly ExecutionRecord[];
  execution(job: JobName, id: ExecutionId): ExecutionRecord | undefined;
  /** Stored output; empty when there is none. */
  output(execution: ExecutionRecord): Uint8Array;
  notes(job: JobName): readonly LaunchNote[];
  recentNotes(kind: LaunchNote['kind'], query: RecentQuery): RecentPage<LaunchNote>;
  /** Executions that ended as lost. */
  recentLosses(query: RecentQuery): RecentPage<ExecutionRecord>;
  /** What waits for its turn, in the order of due times. */
  queuedWork(query: RecentQuery): RecentPage<UnplacedWork>;
  /** Executions that began late, whether they run or have ended. */
  recentLates(query: RecentQuery): RecentPage<ExecutionRecord>;
  /**
   * Minutes since 1970 with activity, from `from` up to `to`, in no order: of all jobs the latest week, of a job the
   * latest so many, and there a minute may come in parts.
   */
  minutesBetween(job: JobName | null, from: number, to: number): readonly MinuteStats[];
  /** How many jobs have each status ('' included); those that a client made up count as `other`. */
  statusCounts(): Readonly<Record<string, number>>;
  backup(origin: BackupOrigin): Backup;
}
