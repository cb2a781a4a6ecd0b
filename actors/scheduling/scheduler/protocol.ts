import type { DueWanted } from '../../../src/core/dispatch/in-flight.ts';
import type { LeadershipEvent } from '../../cluster/log/protocol.ts';
import type { StateEvent } from '../../cluster/state/protocol.ts';

/** Accepted by `scheduler`. It speaks to `dispatcher` (`due`, `prune`). */
export type SchedulerCommand =
  | LeadershipEvent
  | StateEvent
  /** From `dispatcher`; as at first, nothing is wanted. What is handed over in a term in which it isn't taken would be lost. */
  | ({ readonly type: 'dueWanted' } & DueWanted);
