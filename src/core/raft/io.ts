import type { LogIndex, MonoMs, Term } from '../units.ts';
import type { Entry, HardState, VoterId } from './entry.ts';
import type { RaftMessage } from './messages.ts';

/** What happened, in the order it happened. */
export type RaftInput =
  /** Time passed: `nextDeadline()` is reached. */
  | { readonly type: 'tick'; readonly now: MonoMs }
  | { readonly type: 'message'; readonly now: MonoMs; readonly message: RaftMessage }
  /** Each at most `bytesPerMessage`. Answered in the same step by `accepted`, `refused` or both. */
  | { readonly type: 'propose'; readonly now: MonoMs; readonly payloads: readonly Uint8Array[] }
  /** The append `id` and all before it are durable, and its `thenSend` is sent. */
  | { readonly type: 'persisted'; readonly now: MonoMs; readonly id: number }
  /** There was no space for the append `id`: nothing of it, nor of any later one, is or will be on disk. */
  | { readonly type: 'appendFailed'; readonly now: MonoMs; readonly id: number }
  /** The state machine holds all up to here, durably. */
  | { readonly type: 'applied'; readonly now: MonoMs; readonly index: LogIndex }
  /** Entries up to here are deleted on disk; at most what is applied. */
  | { readonly type: 'compact'; readonly now: MonoMs; readonly index: LogIndex }
  /** Asks for an index such that a state that has applied it is not older than this input (thesis section 6.4). */
  | { readonly type: 'readIndex'; readonly now: MonoMs; readonly id: number }
  /** The answer to the effect `readEntries`; consecutive from the asked index. */
  | { readonly type: 'entriesRead'; readonly now: MonoMs; readonly peer: VoterId; readonly entries: readonly Entry[] }
  /** Hand leadership to `to`; given up after an election time-out. */
  | { readonly type: 'transferLeadership'; readonly now: MonoMs; readonly to: VoterId }
  /** The link to a peer was reset: if it leads, its successor is looked for at once (design section 6). */
  | { readonly type: 'peerLost'; readonly now: MonoMs; readonly peer: VoterId };

/** To be performed in the order given. */
export type RaftEffect =
  | AppendEffect
  | { readonly type: 'send'; readonly message: RaftMessage }
  /** All up to here is committed, and durable on this node. */
  | { readonly type: 'commit'; readonly index: LogIndex }
  | ({ readonly type: 'leadership' } & Leadership)
  /** The first `count` payloads of the proposal are in the log, from `firstIndex` on; not yet durable. */
  | { readonly type: 'accepted'; readonly firstIndex: LogIndex; readonly count: number }
  /** The payloads from position `from` on were not taken. */
  | { readonly type: 'refused'; readonly from: number; readonly reason: 'not_leader' | 'overloaded' }
  /** What was accepted from this index on will certainly never be committed. */
  | { readonly type: 'dropped'; readonly from: LogIndex; readonly reason: 'storage_full' | 'superseded' }
  | { readonly type: 'readReady'; readonly id: number; readonly index: LogIndex }
  | { readonly type: 'readRefused'; readonly id: number; readonly reason: 'not_leader' | 'overloaded' }
  /** Read back for a follower that fell behind the cache, within the limits of one message; at least one entry. */
  | { readonly type: 'readEntries'; readonly peer: VoterId; readonly from: LogIndex; readonly to: LogIndex };

/**
 * One atomic, durable write, in the order of ids. What must not be said before it is durable is inside (`thenSend`),
 * so that it can't be sent early. Everything may be empty: then it only marks its place in the order.
 */
export interface AppendEffect {
  readonly type: 'append';
  readonly id: number;
  /** Consecutive. They replace whatever the disk holds from the first one's index on. */
  readonly entries: readonly Entry[];
  /** The last index of what is replaced, to be deleted beyond the new entries; null: nothing is. */
  readonly replacedTo: LogIndex | null;
  readonly hardState: HardState | null;
  readonly thenSend: readonly RaftMessage[];
}

export interface Leadership {
  readonly term: Term;
  readonly leader: VoterId | null;
  /** This node leads and its barrier is committed. */
  readonly isLeader: boolean;
  /** Index of the barrier of this leader; 0 when this node doesn't lead. */
  readonly barrier: LogIndex;
}
