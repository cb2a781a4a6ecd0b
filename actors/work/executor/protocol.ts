import type { OutputPart } from '../../../src/core/dispatch/live-output.ts';
import type { ExecutionStart } from '../../../src/core/jobs/changes.ts';
import type { StopReason } from '../../../src/core/jobs/records.ts';
import type { Epoch, ExecutionId, JobName, MonoMs, NodeName, Term, WallNs } from '../../../src/core/units.ts';
import type { Ref } from '../../../src/runtime/types.ts';

/** Accepted by `executor`. */
export type ExecutorCommand =
  /**
   * From a dispatcher that begins to lead: answered with `workerReport`, then every end not yet known to be committed
   * is sent again. Terms below the highest seen are refused (fence, P2).
   */
  | { readonly type: 'attach'; readonly term: Term; readonly dispatcher: Ref<ExecutorEvent> }
  /**
   * Refused unless `start.epoch` is this life and the term is current. A known id is acknowledged, not started again. One
   * that is to wait (`waitMs` at the sending, a claim ahead of its time) is acknowledged when it begins.
   */
  | { readonly type: 'start'; readonly term: Term; readonly start: ExecutionStart; readonly waitMs?: number }
  /**
   * TERM to the whole tree, KILL after `graceMs`; once, however often it is said. Unknown ids are ignored: a stop that
   * comes before its start is in the start too.
   */
  | {
      readonly type: 'stopExecution';
      readonly id: ExecutionId;
      readonly graceMs: number;
      readonly reason: StopReason;
    }
  /** The ends are committed: forget them. */
  | { readonly type: 'committed'; readonly ids: readonly ExecutionId[] }
  /** Answers a `leaseRenewal` of the life of this epoch with the time that it carried. */
  | { readonly type: 'leaseGranted'; readonly epoch: Epoch; readonly sentAtMs: MonoMs }
  /**
   * Somebody follows what this execution writes: what is known of it is sent at once, and what was not shown of it at its
   * end. Forgotten at `attach`. Unknown ids are ignored.
   */
  | { readonly type: 'watchOutput'; readonly id: ExecutionId }
  /** Somebody follows whatever is written: no end of an output goes unshown. Forgotten at `attach`. */
  | { readonly type: 'watchAllOutput'; readonly isWanted: boolean }
  /** Recorded as lost: what of them has not begun must not begin, and what must not overlap ends (P3). */
  | { readonly type: 'giveUp'; readonly ids: readonly ExecutionId[] };

export type ExecutorEvent =
  /**
   * What this node knows of its work, at attach. An id absent from all lists certainly never started (P2), unless it was
   * assigned to a life before `journalSince`: its journal was made then, or its machine started. `sameBoot`: the life
   * before was one of this boot.
   */
  | {
      readonly type: 'workerReport';
      readonly node: NodeName;
      readonly epoch: Epoch;
      readonly sameBoot: boolean;
      readonly journalSince: Epoch;
      readonly running: readonly ExecutionId[];
      /** Ended here and not known to be committed: their `executionFinished` follow this report. */
      readonly finished: readonly ExecutionId[];
      /** Running when an earlier life of this node ended; their trees have been killed. */
      readonly interrupted: readonly { readonly id: ExecutionId; readonly startedAtNs: WallNs }[];
    }
  /** Renews the lease of all that the node runs (P4); answered with `leaseGranted`. */
  | {
      readonly type: 'leaseRenewal';
      readonly node: NodeName;
      readonly epoch: Epoch;
      /** The sender's monotonic clock, which is nobody else's business. */
      readonly sentAtMs: MonoMs;
    }
  | { readonly type: 'startAcknowledged'; readonly id: ExecutionId; readonly startedAtNs: WallNs }
  /** It certainly did not start. */
  | {
      readonly type: 'startRefused';
      readonly id: ExecutionId;
      readonly node: NodeName;
      readonly reason: 'stale_term' | 'other_epoch' | 'stopping';
    }
  | OutputPart
  | {
      readonly type: 'executionFinished';
      readonly id: ExecutionId;
      /** Null: begun in a version that did not record it. */
      readonly job: JobName | null;
      readonly startedAtNs: WallNs;
      readonly finishedAtNs: WallNs;
      readonly success: boolean;
      /** Error line and output, as Dkron records it: at most the output limit. */
      readonly output: Uint8Array;
      readonly droppedBytes: number;
    };
