import type { LogIndex, Term } from '../units.ts';
import type { Entry, VoterId } from './entry.ts';

interface Envelope {
  readonly from: VoterId;
  readonly to: VoterId;
  /** The sender's term; of a pre-vote and its grant: the term that the election would have. */
  readonly term: Term;
}

/** Would you vote for me? Binds nobody (thesis section 9.6). */
export interface PreVoteRequest extends Envelope {
  readonly type: 'preVoteRequest';
  readonly lastIndex: LogIndex;
  readonly lastTerm: Term;
}

export interface PreVoteReply extends Envelope {
  readonly type: 'preVoteReply';
  readonly granted: boolean;
}

/** Thesis section 3.4. */
export interface VoteRequest extends Envelope {
  readonly type: 'voteRequest';
  readonly lastIndex: LogIndex;
  readonly lastTerm: Term;
  /** The leader asked for this election: it needn't wait for the leader's lease (thesis section 4.2.3). */
  readonly transfer: boolean;
}

export interface VoteReply extends Envelope {
  readonly type: 'voteReply';
  readonly granted: boolean;
}

/** Thesis section 3.5. Empty entries: a probe, or news of `commit`. */
export interface AppendRequest extends Envelope {
  readonly type: 'appendRequest';
  readonly prevIndex: LogIndex;
  readonly prevTerm: Term;
  readonly entries: readonly Entry[];
  readonly commit: LogIndex;
}

/** Sent when everything up to `match` is durable. */
export interface AppendAccepted extends Envelope {
  readonly type: 'appendAccepted';
  readonly match: LogIndex;
}

export interface AppendRejected extends Envelope {
  readonly type: 'appendRejected';
  /** `prevIndex` of the request. */
  readonly rejected: LogIndex;
  /** The last index at which the two logs may agree, and its term (null: compacted or empty). */
  readonly hintIndex: LogIndex;
  readonly hintTerm: Term | null;
}

/** Never waits for a flush, so that a slow disk costs no election. */
export interface HeartbeatRequest extends Envelope {
  readonly type: 'heartbeatRequest';
  readonly commit: LogIndex;
  /** Newest round of reads; the reply echoes it (thesis section 6.4). */
  readonly round: number;
}

export interface HeartbeatReply extends Envelope {
  readonly type: 'heartbeatReply';
  readonly round: number;
}

/** Call an election now: leadership is handed to you (thesis section 3.10). */
export interface TimeoutNow extends Envelope {
  readonly type: 'timeoutNow';
}

export type RaftMessage =
  | PreVoteRequest
  | PreVoteReply
  | VoteRequest
  | VoteReply
  | AppendRequest
  | AppendAccepted
  | AppendRejected
  | HeartbeatRequest
  | HeartbeatReply
  | TimeoutNow;
