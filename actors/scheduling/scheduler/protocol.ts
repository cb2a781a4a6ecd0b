import type { LeadershipEvent } from '../../cluster/log/protocol.ts';
import type { StateEvent } from '../../cluster/state/protocol.ts';

/** Accepted by `scheduler`. It speaks to `dispatcher` (`due`, `prune`). */
export type SchedulerCommand =
  | LeadershipEvent
  | StateEvent
  /** From `dispatcher`: nodes are behind with what they were sent, and what is due has to wait; or no longer so. */
  | { readonly type: 'dueHeld'; readonly isHeld: boolean };
