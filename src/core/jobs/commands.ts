import type { Instant, JobName, NodeName, Stamp, WallMs, WallNs } from '../units.ts';
import type { ExecutionRecord, JobRecord, LaunchNote, SubmittedJob, Target } from './records.ts';

/**
 * What the replicated log carries. Everything that apply needs to know of clocks, zones, choices and chances is in
 * the command, stamped by its proposer (design section 3). Codes in wire/commands.ts are append-only.
 */
export type Command =
  /** Create or replace. `next`: first due time after now under the submitted schedule (null: never). */
  | {
      readonly type: 'setJob';
      readonly nowMs: WallMs;
      readonly job: SubmittedJob;
      readonly next: Instant | null;
    }
  | { readonly type: 'deleteJob'; readonly name: JobName }
  /** `toggle`, made explicit by its proposer. */
  | {
      readonly type: 'setDisabled';
      readonly nowMs: WallMs;
      readonly name: JobName;
      readonly disabled: boolean;
      readonly next: Instant | null;
    }
  | { readonly type: 'deleteExecutions'; readonly name: JobName }
  /** Scheduled launches, all that is due at once in one command. */
  | { readonly type: 'launch'; readonly nowNs: WallNs; readonly items: readonly LaunchItem[] }
  /** By hand, and `runoncreate`. Empty targets are refused. */
  | { readonly type: 'run'; readonly nowNs: WallNs; readonly name: JobName; readonly targets: readonly Target[] }
  | { readonly type: 'missed'; readonly items: readonly MissedItem[] }
  /** Gives unplaced work its targets; none: recorded as skipped. */
  | { readonly type: 'assign'; readonly nowNs: WallNs; readonly items: readonly AssignItem[] }
  /** A start that certainly did not happen is assigned again, to a new epoch of its node (P2). */
  | { readonly type: 'reassign'; readonly nowNs: WallNs; readonly items: readonly ReassignItem[] }
  /** `nowNs`: the proposer's clock, from which what follows counts (retries, children); nodes' clocks may differ. */
  | { readonly type: 'finish'; readonly nowNs: WallNs; readonly items: readonly FinishItem[] }
  /**
   * Changes nothing. Each server compares its own state behind the entry `markedIndex` (0: none) with the hash that the
   * leader's had there, and remembers its hash behind this entry for the next check (P6). Hashes of another format are
   * not compared.
   */
  | {
      readonly type: 'checkState';
      readonly format: number;
      readonly markedIndex: number;
      readonly first: number;
      readonly second: number;
    }
  /** Drops executions beyond their jobs' `retention`, at most `limits.executionsPerPrune` in all. */
  | { readonly type: 'prune'; readonly items: readonly PruneItem[] }
  /**
   * Part of a backup, in the order of its file: a parent before its children, a job before its history. `lastStamp` is
   * the last one allotted where the backup was made.
   */
  | {
      readonly type: 'import';
      readonly nowMs: WallMs;
      readonly lastStamp: Stamp;
      readonly items: readonly ImportItem[];
    }
  /** Ends an execution, or the retry that waits after it. */
  | {
      readonly type: 'stop';
      readonly nowNs: WallNs;
      readonly job: JobName;
      readonly stamp: Stamp;
      readonly node: NodeName;
    };

export interface LaunchItem {
  readonly name: JobName;
  readonly scheduleRevision: number;
  readonly scheduledAtMs: WallMs;
  readonly targets: readonly Target[];
  /** The due time after this one (null: never); becomes the job's displayed `next`. */
  readonly next: Instant | null;
}

export interface MissedItem {
  readonly name: JobName;
  readonly scheduleRevision: number;
  readonly fromMs: WallMs;
  readonly toMs: WallMs;
  readonly count: number;
  readonly reason: string;
  readonly next: Instant | null;
}

export interface AssignItem {
  readonly job: JobName;
  readonly stamp: Stamp;
  readonly targets: readonly Target[];
}

export interface ReassignItem {
  readonly job: JobName;
  readonly stamp: Stamp;
  readonly node: NodeName;
  readonly epoch: Target['epoch'];
}

export interface FinishItem {
  readonly job: JobName;
  readonly stamp: Stamp;
  readonly node: NodeName;
  readonly startedAtNs: WallNs;
  readonly finishedAtNs: WallNs;
  readonly outcome: 'success' | 'failed' | 'lost';
  /** What is stored: error line, output, after the processors. */
  readonly output: Uint8Array;
  readonly droppedBytes: number;
  /** When the next attempt is due, should apply find that there is one. */
  readonly retryAtMs: WallMs;
}

export interface PruneItem {
  readonly job: JobName;
  /** By the proposer's clock; null: only what is more than the job keeps. */
  readonly endedBeforeMs: WallMs | null;
}

/** A record of a backup. `next` of a job is one that lies ahead; an execution has ended. */
export type ImportItem =
  | ({ readonly type: 'job'; readonly job: SubmittedJob } & Pick<
      JobRecord,
      'effectiveFromMs' | 'anchorMs' | 'highWaterMs' | 'quarantine'
    >)
  | { readonly type: 'execution'; readonly record: ExecutionRecord; readonly output: Uint8Array }
  | { readonly type: 'note'; readonly stamp: Stamp; readonly note: LaunchNote };

/** Who proposed: answers go back there, and a command sent twice happens once (P5). */
export interface Origin {
  readonly node: NodeName;
  readonly actor: string;
  readonly epoch: number;
  readonly sequence: number;
}

export type RefusalCode =
  | 'job_not_found'
  | 'job_disabled'
  | 'parent_not_found'
  | 'same_parent'
  | 'parent_cycle'
  | 'has_dependents'
  | 'no_targets'
  | 'limit_reached'
  | 'execution_not_found'
  | 'execution_ended';

export type CommandResult =
  | { readonly type: 'done' }
  /** The job after the change (deleted: as it was). */
  | { readonly type: 'job'; readonly job: JobRecord }
  /** `job` as it was before the run, with `next` as it is. */
  | { readonly type: 'launched'; readonly job: JobRecord; readonly group: Stamp }
  | { readonly type: 'imported'; readonly refusals: readonly ImportRefusal[] }
  | { readonly type: 'refused'; readonly code: RefusalCode; readonly message: string };

/** A job of a backup that was not set; its history is left out with it. */
export interface ImportRefusal {
  readonly job: JobName;
  readonly code: RefusalCode;
  readonly message: string;
}
