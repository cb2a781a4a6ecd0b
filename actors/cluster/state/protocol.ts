import type { Change } from '../../../src/core/jobs/changes.ts';
import type { CommandResult } from '../../../src/core/jobs/commands.ts';
import type { LogIndex } from '../../../src/core/units.ts';
import type { Ref } from '../../../src/runtime/types.ts';
import type { ToldChanges } from '../../../src/wire/told-changes.ts';
import type { LeadershipEvent, LogEvent, LogRefusal } from '../log/protocol.ts';

/** Accepted by `state`. */
export type StateCommand = LogEvent | LeadershipEvent | LogRefusal | WatchState;

/** Sends what changes from now on. `following` answers first: what is in the store then is all up to that index. */
export type WatchState =
  | {
      readonly type: 'watchState';
      readonly watcher: Ref<StateEvent>;
      /**
       * Only what is of concern to who follows schedules and histories, or to who brings work to nodes; batches without it
       * are told of with a later one.
       */
      readonly of?: 'schedules' | 'work';
    }
  /** For who only looks on: all changes, in brief, and the jobs that were written. */
  | { readonly type: 'watchState'; readonly watcher: Ref<StateLookedOn>; readonly of: 'texts' };

export type StateEvent = StateFollowing | StateChanged;

/** Told to who watches `texts`. */
export type StateLookedOn = StateFollowing | StateTold;

export interface StateFollowing {
  readonly type: 'following';
  readonly appliedIndex: LogIndex;
}

/** One batch, visible in the store when this is sent. `after` is the watcher's previous index: a gap means rescan. */
export interface StateChanged {
  readonly type: 'changed';
  readonly after: LogIndex;
  readonly appliedIndex: LogIndex;
  readonly changes: readonly Change[];
}

/** As `StateChanged`. */
export interface StateTold {
  readonly type: 'stateTold';
  readonly after: LogIndex;
  readonly appliedIndex: LogIndex;
  readonly changes: readonly ToldChanges[];
  /** JSON of the names of all jobs whose records were written or deleted. */
  readonly jobs: string;
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
