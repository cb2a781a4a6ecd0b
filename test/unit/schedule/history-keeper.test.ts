import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PruneItem } from '../../../src/core/jobs/commands.ts';
import { limits } from '../../../src/core/limits.ts';
import { HistoryKeeper } from '../../../src/core/schedule/history-keeper.ts';
import { jobName, monoMs, wallMs } from '../../../src/core/units.ts';
import { jobOf } from '../../support/planner-world.ts';
import { StateHarness, T0 } from '../../support/state-harness.ts';

/** A leader's keeper over a real state machine. */
class World {
  readonly state = new StateHarness();
  readonly keeper = new HistoryKeeper();
  looks = 0;
  #told = 0;

  /** Time passes, a second at a time; the keeper hears of everything, and what it asks for is applied. */
  pass(seconds: number): PruneItem[] {
    const asked: PruneItem[] = [];
    for (let second = 0; second < seconds; second += 1) {
      this.state.nowMs = wallMs(this.state.nowMs + 1_000);
      asked.push(...this.look());
    }
    return asked;
  }

  look(): PruneItem[] {
    const { state, keeper } = this;
    const { nowMs } = state;
    for (const change of state.changes.slice(this.#told)) keeper.changed(change, nowMs);
    this.#told = state.changes.length;
    const items: PruneItem[] = [];
    for (const name of keeper.takeDue(nowMs, monoMs(nowMs))) {
      this.looks += 1;
      const job = state.reader.job(name);
      if (job === undefined) continue;
      const visit = (each: Parameters<Parameters<typeof keeper.looked>[0]['visit']>[0]): void =>
        state.reader.scanExecutions(name, (_, record) => each(record));
      const item = keeper.looked({ job, visit }, nowMs);
      if (item !== null) items.push(item);
    }
    if (items.length > 0) state.apply({ type: 'prune', items });
    keeper.check();
    return items;
  }

  run(name: string): void {
    this.state.launch(name, 0);
    const record = this.state.running(name).at(-1);
    if (record !== undefined) this.state.finish(record, 'success');
  }
}

describe('HistoryKeeper', () => {
  it('asks for nothing while nothing is too old or too much', () => {
    const world = new World();
    world.state.setJob('plain');
    world.state.setJob('aged', { retention: { count: 5, age: '1h' } });
    for (let round = 0; round < 20; round += 1) {
      world.run('plain');
      world.run('aged');
      expect(world.pass(1)).toEqual([]);
    }
    expect(world.looks).toBeLessThan(3);
  });

  it('drops what is too old soon after it is, and looks no more when nothing is left', () => {
    const world = new World();
    world.state.setJob('aged', { retention: { count: 100, age: '100s' } });
    for (let round = 0; round < 5; round += 1) {
      world.run('aged');
      world.pass(1);
    }
    expect(world.pass(95)).toEqual([]);
    expect(world.pass(20)).toHaveLength(1);
    expect(world.state.executions('aged')).toHaveLength(0);
    const { looks } = world;
    world.pass(1_000);
    expect(world.looks).toBe(looks);
  });

  it('asks again until a lowered count holds, and for a job whose retention was taken away', () => {
    const world = new World();
    const count = limits.executionsPerJob + limits.executionsPerPrune + 10;
    world.state.setJob('a', { retention: { count, age: null } });
    world.state.runOnMany('a', count);
    world.look();
    world.state.setJob('a');
    expect(world.pass(5).length).toBeGreaterThan(0);
    expect(world.state.executions('a')).toHaveLength(limits.executionsPerJob);
    expect(world.pass(5)).toEqual([]);
  });

  it('looks at a bounded number of jobs a second, each in its turn', () => {
    const keeper = new HistoryKeeper();
    const names = Array.from({ length: 2 * limits.historiesPerLook + 1 }, (_, index) => `job-${index}`);
    for (const name of names) keeper.jobSet(jobOf(name, '@daily', { retentionAgeMs: 5_000 }), T0);
    const looked = [0, 1, 1_000, 1_999, 2_000].map((afterMs) => keeper.takeDue(wallMs(T0 + afterMs), monoMs(afterMs)));
    expect(looked.map(({ length }) => length)).toEqual([limits.historiesPerLook, 0, limits.historiesPerLook, 0, 1]);
    expect(looked.flat()).toEqual(names);
  });

  it('forgets jobs that were deleted, and all at a new scan', () => {
    const world = new World();
    world.state.setJob('a', { retention: { count: 1, age: '1s' } });
    world.run('a');
    world.state.apply({ type: 'deleteJob', name: jobName('a') });
    expect(world.pass(5)).toEqual([]);
    world.keeper.jobSet(jobOf('b', '@daily', { retentionAgeMs: 5_000 }), T0);
    world.keeper.scanStarted();
    expect(world.keeper.takeDue(wallMs(T0 + 1e9), monoMs(1e9))).toEqual([]);
  });

  it('leaves nothing that is too old or too much, whatever happened, and never takes what runs', () => {
    const step = fc.oneof(
      fc.record({ type: fc.constant('pass' as const), seconds: fc.integer({ min: 1, max: 30 }) }),
      fc.record({ type: fc.constantFrom('open' as const, 'end' as const, 'run' as const) }),
      fc.record({
        type: fc.constant('set' as const),
        count: fc.integer({ min: 1, max: 4 }),
        age: fc.constantFrom(null, '5s', '40s'),
      }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const world = new World();
        const { state } = world;
        let retention: { count: number; age: string | null } = { count: 3, age: '20s' };
        state.setJob('a', { retention });
        let ended = 0;
        let open = 0;
        for (const { type, ...rest } of steps) {
          state.nowMs = wallMs(state.nowMs + 1);
          if ('seconds' in rest) world.pass(rest.seconds);
          else if ('count' in rest) {
            retention = rest;
            state.setJob('a', { retention });
          } else if (type === 'open') {
            state.launch('a', 0);
            open += 1;
          } else if (type === 'run') {
            world.run('a');
            ended += 1;
          } else {
            const [oldest] = state.running('a');
            if (oldest !== undefined) {
              const startedAtNs = (BigInt(state.nowMs) * 1_000_000n) as typeof oldest.startedAtNs;
              state.finish({ ...oldest, startedAtNs }, 'success');
              ended += 1;
              open -= 1;
            }
          }
        }
        world.pass(60);
        const records = state.executions('a');
        const running = records.filter(({ outcome }) => outcome === 'running').length;
        expect(running).toBe(open);
        expect(records.length).toBeLessThanOrEqual(Math.max(running, retention.count));
        expect(retention.age === null ? 0 : records.length - running).toBe(0);
        expect(state.job('a')).toMatchObject({
          executionsKept: records.length,
          executionsRunning: running,
          successCount: ended,
        });
      }),
      { numRuns: 150 },
    );
  });
});
