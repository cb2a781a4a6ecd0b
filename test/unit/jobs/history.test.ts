import { describe, expect, it } from 'vitest';
import type { CommandResult } from '../../../src/core/jobs/commands.ts';
import { limits } from '../../../src/core/limits.ts';
import { jobName, wallMs } from '../../../src/core/units.ts';
import { StateHarness, T0 } from '../../support/state-harness.ts';

/** Runs `count` executions of a job to their ends, one a second, with an output each. */
function fill(harness: StateHarness, name: string, count: number): void {
  for (let index = 1; index <= count; index += 1) {
    harness.nowMs = wallMs(harness.nowMs + 1_000);
    harness.launch(name, 0);
    const record = harness.running(name).at(-1);
    if (record === undefined) throw new Error('nothing runs');
    harness.finish(record, 'success', 'out');
  }
}

/** As the leader proposes it; null: by count alone. */
const prune = (harness: StateHarness, names: readonly string[], endedBeforeMs: number | null = null): CommandResult =>
  harness.apply({
    type: 'prune',
    items: names.map((name) => ({
      job: jobName(name),
      endedBeforeMs: endedBeforeMs === null ? null : wallMs(endedBeforeMs),
    })),
  });

const kept = (harness: StateHarness, name: string): number => harness.executions(name).length;

/** What is stored beside jobs: nothing of an execution stays when it goes. */
const outputs = (harness: StateHarness, name: string): number =>
  harness.executions(name).filter((record) => harness.reader.output(record).length > 0).length;

describe('retention', () => {
  it('keeps as many as the job says, more or less than without it', () => {
    const harness = new StateHarness();
    harness.setJob('few', { retention: { count: 3, age: null } });
    harness.setJob('many', { retention: { count: limits.executionsPerJob + 20, age: null } });
    fill(harness, 'few', 10);
    fill(harness, 'many', limits.executionsPerJob + 30);
    expect([kept(harness, 'few'), kept(harness, 'many')]).toEqual([3, limits.executionsPerJob + 20]);
    expect(harness.job('few')).toMatchObject({ executionsKept: 3, executionsRunning: 0, successCount: 10 });
  });

  it('drops what is too much when the count is lowered or taken away', () => {
    const harness = new StateHarness();
    harness.setJob('a', { retention: { count: 200, age: null } });
    fill(harness, 'a', 150);
    harness.setJob('a', { retention: { count: 120, age: null } });
    expect(kept(harness, 'a')).toBe(120);
    harness.setJob('a');
    expect([kept(harness, 'a'), outputs(harness, 'a')]).toEqual([100, 100]);
    expect(harness.job('a')).toMatchObject({ executionsKept: 100, successCount: 150 });
    expect(harness.changesOf('jobSet').map(({ schedule }) => schedule.hasSurplus)).toEqual([false, false, false]);
  });

  it('drops a bounded number in one command, the rest by further ones', () => {
    const harness = new StateHarness();
    const count = 2 * limits.executionsPerPrune + 100;
    harness.setJob('a', { retention: { count, age: null } });
    harness.runOnMany('a', count);
    harness.setJob('a', { retention: { count: 1, age: null } });
    expect(kept(harness, 'a')).toBe(count - limits.executionsPerPrune);
    expect(harness.changesOf('jobSet').at(-1)?.schedule.hasSurplus).toBe(true);
    prune(harness, ['a']);
    expect(kept(harness, 'a')).toBe(count - 2 * limits.executionsPerPrune);
    prune(harness, ['a']);
    expect([kept(harness, 'a'), harness.job('a').executionsKept]).toEqual([1, 1]);
    prune(harness, ['a']);
    expect(kept(harness, 'a')).toBe(1);
  });

  it('never drops what has not ended, however old or many', () => {
    const harness = new StateHarness();
    harness.setJob('a', { retention: { count: 2, age: '10s' } });
    for (let index = 0; index < 5; index += 1) harness.launch('a', index * 1_000 + 1_000);
    prune(harness, ['a'], T0 + 1_000_000);
    expect(harness.running('a')).toHaveLength(5);
    const [, second] = harness.running('a');
    if (second === undefined) throw new Error('five run');
    harness.finish(second, 'failed');
    expect(harness.changesOf('executionEnded').at(-1)?.hasSurplus).toBe(true);
    prune(harness, ['a']);
    expect(harness.executions('a').map(({ outcome }) => outcome)).toEqual(Array(4).fill('running'));
    expect(harness.job('a')).toMatchObject({ executionsKept: 4, executionsRunning: 4, errorCount: 1 });
  });

  it('drops by the end and not by the beginning, with the outputs', () => {
    const harness = new StateHarness();
    harness.setJob('a', { retention: { count: 100, age: '1m' } });
    harness.launch('a', 1);
    const [slow] = harness.running('a');
    fill(harness, 'a', 10);
    if (slow === undefined) throw new Error('one runs');
    harness.finish(
      { ...slow, startedAtNs: harness.executions('a').at(-1)?.startedAtNs ?? slow.startedAtNs },
      'success',
    );
    prune(harness, ['a'], T0 + 5_000);
    // The launches of the seconds 1 to 4 have ended before; the slow one, the oldest, at the tenth.
    expect(kept(harness, 'a')).toBe(7);
    expect(harness.executions('a')[0]?.stamp).toBe(slow.stamp);
    expect(outputs(harness, 'a')).toBe(6);
    expect(harness.job('a')).toMatchObject({ executionsKept: 7, successCount: 11, status: 'success' });
  });

  it('shares one budget between the jobs of a command, and passes over jobs that are gone', () => {
    const harness = new StateHarness();
    const count = limits.executionsPerPrune - 100;
    for (const name of ['a', 'b']) {
      harness.setJob(name, { retention: { count: limits.executionsPerJobMost, age: '10s' } });
      harness.runOnMany(name, count);
    }
    prune(harness, ['gone', 'a', 'b'], harness.nowMs + 1_000_000);
    expect([kept(harness, 'a'), kept(harness, 'b')]).toEqual([0, count - 100]);
    prune(harness, ['gone', 'a', 'b'], harness.nowMs + 1_000_000);
    expect(kept(harness, 'b')).toBe(0);
  });
});
