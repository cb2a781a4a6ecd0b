/** How much to measure. */
export interface Effort {
  readonly isSmoke: boolean;
  /** Counted repetitions of each contender. */
  readonly repetitions: number;
  /** Repetitions before them, which are not counted. */
  readonly warmups: number;
  /** For everything that is drawn: the same seed gives the same work. */
  readonly seed: number;
  /** How long `memory` keeps the node busy. */
  readonly sustainedSeconds: number;
  /** The amount for this effort. */
  amount(full: number, smoke: number): number;
}

export const fullEffort = (seed: number, sustainedSeconds: number | null = null): Effort => ({
  isSmoke: false,
  repetitions: 5,
  warmups: 1,
  seed,
  sustainedSeconds: sustainedSeconds ?? 60,
  amount: (full) => full,
});

/** As little as shows that everything works: about a second a suite. Its figures mean nothing. */
export const smokeEffort = (seed: number, sustainedSeconds: number | null = null): Effort => ({
  isSmoke: true,
  repetitions: 1,
  warmups: 0,
  seed,
  sustainedSeconds: sustainedSeconds ?? 2,
  amount: (_full, smoke) => smoke,
});
