import type { ExecutionStart, RetryPauses } from '../jobs/changes.ts';
import type { Command, FinishItem, LaunchItem, ReassignItem } from '../jobs/commands.ts';
import type { StopReason, StringMap, UnplacedWork } from '../jobs/records.ts';
import type { Epoch, ExecutionId, JobName, MonoMs, NodeName, Stamp, Term, WallNs } from '../units.ts';

/** Both clocks at one step. */
export interface Now {
  readonly wallNs: WallNs;
  readonly monoMs: MonoMs;
}

/** A worker's account of itself (design P2, P4). */
export interface WorkerReport {
  readonly node: NodeName;
  readonly epoch: Epoch;
  readonly sameBoot: boolean;
  /** The first life of the node whose starts its journal accounts for: it was made in it, or the machine started. */
  readonly journalSince: Epoch;
  readonly running: readonly ExecutionId[];
  readonly finished: readonly ExecutionId[];
  readonly interrupted: readonly { readonly id: ExecutionId; readonly startedAtNs: WallNs }[];
}

/** A node asks for the lease of all that it runs; its own clock, for itself. */
export interface LeaseRenewal {
  readonly node: NodeName;
  readonly epoch: Epoch;
  readonly sentAtMs: MonoMs;
}

export interface FinishedWork {
  readonly id: ExecutionId;
  /** Null: its node began it in a version that did not tell. */
  readonly job: JobName | null;
  readonly startedAtNs: WallNs;
  readonly finishedAtNs: WallNs;
  readonly success: boolean;
  readonly output: Uint8Array;
  readonly droppedBytes: number;
}

/** A due launch before its targets are picked. */
export type Due = Omit<LaunchItem, 'targets'> & { readonly tags: StringMap | null };

/** What the shell must do, in order. A proposal's outcome comes back as `proposalEnded` with its number. */
export type Effect =
  | { readonly type: 'propose'; readonly proposal: number; readonly command: Command }
  | { readonly type: 'attach'; readonly node: NodeName; readonly term: Term }
  /** `waitMs`: it is claimed ahead of its time, and is to begin so much later. */
  | {
      readonly type: 'start';
      readonly node: NodeName;
      readonly term: Term;
      readonly start: ExecutionStart;
      readonly waitMs: number;
    }
  | { readonly type: 'stopExecution'; readonly node: NodeName; readonly id: ExecutionId; readonly reason: StopReason }
  | { readonly type: 'acknowledgeEnds'; readonly node: NodeName; readonly ids: readonly ExecutionId[] }
  /** Answers a renewal; `sentAtMs` is what it carried. */
  | { readonly type: 'grantLease'; readonly node: NodeName; readonly epoch: Epoch; readonly sentAtMs: MonoMs }
  /** Their leases have ended: what of them has not begun must not begin. */
  | { readonly type: 'giveUp'; readonly node: NodeName; readonly ids: readonly ExecutionId[] }
  | { readonly type: 'process'; readonly start: ExecutionStart; readonly finished: FinishedWork }
  /** An end of what is not open: look its record up, and acknowledge it or call `annotate` (design 4.6). */
  | { readonly type: 'lookUpEnd'; readonly node: NodeName; readonly finished: FinishedWork }
  | { readonly type: 'runRefused'; readonly request: number; readonly reason: string }
  | { readonly type: 'runLaunched'; readonly request: number; readonly group: Stamp };

/** What is wanted of the wheel. */
export interface DueWanted {
  /** In which what is due is taken; null: in none. */
  readonly term: Term | null;
  /** Nodes are behind with what they were sent: nothing more that is due is to be launched. */
  readonly isHeld: boolean;
  /** How long before their time launches that may be claimed are wanted. */
  readonly aheadMs: number;
}

export type ProposalEnd =
  | { readonly type: 'done' }
  | { readonly type: 'launched'; readonly group: Stamp }
  | { readonly type: 'refused'; readonly reason: string };

/** An execution that the state has open, as the dispatcher tracks it. */
export interface OpenExecution {
  /** Changed by a stop only: what is sent from then on says so. */
  start: ExecutionStart;
  /** starting: sent or to be sent, not acknowledged; running; ended here, its finish under way into the log. */
  phase: 'starting' | 'running' | 'ending';
  /** False: it was opened under this leader, and its start has not left it. */
  mayBeSent: boolean;
  /** It certainly did not start where it is assigned to: it is on its way to this life of its node. */
  movingTo: Epoch | null;
  sentAtMs: MonoMs | null;
  /** Where its lease begins, in the leader's time awake (leases.ts). */
  readonly leasedAtMs: number;
  /** Its node was told last to stop it; null: it need not be, or its node is not there. */
  stopSentAtMs: MonoMs | null;
  startedAtNs: WallNs;
  latestOutput: Uint8Array;
  /** Its end, while the processors run on its output. */
  ended: FinishedWork | null;
}

/** Unplaced work with what of its job is needed to place it. */
export interface WaitingWorkInput {
  readonly work: UnplacedWork;
  readonly tags: StringMap | null;
  readonly retry: RetryPauses | null;
}

/** Run a job by hand; `request` is the number that the answer carries. */
export interface RunRequest {
  readonly request: number;
  readonly name: JobName;
  readonly tags: StringMap | null;
}

/** A proposal under way and what becomes of it. */
export type Proposal =
  | { readonly type: 'run'; readonly request: number }
  /** Its end is of no concern: what is not recorded is handed over again (P1). */
  | { readonly type: 'due' }
  | { readonly type: 'finish'; readonly items: readonly FinishItem[] }
  | { readonly type: 'assign'; readonly stamps: readonly Stamp[] }
  | { readonly type: 'reassign'; readonly items: readonly ReassignItem[] };
