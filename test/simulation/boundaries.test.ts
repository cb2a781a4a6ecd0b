import { describe, expect, it } from 'vitest';
import { Boundary, type Victim } from './support/boundary.ts';

/**
 * A crash at every boundary between two effects, while jobs start, end, are tried again and have children.
 * `npm run sim -- --boundaries` tries each of them; here, some.
 */
const isThorough = process.env.SIM_BOUNDARIES === 'all';
const victims: readonly Victim[] = isThorough
  ? ['node', 'log', 'state', 'scheduler', 'dispatcher', 'executor', 'processor', 'api']
  : ['node', 'dispatcher', 'executor'];
const stride = isThorough ? 1 : 41;

describe('a crash between two effects', () => {
  const count = new Boundary().countEvents();

  it.each(victims)('of the %s loses nothing and repeats nothing', { timeout: 3_600_000 }, (victim) => {
    for (let events = victims.indexOf(victim) % stride; events < count; events += stride) {
      try {
        new Boundary().crashAfter(events, victim);
      } catch (error) {
        console.error(`the crash came after ${events} of ${count} events`);
        throw error;
      }
    }
  });

  it('has many places', () => {
    if (isThorough) console.log(`${count} boundaries, ${victims.length} victims`);
    expect(count).toBeGreaterThan(200);
  });
});
