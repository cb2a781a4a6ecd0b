import type { Effort } from './effort.ts';
import type { Figures } from './figures.ts';
import type { Findings, Reading } from './reading.ts';
import type { Scope } from './scope.ts';

/** What one repetition did. */
export interface Sample {
  readonly operations: number;
  readonly elapsedMs: number;
  /** How long single operations took, in any order; null where only the whole means something. */
  readonly latenciesMs: readonly number[] | null;
  /** Processor time of all threads; absent where others than this process do the work. */
  readonly processorMs?: number;
}

/** One way of doing the work of a case. */
export interface Contender {
  readonly name: string;
  /** Does the work once. Throws when a result is wrong: a quick wrong answer is no figure. */
  run(): Promise<Sample> | Sample;
}

/** What a baseline comes to, beside Carillon. */
export interface BaselineFigures extends Figures {
  /** Carillon's rate as a multiple of this one's, of the same run. */
  readonly ratio: number;
}

/** The same work, done by Carillon and by the least that could do it on this machine, in turns. */
export interface Case {
  readonly type: 'case';
  readonly name: string;
  /** What is counted, in the plural: `messages`. */
  readonly unit: string;
  readonly ours: Contender;
  /** At least one. */
  readonly baselines: readonly Contender[];
  /** The figures that have a target; absent: none has. Baselines come in their order. */
  readonly judge?: (ours: Figures, baselines: readonly BaselineFigures[]) => readonly Reading[];
}

/** What is no rate: it compares with its baselines by itself. */
export interface Experiment {
  readonly type: 'experiment';
  readonly name: string;
  /** Throws when a result is wrong. */
  run(): Promise<Findings>;
}

export interface Suite {
  readonly name: string;
  /** One sentence: what is measured against what. */
  readonly about: string;
  /** Starts what the cases need; all of it is left to `scope` to end. */
  open(scope: Scope, effort: Effort): Promise<readonly (Case | Experiment)[]>;
}
