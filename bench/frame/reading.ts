/** `times`: a multiple of something. */
export type ReadingUnit = 'ms' | 'MB' | 'cores' | 'times' | 'percent' | 'per second' | 'count';

/** What a figure has to be, in the unit of its reading. */
export interface Target {
  readonly relation: 'atMost' | 'atLeast';
  readonly bound: number;
  /** How the bound came about, for people: `1.3 × raw + 20 ms`. */
  readonly text: string;
}

/** One figure of Carillon, with what it has to be. */
export interface Reading {
  readonly what: string;
  readonly unit: ReadingUnit;
  readonly ours: number;
  /** The same of the least that could do the work, in the same run; null: there is nothing to compare with. */
  readonly baseline: { readonly contender: string; readonly value: number } | null;
  /** Null: none was set. */
  readonly target: Target | null;
}

export const atMost = (bound: number, text: string): Target => ({ relation: 'atMost', bound, text });
export const atLeast = (bound: number, text: string): Target => ({ relation: 'atLeast', bound, text });

/** Null: there is no target. */
export function isMet({ ours, target }: Reading): boolean | null {
  if (target === null) return null;
  return target.relation === 'atMost' ? ours <= target.bound : ours >= target.bound;
}

/** Lines to be drawn: how often a value is at most x (`distribution`), or how a value changes (`course`). */
export interface Curves {
  readonly kind: 'distribution' | 'course';
  readonly title: string;
  readonly xAxis: string;
  readonly yAxis: string;
  readonly lines: readonly { readonly name: string; readonly points: readonly (readonly [x: number, y: number])[] }[];
}

/** What one experiment found. */
export interface Findings {
  readonly readings: readonly Reading[];
  readonly curves: readonly Curves[];
}

/** A rate as a multiple of its baseline's, which has to be at least `bound`. */
export const ratioReading = (what: string, ratio: number | undefined, bound: number): Reading => ({
  what,
  unit: 'times',
  ours: ratio ?? 0,
  baseline: null,
  target: atLeast(bound, ''),
});
