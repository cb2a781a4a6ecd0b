import type { MonoMs } from '../units.ts';
import type { VoterId } from './entry.ts';
import type { RaftMessage } from './messages.ts';

/** What a role asks to become. The kernel's term is already the one meant, save for `candidate`, which enters the next. */
export type Transition =
  | { readonly to: 'follower'; readonly leader: VoterId | null }
  | { readonly to: 'preCandidate' }
  | { readonly to: 'candidate'; readonly transfer: boolean }
  | { readonly to: 'leader' };

/** One of thesis figure 3.3. A role lives for one stay in it: a new term or a new try is a new object. */
export interface Role {
  /** This node knows a live leader of its term: no election is needed (thesis section 4.2.3). */
  readonly hearsLeader: boolean;
  readonly deadline: MonoMs | null;
  /** First thing after the change of role. */
  enter(): Transition | null;
  /** A message of the current term that is meant for this role; others are late answers and are ignored. */
  receive(message: RaftMessage): Transition | null;
  tick(): Transition | null;
  /** More of the log or the hard state is durable. */
  persisted(): Transition | null;
  /** The log ends earlier than it did: the disk was full. */
  tookBack(): Transition | null;
  check(): void;
}
