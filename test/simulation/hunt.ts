import { writeFileSync } from 'node:fs';
import { it } from 'vitest';
import { assert } from '../../src/core/assert.ts';
import { Storm } from './support/storm.ts';

/**
 * Storms until one fails or the CPU time is spent, and writes down how it went. Run by `npm run sim:mutants` on a copy
 * of the sources with one decision changed.
 */
interface Hunt {
  /** Null: nothing was found. */
  readonly failure: { readonly seed: number; readonly message: string } | null;
  readonly seeds: number;
  readonly cpuSeconds: number;
}

const { HUNT_REPORT: reportFile, HUNT_SEED: firstSeed = '1', HUNT_CPU_SECONDS: cpuSeconds = '60' } = process.env;

/** From the first event on: what loading and compiling the sources takes finds nothing. */
const begunWith = process.cpuUsage();

function cpuSecondsUsed(): number {
  const { user, system } = process.cpuUsage(begunWith);
  return (user + system) / 1_000_000;
}

function failureOf(seed: number): Hunt['failure'] {
  try {
    new Storm(seed).run();
    return null;
  } catch (error) {
    return { seed, message: error instanceof Error ? error.message : String(error) };
  }
}

it('finds the changed decision', { timeout: 24 * 3_600_000 }, () => {
  assert(reportFile !== undefined, 'HUNT_REPORT names the file for the outcome');
  let seed = Number(firstSeed);
  let failure: Hunt['failure'] = null;
  while (failure === null && cpuSecondsUsed() < Number(cpuSeconds)) {
    failure = failureOf(seed);
    seed += 1;
  }
  const hunt: Hunt = { failure, seeds: seed - Number(firstSeed), cpuSeconds: cpuSecondsUsed() };
  writeFileSync(reportFile, JSON.stringify(hunt));
});
