import type { Epoch, Instant, JobName, NodeName, Stamp, WallMs, WallNs } from '../units.ts';

export type StringMap = Readonly<Record<string, string>>;

/** What a due time that was not launched in time becomes (design P1). `window` is a Go duration, as written. */
export interface CatchupPolicy {
  readonly policy: 'skip' | 'once' | 'all';
  readonly window: string;
  readonly cap: number;
}

/** When a failed attempt is repeated. Both durations are Go's, as written; they hold at least 1 ms. */
export interface RetryPolicy {
  /** Before the first retry. */
  readonly interval: string;
  /** Each further pause is this many times the one before it; 1: all are the same. */
  readonly backoff: number;
  readonly maxInterval: string;
}

/** What is kept of a job's history. An execution that has not ended is always kept. */
export interface RetentionPolicy {
  readonly count: number;
  /** A Go duration, as written; null: whatever its age. */
  readonly age: string | null;
}

/** What a user writes. Empty maps are stored as null, as Dkron shows them. */
export interface JobDefinition {
  readonly name: JobName;
  readonly displayname: string;
  readonly timezone: string;
  readonly schedule: string;
  readonly owner: string;
  readonly ownerEmail: string;
  readonly disabled: boolean;
  readonly tags: StringMap | null;
  readonly metadata: StringMap | null;
  readonly retries: number;
  readonly parentJob: string;
  readonly processors: Readonly<Record<string, StringMap>> | null;
  /** `allow`, `forbid`, `replace`, `queue`, or empty (restored without one): as `allow`. */
  readonly concurrency: string;
  readonly executor: string;
  readonly executorConfig: StringMap | null;
  readonly ephemeral: boolean;
  readonly startsAt: Instant | null;
  readonly expiresAt: Instant | null;
  /** Null: the default, `all` within 60 s, at most 100. */
  readonly catchup: CatchupPolicy | null;
  /** Null: the default, `record`. */
  readonly onLost: 'record' | 'rerun' | null;
  /** Launches that may wait under `queue`; null: one. */
  readonly queueLimit: number | null;
  /** Executions of the job that may run at once; null: any number. */
  readonly maxExecutions: number | null;
  /** Null: Dkron's pauses. */
  readonly retry: RetryPolicy | null;
  /** Null: the default, the latest `limits.executionsPerJob`. */
  readonly retention: RetentionPolicy | null;
}

/** A job as submitted: Dkron lets a client send the computed fields too and merges them (dkron-v4 2.4). */
export interface SubmittedJob extends JobDefinition {
  /** Echoed in the answer to a create, never stored. */
  readonly id: string;
  readonly successCount: number;
  readonly errorCount: number;
  readonly lastSuccess: Instant | null;
  readonly lastError: Instant | null;
  readonly status: string;
  readonly next: Instant;
  readonly dependentJobs: readonly string[] | null;
}

export type JobStatus = '' | 'success' | 'failed' | 'partially_failed';

/** A stored job. */
export interface JobRecord extends JobDefinition {
  readonly successCount: number;
  readonly errorCount: number;
  readonly lastSuccess: Instant | null;
  readonly lastError: Instant | null;
  /** A `JobStatus`, or what a client stored while it was empty. */
  readonly status: string;
  /** What Dkron shows as the next planned run; `ZERO_INSTANT` for never. Display only: due times come from the schedule. */
  readonly next: Instant;
  readonly dependentJobs: readonly string[] | null;
  /** Grows when schedule, timezone or starts_at change: a launch planned under an older one is void. */
  readonly scheduleRevision: number;
  /** Due times are strictly after max(effectiveFromMs, highWaterMs). Set by create, schedule change and enable. */
  readonly effectiveFromMs: WallMs;
  /** `@every` counts from here (P8): the commit of the last change of the schedule's text. */
  readonly anchorMs: WallMs;
  /** The last due time that has a launch, missed or skipped record; 0 when none. */
  readonly highWaterMs: WallMs;
  /** Launches of this job that have not ended: what `forbid` looks at. */
  readonly openLaunches: number;
  /** Of these, those that wait as a whole for the end of others (`queue`, `replace`). */
  readonly launchesWaiting: number;
  /** Executions that wait because `maxExecutions` run, and those that wait because their node has no room. */
  readonly executionsWaiting: number;
  readonly executionsWaitingForNode: number;
  /** Execution records and launch notes kept, so that retention needs no scan. */
  readonly executionsKept: number;
  /** Of the records kept, those of executions that have not ended: retention never drops them. */
  readonly executionsRunning: number;
  readonly notesKept: number;
  /** Why the state machine disabled the job by itself (P6); null: it did not. */
  readonly quarantine: string | null;
}

