import { type MonoMs, monoMs } from '../units.ts';

/** The first of them; null: there is none. */
export function earliestOf(deadlines: readonly (MonoMs | null)[]): MonoMs | null {
  let next = Number.POSITIVE_INFINITY;
  for (const deadline of deadlines) if (deadline !== null) next = Math.min(next, deadline);
  return next === Number.POSITIVE_INFINITY ? null : monoMs(next);
}
