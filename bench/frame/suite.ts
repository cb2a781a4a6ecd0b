import type { Effort } from './effort.ts';
import type { Scope } from './scope.ts';

/** What one repetition did. */
export interface Sample {
  readonly operations: number;
  readonly elapsedMs: number;
  /** How long single operations took, in any order; null where only the whole means something. */
  readonly latenciesMs: readonly number[] | null;
}

/** One way of doing the work of a case. */
export interface Contender {
  readonly name: string;
  /** Does the work once. Throws when a result is wrong: a quick wrong answer is no figure. */
  run(): Promise<Sample> | Sample;
}

/** The same work, done by Carillon and by the least that could do it on this machine. */
export interface Case {
  readonly name: string;
  /** What is counted, in the plural: `messages`. */
  readonly unit: string;
  readonly ours: Contender;
  /** At least one. */
  readonly baselines: readonly Contender[];
}

export interface Suite {
  readonly name: string;
  /** One sentence: what is measured against what. */
  readonly about: string;
  /** Starts what the cases need; all of it is left to `scope` to end. */
  open(scope: Scope, effort: Effort): Promise<readonly Case[]>;
}