/** Where an execution is to run: a node in one of its lives. */
export interface Target {
  readonly node: NodeName;
  readonly epoch: Epoch;
  /** The node runs as many executions as it may: this one waits for room there. */
  readonly waits?: true;
}

export type Cause = 'schedule' | 'manual' | 'parent';
/** Why an execution is told to end: a client asked for it, or a newer launch takes its place. */
export type StopReason = 'request' | 'replaced';
export type Outcome = 'running' | 'success' | 'failed' | 'lost';

/** One attempt on one node. Identity: `<stamp>-<node>`. Its output is stored apart. */
export interface ExecutionRecord {
  readonly job: JobName;
  readonly stamp: Stamp;
  readonly node: NodeName;
  readonly epoch: Epoch;
  /** Stamp of the launch: Dkron's `group`. */
  readonly group: Stamp;
  readonly attempt: number;
  readonly scheduledAtMs: WallMs;
  readonly cause: Cause;
  /** Until the end is known: the proposer's clock at the assignment; then the executing node's clock. */
  readonly startedAtNs: WallNs;
  /** 0 while running. */
  readonly finishedAtNs: WallNs;
  readonly outcome: Outcome;
  /** Bytes of output stored, and bytes dropped before them. */
  readonly outputBytes: number;
  readonly droppedBytes: number;
  /** What arrived after the end was decided (a finish after `lost`); annotation only. */
  readonly late: 'success' | 'failed' | null;
  /** It is to be stopped, or was: no attempt follows. Null: nobody wanted that. */
  readonly stop: StopReason | null;
  /** Its job's history was wiped while it ran: it isn't shown before its end, as in Dkron. */
  readonly wiped: boolean;
}

/** A launch that has not ended: some attempt runs, or waits for its retry or placement. */
export interface OpenLaunch {
  readonly job: JobName;
  readonly group: Stamp;
  readonly scheduledAtMs: WallMs;
  readonly cause: Cause;
  /** Executions assigned and not ended, plus unplaced work. */
  readonly pending: number;
  /** Final results per node: an attempt that was retried counts as neither. */
  readonly succeeded: number;
  readonly failed: number;
}

/**
 * queue, replace: the end of what its job runs, by the job's `concurrency`; job: an end within its `maxExecutions`; node:
 * room on its node.
 */
export type WaitCause = 'queue' | 'replace' | 'job' | 'node';

export interface WorkWait {
  readonly for: WaitCause;
  /** By the proposers' clocks. */
  readonly sinceMs: WallMs;
}

/** Work without targets yet: it waits for its time and for an `assign`. */
export interface UnplacedWork {
  readonly stamp: Stamp;
  readonly job: JobName;
  readonly group: Stamp;
  readonly attempt: number;
  readonly scheduledAtMs: WallMs;
  readonly cause: Cause;
  /** start: the first attempt of a launch that had to wait. */
  readonly reason: 'retry' | 'child' | 'rerun' | 'start';
  readonly dueAtMs: WallMs;
  /** A retry prefers the node of the attempt before it, as in Dkron; null: choose by tags. */
  readonly node: NodeName | null;
  /** What it waits for beside its time; null: nothing. */
  readonly waits: WorkWait | null;
}

/** A due time (or a range of them) that was not run, and why. Bounded per job (limits.ts). */
export interface LaunchNote {
  readonly job: JobName;
  readonly kind: 'missed' | 'skipped';
  readonly fromMs: WallMs;
  readonly toMs: WallMs;
  readonly count: number;
  readonly reason: string;
}
