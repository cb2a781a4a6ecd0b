import type { LeadershipEvent, LogRefusal } from '../../cluster/log/protocol.ts';
import type { MembersEvent } from '../../cluster/membership/protocol.ts';
import type { ProposalApplied, StateLookedOn } from '../../cluster/state/protocol.ts';
import type { OutputEvent } from '../../scheduling/dispatcher/protocol.ts';

/** Accepted by `api`; its other inputs are HTTP requests, through its port. */
export type ApiCommand = LeadershipEvent | MembersEvent | StateLookedOn | ProposalApplied | LogRefusal | OutputEvent;
