import type { LogIndex, NodeName, Term } from '../../../src/core/units.ts';
import type { Ref } from '../../../src/runtime/types.ts';

/** Accepted by `log`. Entries are opaque bytes here: origin and command, encoded by wire/entries.ts. */
export type LogCommand =
  /** Append one entry. Refused proposals are answered with `proposalRefused`; accepted ones by `state`, when applied. */
  | {
      readonly type: 'propose';
      readonly sequence: number;
      readonly entry: Uint8Array;
      /** True of what ends or follows work that has begun: it may use the disk's last reserve (design P6). */
      readonly fromReserve: boolean;
      readonly refusals: Ref<LogRefusal>;
    }
  /** From `state`, when it is open: send what is committed after `after`, in order, with at most limits.unappliedEntries in flight. */
  | { readonly type: 'follow'; readonly after: LogIndex; readonly follower: Ref<LogEvent> }
  /** From `state`: applied and visible up to `index`, which opens the window; what is durable there allows compaction. */
  | { readonly type: 'applied'; readonly index: LogIndex; readonly durable: LogIndex }
  /** Sends `leadership` now and at each change. */
  | { readonly type: 'watchLeadership'; readonly watcher: Ref<LeadershipEvent> };

export interface LogRefusal {
  readonly type: 'proposalRefused';
  readonly sequence: number;
  readonly reason: 'not_leader' | 'overloaded' | 'storage_full' | 'too_large';
}

export interface CommittedEntry {
  readonly index: LogIndex;
  readonly term: Term;
  /** Empty: a barrier of a new leader, nothing to apply. */
  readonly entry: Uint8Array;
}

export type LogEvent = { readonly type: 'committed'; readonly entries: readonly CommittedEntry[] };

export interface LeadershipEvent {
  readonly type: 'leadership';
  readonly term: Term;
  readonly leader: NodeName | null;
  readonly isLeader: boolean;
  /** A new leader acts once state has applied this far: all that earlier leaders committed. */
  readonly barrier: LogIndex;
}
