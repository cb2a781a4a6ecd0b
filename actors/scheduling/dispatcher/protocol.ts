import type { OutputPart } from '../../../src/core/dispatch/live-output.ts';
import type { LaunchItem, MissedItem, PruneItem } from '../../../src/core/jobs/commands.ts';
import type { StringMap } from '../../../src/core/jobs/records.ts';
import type { ExecutionId, JobName, NodeName, Stamp, WallNs } from '../../../src/core/units.ts';
import type { Ref, Replies } from '../../../src/runtime/types.ts';
import type { LeadershipEvent, LogRefusal } from '../../cluster/log/protocol.ts';
import type { MembersEvent } from '../../cluster/membership/protocol.ts';
import type { ProposalApplied, StateEvent } from '../../cluster/state/protocol.ts';
import type { ExecutorEvent } from '../../work/executor/protocol.ts';
import type { ProcessorEvent } from '../../work/processor/protocol.ts';

/** A launch that the wheel says is due; its targets are still to be picked. */
export type DueLaunch = Omit<LaunchItem, 'targets'> & { readonly tags: StringMap | null };

/** Accepted by `dispatcher`. */
export type DispatcherCommand =
  /** From `scheduler`: everything that is due at once. */
  | { readonly type: 'due'; readonly launches: readonly DueLaunch[]; readonly missed: readonly MissedItem[] }
  | { readonly type: 'prune'; readonly items: readonly PruneItem[] }
  /** Run by hand: answered when committed (or refused). */
  | ({ readonly type: 'run'; readonly name: JobName; readonly tags: StringMap | null } & Replies<RunReply>)
  | ({ readonly type: 'listBusy' } & Replies<readonly BusyExecution[]>)
  | OutputWish
  | LeadershipEvent
  | StateEvent
  | MembersEvent
  | ProposalApplied
  | LogRefusal
  | ExecutorEvent
  | ProcessorEvent;

export type RunReply =
  | { readonly type: 'launched'; readonly group: Stamp }
  | { readonly type: 'refused'; readonly code: string; readonly message: string };

/** An execution that runs now, with the latest piece of its output (Dkron's /v1/busy). */
export interface BusyExecution {
  readonly id: ExecutionId;
  readonly job: JobName;
  readonly node: NodeName;
  readonly group: Stamp;
  readonly attempt: number;
  readonly startedAtNs: WallNs;
  readonly latestOutput: Uint8Array;
}

/**
 * What somebody wants to see of what executions write; each watcher's wishes hold until it takes them back, or this
 * dispatcher's life ends.
 */
export type OutputWish =
  /** Answered with all that is known of it, and then with what comes. */
  | { readonly type: 'followOutput'; readonly id: ExecutionId; readonly watcher: Ref<OutputEvent> }
  | { readonly type: 'unfollowOutput'; readonly id: ExecutionId; readonly watcher: Ref<OutputEvent> }
  /** Of all executions, from now on. */
  | { readonly type: 'followAllOutput'; readonly isWanted: boolean; readonly watcher: Ref<OutputEvent> };

export type OutputEvent = Omit<OutputPart, 'type'> & {
  readonly type: 'outputArrived';
  readonly job: JobName;
  readonly node: NodeName;
};
