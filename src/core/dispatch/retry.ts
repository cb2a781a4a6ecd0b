import type { RetryPauses } from '../jobs/changes.ts';
import { type WallMs, type WallNs, wallMs } from '../units.ts';
import type { Chooser } from './targets.ts';

const UNIT_MS = 500;
/** Elapsed units count up to 2^31 - 1: 34 years. */
const LARGEST_LOGARITHM = 30;

/** No pause before one of this many attempts is longer. */
export const longestRetryPauseMs = (attempts: number): number => (LARGEST_LOGARITHM + attempts) * UNIT_MS;

/**
 * When the next attempt is due: Dkron's pause of trunc(log2(elapsed / 500 ms) + attempt) units of 500 ms, in integers.
 * Dkron pauses not at all after an attempt shorter than one unit and so retries in a hot loop; here the logarithm of
 * less than one counts as 0 and the attempt's number as always.
 */
export function retryAt(startedAtNs: WallNs, finishedAtNs: WallNs, nowMs: WallMs, nextAttempt: number): WallMs {
  const elapsedMs = Math.max(0, Number((finishedAtNs - startedAtNs) / 1_000_000n));
  const units = Math.min(Math.floor(elapsedMs / UNIT_MS), 2 ** 31 - 1);
  const logarithm = units > 0 ? 31 - Math.clz32(units) : 0;
  return wallMs(nowMs + (logarithm + nextAttempt) * UNIT_MS);
}

/** A pause is up to this part shorter, at random: jobs that failed together are not repeated together. */
const JITTER_PART = 10;

/** The pause before a job's n-th retry, by its `retry`; up to a tenth less than what is asked for, never more. */
export function retryPauseMs(pauses: RetryPauses, retry: number, chooser: Chooser): number {
  const fullMs = fullPauseMs(pauses, retry);
  return fullMs - chooser.below(Math.floor(fullMs / JITTER_PART) + 1);
}

/** min(max, interval * backoff^(retry - 1)); ends after a few steps, as a factor of 2 reaches any limit soon. */
function fullPauseMs({ intervalMs, backoff, maxIntervalMs }: RetryPauses, retry: number): number {
  let pauseMs = Math.min(intervalMs, maxIntervalMs);
  if (backoff === 1) return pauseMs;
  for (let step = 1; step < retry && pauseMs < maxIntervalMs; step += 1) {
    pauseMs = Math.min(pauseMs * backoff, maxIntervalMs);
  }
  return pauseMs;
}
