import type { Change } from '../../../src/core/jobs/changes.ts';
import type { CommandResult } from '../../../src/core/jobs/commands.ts';
import type { JobName, LogIndex } from '../../../src/core/units.ts';
import type { Ref } from '../../../src/runtime/types.ts';
import type { LeadershipEvent, LogEvent, LogRefusal } from '../log/protocol.ts';

/** Accepted by `state`. */
export type StateCommand = LogEvent | LeadershipEvent | LogRefusal | WatchState;

/** Sends `changed` from now on. `following` answers first: what is in the store then is all up to that index. */
export interface WatchState {
  readonly type: 'watchState';
  readonly watcher: Ref<StateEvent>;
  /** Also the names of all jobs that were written. */
  readonly withJobs?: true;
  /** Only what is of concern to who follows schedules and histories; batches without it are told of with a later one. */
  readonly of?: 'schedules';
}

export type StateEvent = { readonly type: 'following'; readonly appliedIndex: LogIndex } | StateChanged;

/** One batch, visible in the store when this is sent. `after` is the watcher's previous index: a gap means rescan. */
export interface StateChanged {
  readonly type: 'changed';
  readonly after: LogIndex;
  readonly appliedIndex: LogIndex;
  readonly changes: readonly Change[];
  /** Jobs whose records were written or deleted; only for a watcher that asked for them. */
  readonly jobs?: readonly JobName[];
}

/** Sent to the actor of this node that proposed, in this life of the node: its command is visible, and durable in the log. */
export interface ProposalApplied {
  readonly type: 'proposalApplied';
  /** Of the proposer's origin: tells this life of the proposing actor from earlier ones. */
  readonly epoch: number;
  readonly sequence: number;
  readonly index: LogIndex;
  readonly result: CommandResult;
}
