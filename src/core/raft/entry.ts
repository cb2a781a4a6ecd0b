import type { LogIndex, Term } from '../units.ts';

declare const brand: unique symbol;

/** Identity of a voter: its store id, made with its disk. The name of a node is a label (design section 6). */
export type VoterId = string & { readonly [brand]: 'VoterId' };

export const voterId = (value: string): VoterId => value as VoterId;

/** One position of the replicated log. */
export interface Entry {
  readonly index: LogIndex;
  readonly term: Term;
  /** `barrier`: what a new leader appends first, with nothing to apply (thesis section 6.4). */
  readonly kind: 'command' | 'barrier';
  /** Opaque here. */
  readonly payload: Uint8Array;
}

/** What Raft must find again after a crash, besides the log (thesis figure 3.1, "persistent state"). */
export interface HardState {
  readonly term: Term;
  /** Whom this node voted for in `term`. */
  readonly vote: VoterId | null;
  /** Known to be committed when this was written. Not needed for safety; it spares followers a wait at start. */
  readonly commit: LogIndex;
  /** Where the log ended when this was written: a log that ends elsewhere is damaged. */
  readonly last: LogIndex;
}

/** The randomness of a core: seeded in simulation. */
export interface RaftRandom {
  /** Uniform integer in [0, boundExclusive). */
  below(boundExclusive: number): number;
}
