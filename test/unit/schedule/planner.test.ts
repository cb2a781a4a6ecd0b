import { beforeEach, describe, expect, test } from 'vitest';
import { limits } from '../../../src/core/limits.ts';
import { instantOfMs, jobName, wallMs } from '../../../src/core/units.ts';
import { jobOf, PlannerWorld, START } from '../../support/planner-world.ts';

const times = (world: PlannerWorld): string[] =>
  world.handedOver.map((key) => key.replace(/@(\d+)$/, (_, ms) => `@${Number(ms) - START}`));

let world: PlannerWorld;
beforeEach(() => {
  world = new PlannerWorld();
});

describe('a planner that leads', () => {
  beforeEach(() => world.step({ type: 'lead' }));

  test('hands over a due time with all that the launch needs', () => {
    world.set(jobOf('a', '@every 10s', { tags: { role: 'web' }, scheduleRevision: 7 }));
    expect(world.pass(9_999)).toEqual([]);
    expect(world.pass(1)).toEqual([
      {
        type: 'due',
        missed: [],
        launches: [
          {
            name: 'a',
            scheduleRevision: 7,
            scheduledAtMs: START + 10_000,
            next: instantOfMs(wallMs(START + 20_000)),
            tags: { role: 'web' },
          },
        ],
      },
    ]);
  });

  test('hands over everything that is due at once together, in time order', () => {
    world.set(jobOf('a', '@every 10s'));
    world.set(jobOf('b', '@every 5s'));
    world.set(jobOf('c', '0 * * * * *'));
    const [due, ...more] = world.pass(30_000);
    expect(more).toEqual([]);
    expect(due?.launches.map(({ name, scheduledAtMs }) => `${name}@${scheduledAtMs - START}`)).toEqual([
      'b@5000',
      'b@10000',
      'a@10000',
      'b@15000',
      'b@20000',
      'a@20000',
      'b@25000',
      'b@30000',
      'a@30000',
      'c@30000',
    ]);
  });

  test('in pieces that a message can hold', () => {
    const count = limits.dueItemsPerBatch + 5;
    for (let index = 0; index < count; index += 1) world.set(jobOf(`job${index}`, '@every 10s'));
    expect(world.pass(10_000).map(({ launches }) => launches.length)).toEqual([limits.dueItemsPerBatch, 5]);
  });

  test('no more than a bounded number of launches without a record, and the rest when they have one', () => {
    const ofEach = 60;
    const handedOver = Math.ceil(limits.launchesUnderWay / ofEach);
    for (let index = 0; index < handedOver + 3; index += 1) world.set(jobOf(`job${index}`, '@every 1s'));
    world.pass(ofEach * 1_000);
    const jobs = (): number => new Set(world.handedOver.map((key) => key.split('@')[0])).size;
    expect(jobs()).toBe(handedOver);
    // It waits for records, or until they are missed: not in a loop.
    expect(world.planner.nextDeadline()).toBe(START + ofEach * 1_000 + limits.dueRetryMs);
    world.commit();
    world.pass(1);
    expect(jobs()).toBe(handedOver + 3);
  });

  test('nothing while it is held, and then what is due in its order', () => {
    world.set(jobOf('a', '@every 10s'));
    world.step({ type: 'dueWanted', isHeld: true, aheadMs: 0 });
    expect(world.pass(25_000)).toEqual([]);
    expect(world.planner.nextDeadline() ?? Number.POSITIVE_INFINITY).toBeGreaterThan(START + 25_000);
    world.step({ type: 'dueWanted', isHeld: false, aheadMs: 0 });
    world.run(1);
    expect(times(world)).toEqual(['a@10000', 'a@20000']);
  });

  test('ahead of its time what may be claimed, once, and nothing else', () => {
    world.set(jobOf('a', '@every 10s'));
    world.set(jobOf('alone', '@every 10s', { mayBeClaimed: false }));
    world.set(jobOf('young', '@every 10s', { effectiveFromMs: wallMs(START + 9_900) }));
    world.step({ type: 'dueWanted', isHeld: false, aheadMs: 250 });
    for (const name of ['a', 'young']) world.set({ ...jobOf(name, '@every 10s'), ...world.jobs.get(name) });
    expect(world.pass(9_749)).toEqual([]);
    expect(world.pass(1).flatMap(({ launches }) => launches.map(({ name }) => name))).toEqual(['a']);
    world.commit();
    world.run(151, () => world.commit());
    expect(times(world)).toEqual(['a@10000', 'young@10000']);
    world.run(100, () => world.commit());
    expect(times(world)).toEqual(['a@10000', 'young@10000', 'alone@10000']);
    world.run(9_748, () => world.commit());
    expect(times(world)).toHaveLength(3);
    world.run(1, () => world.commit());
    expect(times(world).slice(3)).toEqual(['a@20000', 'young@20000']);
  });

  test('what was to be claimed, at its time, when that is not wanted any more', () => {
    world.step({ type: 'dueWanted', isHeld: false, aheadMs: 250 });
    world.set(jobOf('a', '@every 10s'));
    world.step({ type: 'dueWanted', isHeld: false, aheadMs: 0 });
    expect(world.pass(9_999)).toEqual([]);
    expect(world.pass(1)).toHaveLength(1);
  });

  test('ahead of time nothing while something is late: that comes first, by its catch-up', () => {
    world.set(jobOf('a', '@every 10s', { catchup: { policy: 'once', window: '60s', cap: 1 } }));
    world.step({ type: 'dueWanted', isHeld: false, aheadMs: 250 });
    world.pass(29_900);
    world.commit();
    world.pass(1);
    expect(times(world)).toEqual(['a@20000']);
    world.commit();
    world.pass(1);
    expect(times(world)).toEqual(['a@20000', 'a@30000']);
  });

  test('ahead of time nothing that its catch-up leaves out', () => {
    world.set(jobOf('a', '@every 10s', { catchup: { policy: 'skip', window: '0s', cap: 1 } }));
    world.step({ type: 'dueWanted', isHeld: false, aheadMs: 250 });
    world.pass(10_000 + limits.punctualMs);
    expect(times(world)).toEqual(['a@10000']);
  });

  test('hands over a due time once, while its record is on its way', () => {
    world.set(jobOf('a', '@every 10s'));
    world.run(limits.dueRetryMs + 9_000);
    expect(times(world)).toEqual(['a@10000']);
  });

  test('and nothing later of its job, which would overtake it if it were lost', () => {
    world.set(jobOf('a', '@every 1s'));
    world.pass(1_000);
    world.pass(3_000);
    expect(times(world)).toEqual(['a@1000']);
    world.lose();
    world.run(limits.dueRetryMs, () => world.commit());
    expect(times(world).slice(0, 5)).toEqual(['a@1000', 'a@1000', 'a@2000', 'a@3000', 'a@4000']);
    expect(world.recorded.get('a')?.at(0)).toBe(START + 1_000);
  });

  test('hands it over again when no record comes in time, and stops when one comes', () => {
    world.set(jobOf('a', '@every 1h'));
    world.run(3_600_000);
    world.lose();
    world.run(limits.dueRetryMs - 1);
    expect(times(world)).toEqual(['a@3600000']);
    world.run(1);
    expect(times(world)).toEqual(['a@3600000', 'a@3600000']);
    world.commit();
    world.run(60_000);
    expect(times(world)).toHaveLength(2);
    expect(world.recorded.get('a')).toEqual([START + 3_600_000]);
  });

  test('a record of something else changes nothing', () => {
    world.set(jobOf('a', '@every 10s'));
    world.step({ type: 'recorded', name: jobName('b'), upToMs: wallMs(START + 10_000) });
    world.step({ type: 'recorded', name: jobName('a'), upToMs: wallMs(START - 1) });
    expect(world.pass(10_000)).toHaveLength(1);
  });

  test('what is recorded already is not due', () => {
    world.set(jobOf('a', '@every 10s'));
    world.step({ type: 'recorded', name: jobName('a'), upToMs: wallMs(START + 20_000) });
    expect(world.pass(25_000)).toEqual([]);
    expect(world.pass(5_000)).toHaveLength(1);
  });

  test('an edit that changes no schedule costs no run', () => {
    world.set(jobOf('a', '@every 10s'));
    world.pass(9_000);
    world.set(jobOf('a', '@every 10s', { tags: { role: 'db' } }));
    expect(world.pass(1_000)[0]?.launches[0]?.tags).toEqual({ role: 'db' });
    world.set(jobOf('a', '@every 10s', { tags: null }));
    expect(world.look()).toEqual([]);
  });

  test('an edit of the schedule invents none', () => {
    world.set(jobOf('a', '@every 10s'));
    world.pass(15_000);
    world.commit();
    const nowMs = wallMs(START + 15_000);
    const highWaterMs = wallMs(START + 10_000);
    world.set(jobOf('a', '0 * * * * *', { scheduleRevision: 2, effectiveFromMs: nowMs, anchorMs: nowMs, highWaterMs }));
    expect(world.look()).toEqual([]);
    world.run(20_000, () => world.commit());
    expect(times(world)).toEqual(['a@10000', 'a@30000']);
  });

  test('a due time handed over under an old revision, and void for that, is due under the new one', () => {
    world.set(jobOf('a', '@every 10s'));
    world.pass(10_000);
    world.set(jobOf('a', '@every 10s', { scheduleRevision: 2, startsAt: [START / 1000, 0] }));
    world.commit();
    expect(world.recorded.get('a')).toBeUndefined();
    world.look();
    world.commit();
    expect(world.recorded.get('a')).toEqual([START + 10_000]);
  });

  test('jobs that are deleted, disabled or broken are not due', () => {
    world.set(jobOf('a', '@every 10s'));
    world.set(jobOf('b', '@every 10s'));
    world.set(jobOf('c', '61 * * * * *'));
    world.delete('a');
    world.set(jobOf('b', '@every 10s', { active: false }));
    expect(world.pass(60_000)).toEqual([]);
    expect(world.effects).toEqual([
      { type: 'unschedulable', name: 'c', error: 'end of range (61) above maximum (59): 61' },
    ]);
    world.set(jobOf('b', '@every 10s', { scheduleRevision: 2, effectiveFromMs: world.nowMs }));
    world.run(10_000);
    expect(times(world)).toEqual(['b@70000']);
  });

  test('starts and ends with the job', () => {
    const seconds = START / 1000;
    world.set(jobOf('a', '@every 10s', { startsAt: [seconds + 20, 0], expiresAt: [seconds + 30, 0] }));
    world.run(120_000, () => world.commit());
    expect(times(world)).toEqual(['a@20000', 'a@30000']);
  });

  test('a jump forward makes due times late; the policy decides', () => {
    world.set(jobOf('a', '@every 10m'));
    world.set(jobOf('b', '@every 10m', { catchup: { policy: 'once', window: '1h', cap: 100 } }));
    world.set(jobOf('c', '@every 10m', { catchup: { policy: 'skip', window: '', cap: 100 } }));
    world.pass(3_600_500);
    world.commit();
    // A record may not overtake an earlier one: what is launched follows what was missed.
    expect(times(world)).toEqual([]);
    world.run(10, () => world.commit());
    expect(times(world)).toEqual(['a@3600000', 'b@3600000', 'c@3600000']);
    expect(world.missed.map(({ name, count, toMs }) => [name, count, toMs - START])).toEqual([
      ['a', 5, 3_000_000],
      ['b', 5, 3_000_000],
      ['c', 5, 3_000_000],
    ]);
    expect(world.missed.map(({ reason }) => reason)).toEqual([
      'not launched in time (catchup all, 60s, at most 100)',
      'not launched in time (catchup once, 1h)',
      'not launched in time (catchup skip)',
    ]);
    expect(world.missed[0]?.next).toEqual(instantOfMs(wallMs(START + 3_600_000)));
  });

  test('a jump back fires nothing twice, and waits again for what is not due any more', () => {
    world.set(jobOf('a', '@every 10s'));
    world.run(20_000, () => world.commit());
    world.pass(-15_000);
    world.set(jobOf('b', '0 21 * * * *', { effectiveFromMs: world.nowMs }));
    world.run(14_999, () => world.commit());
    expect(times(world)).toEqual(['a@10000', 'a@20000']);
    world.run(15_001, () => world.commit());
    expect(times(world)).toEqual(['a@10000', 'a@20000', 'a@30000', 'b@30000']);
  });

  test('an id is used again', () => {
    for (let round = 0; round < 5; round += 1) {
      world.set(jobOf(`job${round}`, '@every 10s'));
      world.delete(`job${round}`);
    }
    expect(world.planner.jobCount).toBe(0);
    expect(world.planner.nextDeadline()).toBeNull();
  });

  test('a scan forgets what is gone and keeps what is on its way', () => {
    world.set(jobOf('a', '@every 10s'));
    world.set(jobOf('b', '@every 10s'));
    world.pass(10_000);
    world.jobs.delete('b');
    world.scan();
    expect(world.planner.jobCount).toBe(1);
    expect(world.look()).toEqual([]);
  });
});

describe('a planner that follows', () => {
  test('keeps time in silence, and leads with what has no record', () => {
    world.set(jobOf('a', '@every 10s'));
    world.set(jobOf('b', '@every 10s'));
    expect(world.pass(10_000)).toEqual([]);
    world.step({ type: 'recorded', name: jobName('a'), upToMs: wallMs(START + 10_000) });
    world.pass(500);
    world.step({ type: 'lead' });
    expect(world.planner.nextDeadline()).toBe(world.nowMs);
    world.look();
    expect(times(world)).toEqual(['b@10000']);
  });

  test('is not woken for what is overdue', () => {
    world.set(jobOf('a', '@every 10s'));
    world.pass(10_000);
    expect(world.planner.nextDeadline()).toBeNull();
  });

  test('looks again, in its next term, at what it had handed over', () => {
    world.step({ type: 'lead' });
    world.set(jobOf('a', '@every 10s'));
    world.pass(10_000);
    world.lose();
    world.step({ type: 'follow' });
    world.pass(100);
    world.step({ type: 'lead' });
    world.look();
    expect(times(world)).toEqual(['a@10000', 'a@10000']);
  });
});
