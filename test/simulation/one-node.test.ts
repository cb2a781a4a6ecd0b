import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Storm } from './support/storm.ts';
import { Tally } from './support/tally.ts';

/**
 * A whole node under virtual time: jobs run by their schedules and by hand while the process is killed, actors crash,
 * clocks jump, the disk fills, and jobs are changed through the API, all drawn from the seed.
 * `npm run sim -- --seeds 500`; a failure prints how to see it again. Seeds that failed once are kept in `seeds.txt`.
 */
const defaultSeeds = 12;
const firstSeed = Number(process.env.SIM_SEED ?? '1');
const count = Number(process.env.SIM_SEEDS ?? defaultSeeds);
const drawn = Array.from({ length: count }, (_, index) => firstSeed + index);
const isReplay = count === 1;
const seeds = isReplay ? drawn : [...new Set([...keptSeeds(), ...drawn])];

function keptSeeds(): number[] {
  const text = readFileSync(new URL('./seeds.txt', import.meta.url), 'utf8');
  return text.split('\n').flatMap((line) => (/^\d/.test(line) ? [Number.parseInt(line, 10)] : []));
}

describe('one node in a storm', () => {
  const total = new Tally();

  it.each(seeds)('keeps its promises with seed %i', { timeout: 120_000 }, (seed) => {
    const storm = new Storm(seed);
    try {
      storm.run();
    } catch (error) {
      console.error(`replay: npm run sim -- --seed ${seed}`);
      throw error;
    } finally {
      total.add(storm.tally);
    }
  });

  it.skipIf(isReplay)('saw every fault, and had every promise to judge', () => {
    if (process.env.SIM_SEEDS !== undefined) console.log(String(total));
    expect(total.unseen).toEqual([]);
  });

  it('does the same again with the same seed', { timeout: 240_000 }, () => {
    const outcomes = [1, 2].map(() => {
      const storm = new Storm(firstSeed);
      let failure = '';
      try {
        storm.run();
      } catch (error) {
        // A failure is the other test's business, and has to be the same one.
        failure = String(error);
      }
      return { failure, hash: storm.simulation.traceHash() };
    });
    expect(outcomes[1]).toEqual(outcomes[0]);
  });
});
