import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from '../../src/core/limits.ts';
import { firstDueTimes } from '../../src/core/schedule/due-times.ts';
import { wallMs } from '../../src/core/units.ts';
import { jobOf, PlannerWorld, START } from '../support/planner-world.ts';
import { compiled } from '../support/schedules.ts';

/** Late launches are not what is tested here: everything is caught up with. */
const catchup = { policy: 'all', window: '8760h', cap: limits.catchupCapAtMost } as const;

const specs = [
  '@every 7s',
  '@every 1m',
  '*/20 * * * * *',
  '0 */5 * * * *',
  '0 0 * * * *',
  '0 30 10 * * *',
  '@at 2024-01-15T10:25:00.5Z',
];

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('run' as const), ms: fc.nat(90_000) }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('commit' as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('lose' as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('restart' as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('follow' as const) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('lead' as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('scan' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('jump' as const), ms: fc.integer({ min: -600_000, max: 600_000 }) }),
  },
);

const dueUpTo = (spec: string, untilMs: number): number[] =>
  firstDueTimes({ schedule: compiled(spec), anchorMs: START }, START, wallMs(untilMs), 100_000);

describe('the planner', () => {
  test('each due time gets one record, whatever is lost, restarted or set back', () => {
    fc.assert(
      fc.property(fc.subarray(specs, { minLength: 1 }), fc.array(step, { maxLength: 25 }), (chosen, steps) => {
        const world = new PlannerWorld();
        for (const spec of chosen) world.set(jobOf(spec, spec, { catchup }));
        let latestMs = 0;
        for (const action of steps) {
          if (action.type === 'run') world.run(action.ms, () => (latestMs = Math.max(latestMs, world.nowMs)));
          else if (action.type === 'commit') world.commit();
          else if (action.type === 'lose') world.lose();
          else if (action.type === 'scan') world.scan();
          else if (action.type === 'restart') world.restart();
          else if (action.type === 'jump') world.pass(action.ms);
          else world.step({ type: action.type });
          latestMs = Math.max(latestMs, world.nowMs);
        }
        // At the end the clock is right again, and one node leads for long enough.
        world.step({ type: 'lead' });
        world.nowMs = wallMs(latestMs);
        world.run(3 * limits.dueRetryMs, () => world.commit());
        for (const spec of chosen) {
          const records = world.recorded.get(spec) ?? [];
          expect(records, spec).toEqual(dueUpTo(spec, world.nowMs));
        }
        expect(world.missed).toEqual([]);
      }),
      { numRuns: 400 },
    );
  });

  test('each due time is handed over once while the log answers, whatever the clock does', () => {
    const calm = fc.oneof(
      fc.record({ type: fc.constant('run' as const), ms: fc.nat(90_000) }),
      fc.record({ type: fc.constant('jump' as const), ms: fc.integer({ min: -600_000, max: 600_000 }) }),
      fc.record({ type: fc.constant('scan' as const) }),
    );
    fc.assert(
      fc.property(fc.subarray(specs, { minLength: 1 }), fc.array(calm, { maxLength: 25 }), (chosen, steps) => {
        const world = new PlannerWorld();
        world.step({ type: 'lead' });
        for (const spec of chosen) world.set(jobOf(spec, spec, { catchup }));
        for (const action of steps) {
          if (action.type === 'run') world.run(action.ms, () => world.commit());
          else if (action.type === 'jump') world.pass(action.ms);
          else world.scan();
          world.commit();
        }
        expect(new Set(world.handedOver).size).toBe(world.handedOver.length);
        for (const spec of chosen) {
          const records = world.recorded.get(spec) ?? [];
          expect(records, spec).toEqual(dueUpTo(spec, records.at(-1) ?? 0));
        }
      }),
      { numRuns: 200 },
    );
  });

  test('launched and missed add up to what was due', () => {
    const policy = fc.record({
      policy: fc.constantFrom('skip' as const, 'once' as const, 'all' as const),
      window: fc.constantFrom('0s', '30s', '10m', '2h'),
      cap: fc.integer({ min: 1, max: 50 }),
    });
    fc.assert(
      fc.property(
        fc.constantFrom(...specs, '* * * * * *'),
        policy,
        fc.array(fc.nat(3_600_000), { maxLength: 6 }),
        (spec, chosen, jumps) => {
          const world = new PlannerWorld();
          world.step({ type: 'lead' });
          world.set(jobOf('a', spec, { catchup: chosen }));
          for (const ms of jumps) {
            world.pass(ms);
            world.commit();
            // What is launched follows when what was missed is recorded.
            world.run(10, () => world.commit());
          }
          const launched = world.recorded.get('a')?.length ?? 0;
          const missed = world.missed.reduce((sum, { count }) => sum + count, 0);
          expect(launched + missed).toBe(dueUpTo(spec, world.nowMs).length);
          for (const { fromMs, toMs } of world.missed) {
            const inRange = (world.recorded.get('a') ?? []).filter((atMs) => atMs >= fromMs && atMs <= toMs);
            expect(inRange).toEqual([]);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
