import type { LeadershipEvent } from '../../cluster/log/protocol.ts';
import type { StateEvent } from '../../cluster/state/protocol.ts';

/** Accepted by `scheduler`. It speaks to `dispatcher` (`due`, `prune`). */
export type SchedulerCommand = LeadershipEvent | StateEvent;
