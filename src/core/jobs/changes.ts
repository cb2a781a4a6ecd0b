import type { Epoch, ExecutionId, JobName, NodeName, Stamp, WallMs, WallNs } from '../units.ts';
import type {
  Cause,
  JobRecord,
  JobStatus,
  LaunchNote,
  Outcome,
  StopReason,
  StringMap,
  UnplacedWork,
} from './records.ts';

/** The part of a job that its scheduling needs. */
export type JobSchedule = Pick<
  JobRecord,
  | 'name'
  | 'schedule'
  | 'timezone'
  | 'startsAt'
  | 'expiresAt'
  | 'catchup'
  | 'tags'
  | 'scheduleRevision'
  | 'effectiveFromMs'
  | 'anchorMs'
  | 'highWaterMs'
> & {
  /** Null: executions are kept whatever their age. */
  readonly retentionAgeMs: number | null;
  /** More executions are stored than the job keeps. */
  readonly hasSurplus: boolean;
  /** Nothing but a write decides whether a due launch of it runs: it may be claimed ahead of its time. */
  readonly mayBeClaimed: boolean;
  /** False: disabled, a child, or quarantined. An inactive job has no due times. */
  readonly active: boolean;
};

/** A job's `retry` in whole milliseconds. */
export interface RetryPauses {
  readonly intervalMs: number;
  readonly backoff: number;
  readonly maxIntervalMs: number;
}

/** All that a dispatcher needs to start an execution and to judge its end, frozen at its assignment. */
export interface ExecutionStart {
  readonly id: ExecutionId;
  readonly job: JobName;
  readonly stamp: Stamp;
  readonly node: NodeName;
  readonly epoch: Epoch;
  readonly group: Stamp;
  readonly attempt: number;
  readonly scheduledAtMs: WallMs;
  readonly cause: Cause;
  readonly assignedAtNs: WallNs;
  readonly executor: string;
  readonly executorConfig: StringMap | null;
  readonly processors: Readonly<Record<string, StringMap>> | null;
  readonly retries: number;
  /** Null: Dkron's pauses. */
  readonly retry: RetryPauses | null;
  /** It must not overlap with others of its job: its node ends it when it has lost its leader (P3). */
  readonly exclusive: boolean;
  /** It is not to begin, or to end. */
  readonly stop: StopReason | null;
}

export type JobChange = 'created' | 'updated' | 'enabled' | 'disabled';

/** What applying a command did, for whoever follows the state. Consumers that miss some rescan the state (design 4.3). */
export type Change =
  | {
      readonly type: 'jobSet';
      readonly schedule: JobSchedule;
      readonly how: JobChange;
      /** Why the state machine disabled it by itself; null: it did not. */
      readonly quarantine: string | null;
    }
  | { readonly type: 'jobDeleted'; readonly name: JobName }
  /** Unplaced work: give it targets when it is due. */
  | {
      readonly type: 'workOpened';
      readonly work: UnplacedWork;
      readonly tags: StringMap | null;
      readonly retry: RetryPauses | null;
    }
  | { readonly type: 'executionOpened'; readonly start: ExecutionStart }
  | {
      readonly type: 'executionEnded';
      readonly id: ExecutionId;
      readonly job: JobName;
      readonly group: Stamp;
      readonly outcome: Exclude<Outcome, 'running'>;
      /** With it, more executions are stored than the job keeps. */
      readonly hasSurplus: boolean;
      /** Its job keeps executions for some time only. */
      readonly growsOld: boolean;
      readonly node: NodeName;
      readonly attempt: number;
      readonly startedAtNs: WallNs;
      readonly finishedAtNs: WallNs;
      readonly outputBytes: number;
    }
  /** It is to be stopped: its node is told until its end is committed. */
  | {
      readonly type: 'executionStopping';
      readonly id: ExecutionId;
      readonly job: JobName;
      readonly group: Stamp;
      readonly reason: StopReason;
    }
  /** No longer tracked: its job was deleted. It may run to its end; its finish is acknowledged and dropped. */
  | { readonly type: 'executionDropped'; readonly id: ExecutionId; readonly job: JobName }
  | {
      readonly type: 'launchBegan';
      readonly job: JobName;
      readonly group: Stamp;
      readonly cause: Cause;
      readonly scheduledAtMs: WallMs;
    }
  | { readonly type: 'launchEnded'; readonly job: JobName; readonly group: Stamp; readonly status: JobStatus }
  | { readonly type: 'launchNoted'; readonly note: LaunchNote };
