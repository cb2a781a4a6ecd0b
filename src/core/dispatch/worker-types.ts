import type { ExecutionStart } from '../jobs/changes.ts';
import type { StopReason } from '../jobs/records.ts';
import type { Epoch, ExecutionId, JobName, MonoMs, NodeName, Term, WallNs } from '../units.ts';
import type { FinishedWork, LeaseRenewal, WorkerReport } from './in-flight.ts';
import type { OutputPart, Written } from './live-output.ts';

/** The process at the root of an execution: enough to recognise it after a restart of this node. */
export interface WorkProcess {
  readonly pid: number;
  readonly startTicks: number;
  readonly bootId: string;
}

/** What the journal knows of one execution. Without an end it runs, or ran when its life of the node ended. */
export interface JournalEntry {
  readonly id: ExecutionId;
  /** Null: recorded by a version that did not keep it. */
  readonly job: JobName | null;
  readonly executor: string;
  readonly startedAtNs: WallNs;
  readonly process: WorkProcess | null;
  readonly end: WorkEnd | null;
}

export type WorkEnd = Omit<FinishedWork, 'id' | 'job' | 'startedAtNs'>;

/** One change of the journal. The newest change of a key replaces those not yet written. */
export type JournalWrite =
  | { readonly type: 'life'; readonly epoch: Epoch; readonly bootId: string; readonly since: Epoch }
  | { readonly type: 'term'; readonly term: Term }
  | { readonly type: 'entry'; readonly entry: JournalEntry }
  | { readonly type: 'forget'; readonly id: ExecutionId };

/** What the journal held when this life of the node opened it. */
export interface JournalContents {
  /** 0: a new journal. */
  readonly epoch: Epoch;
  readonly bootId: string;
  /** The first life whose starts the journal accounts for: in it, it was made, or its machine started; 0: a new one. */
  readonly since: Epoch;
  readonly term: Term;
  readonly entries: readonly JournalEntry[];
}

export interface WorkerOptions {
  readonly node: NodeName;
  /** This life of the node; already durable. */
  readonly epoch: Epoch;
  /** The journal's last life was one of this boot of the operating system. */
  readonly sameBoot: boolean;
  /** The first life whose starts the journal accounts for. */
  readonly journalSince: Epoch;
  readonly executors: ReadonlySet<string>;
  /** Those of them that start processes, and say when one is there (`processStarted`). */
  readonly processExecutors: ReadonlySet<string>;
  readonly outputLimitBytes: number;
  /** Executions at once; 0: no limit. The leader knows it too, and sends more by mistake only. */
  readonly maxExecutions: number;
  /** Between TERM and KILL when the node stops. */
  readonly stopGraceMs: number;
  /** How long a stopping node lets its executions run before it stops them. */
  readonly drainMs: number;
}

/** What an executor says at the end of an execution. */
export interface WorkResult {
  readonly success: boolean;
  readonly error: string;
  readonly output: Uint8Array;
  readonly droppedBytes: number;
}

export type WorkerInput =
  | { readonly type: 'attach'; readonly term: Term }
  | { readonly type: 'start'; readonly term: Term; readonly start: ExecutionStart; readonly waitMs?: number }
  | {
      readonly type: 'stopExecution';
      readonly id: ExecutionId;
      readonly graceMs: number;
      readonly reason: StopReason;
    }
  | { readonly type: 'committed'; readonly ids: readonly ExecutionId[] }
  /** The leader's answer to the renewal that this life sent then. */
  | { readonly type: 'leaseGranted'; readonly epoch: Epoch; readonly sentAtMs: MonoMs }
  /** The leader has recorded these as lost. */
  | { readonly type: 'giveUp'; readonly ids: readonly ExecutionId[] }
  /** The last `journal` effect is durable. */
  | { readonly type: 'journalled' }
  /** Nothing of the last `journal` effect was written, for lack of space. Any other failure stops the node. */
  | { readonly type: 'journalFull' }
  | { readonly type: 'processStarted'; readonly id: ExecutionId; readonly process: WorkProcess | null }
  /** Somebody follows what it writes; `written` is what its executor knows of it. */
  | { readonly type: 'watchOutput'; readonly id: ExecutionId; readonly written: Written | null }
  | { readonly type: 'watchAllOutput'; readonly isWanted: boolean }
  | { readonly type: 'output'; readonly id: ExecutionId; readonly chunk: Uint8Array }
  | { readonly type: 'ended'; readonly id: ExecutionId; readonly result: WorkResult }
  /** The node stops: no new starts; `stopped` follows when nothing runs and all is written. */
  | { readonly type: 'stop' }
  /** The batch is over, or a deadline has passed. */
  | { readonly type: 'tick' };

/** For the dispatcher. */
export type WorkerEvent =
  | ({ readonly type: 'workerReport' } & WorkerReport)
  | ({ readonly type: 'leaseRenewal' } & LeaseRenewal)
  | { readonly type: 'startAcknowledged'; readonly id: ExecutionId; readonly startedAtNs: WallNs }
  | {
      readonly type: 'startRefused';
      readonly id: ExecutionId;
      readonly node: NodeName;
      readonly reason: 'stale_term' | 'other_epoch' | 'stopping';
    }
  | OutputPart
  | ({ readonly type: 'executionFinished' } & FinishedWork);

export type WorkerEffect =
  /** To the dispatcher that attached with this term; nowhere when there was none. */
  | { readonly type: 'send'; readonly term: Term; readonly event: WorkerEvent }
  /** Commit all of `writes` and answer with `journalled` or `journalFull`. One is under way at a time. */
  | { readonly type: 'journal'; readonly writes: readonly JournalWrite[] }
  | { readonly type: 'begin'; readonly start: ExecutionStart }
  | { readonly type: 'halt'; readonly id: ExecutionId; readonly graceMs: number }
  | { readonly type: 'stopped' };
