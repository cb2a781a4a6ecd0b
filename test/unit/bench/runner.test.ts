import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Effort, fullEffort } from '../../../bench/frame/effort.ts';
import { atLeast, atMost, type Reading, type Target } from '../../../bench/frame/reading.ts';
import { Runner } from '../../../bench/frame/runner.ts';
import { Scope } from '../../../bench/frame/scope.ts';
import type { Case, Suite } from '../../../bench/frame/suite.ts';
import { suiteTable } from '../../../bench/frame/table.ts';

const effort: Effort = { ...fullEffort(1), repetitions: 3, warmups: 1 };
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'carillon-test-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const makeRunner = (): Runner => new Runner({ effort, directory, progress: () => {} });

const suiteOf = (open: Suite['open']): Suite => ({ name: 'bells', about: 'ringing.', open });

/** Ours does 100 a second, the baseline 400; both write down their turns. */
function bells(turns: string[]): Case {
  const contender = (name: string, elapsedMs: number) => ({
    name,
    run: () => {
      turns.push(name);
      return { operations: 1, elapsedMs, latenciesMs: [elapsedMs] };
    },
  });
  return { type: 'case', name: 'ring', unit: 'rings', ours: contender('ours', 10), baselines: [contender('raw', 2.5)] };
}

describe('the runner', () => {
  it('lets contenders take turns, each the first in half of them, after a warm-up that is not counted', async () => {
    const turns: string[] = [];
    const result = await makeRunner().run(suiteOf(async () => [bells(turns)]));
    expect(turns).toEqual(['ours', 'raw', 'raw', 'ours', 'ours', 'raw', 'raw', 'ours']);
    expect(result).toMatchObject({ name: 'bells', error: null });
    expect(result.cases).toMatchObject([
      {
        ours: { perSecond: 100, p50Ms: 10, repetitions: [100, 100, 100] },
        baselines: [{ perSecond: 400, ratio: 0.25 }],
      },
    ]);
  });

  it('compares what a case or an experiment found with what it has to be', async () => {
    const reading = (ours: number, target: Target | null) =>
      ({ what: 'pitch', unit: 'ms', ours, baseline: null, target }) satisfies Reading;
    const low = [reading(3, atMost(3, '')), reading(4, atMost(3, '')), reading(4, null)];
    const judge = () => [reading(2, atLeast(3, ''))];
    const result = await makeRunner().run(
      suiteOf(async () => [
        { ...bells([]), judge },
        { type: 'experiment', name: 'tune', run: async () => ({ readings: low, curves: [] }) },
      ]),
    );
    expect(result.error).toBe(null);
    expect(result.cases[0]?.readings).toMatchObject([{ ours: 2, isMet: false }]);
    expect(result.experiments[0]?.readings.map(({ isMet }) => isMet)).toEqual([true, false, null]);
    expect(suiteTable(result)).toMatch(/tune: pitch +4\.0 ms +≤ 3\.0 ms +missed/);
  });

  it('takes no figure that is none', async () => {
    const nothing: Reading = { what: 'pitch', unit: 'ms', ours: Number.NaN, baseline: null, target: null };
    const run = async () => ({ readings: [nothing], curves: [] });
    const result = await makeRunner().run(suiteOf(async () => [{ type: 'experiment', name: 'tune', run }]));
    expect(result.error).toContain('pitch: NaN is no figure');
  });

  it('keeps the cases before a failure, tells it, and cleans up', async () => {
    let made = '';
    const result = await makeRunner().run(
      suiteOf(async (scope) => {
        made = scope.makeDirectory();
        const wrong = { name: 'wrong', run: () => Promise.reject(new Error('a wrong answer')) };
        return [bells([]), { type: 'case', name: 'crack', unit: 'cracks', ours: wrong, baselines: [wrong] }];
      }),
    );
    expect(result.cases.map(({ name }) => name)).toEqual(['ring']);
    expect(result.error).toContain('a wrong answer');
    expect(made).not.toBe('');
    expect(existsSync(made)).toBe(false);
    expect(suiteTable(result)).toMatch(/^ {2}failed: Error: a wrong answer/m);
  });

  it('counts a failure to clean up as one of the suite', async () => {
    const result = await makeRunner().run(
      suiteOf(async (scope) => {
        scope.defer(() => Promise.reject(new Error('stuck')));
        return [];
      }),
    );
    expect(result.error).toContain('while cleaning up: Error: stuck');
  });

  it('ends what a suite has started when it is aborted', async () => {
    const runner = makeRunner();
    const result = await runner.run(
      suiteOf(async (scope) => {
        scope.makeDirectory();
        await runner.abort();
        expect(readdirSync(directory)).toEqual([]);
        return [];
      }),
    );
    expect(result.error).toBe(null);
  });
});

describe('a scope', () => {
  it('closes in reverse order, all of it, and then tells the first failure', async () => {
    const scope = new Scope(directory);
    const closed: number[] = [];
    scope.defer(() => void closed.push(1));
    scope.defer(() => {
      throw new Error('the second');
    });
    scope.defer(() => void closed.push(3));
    await expect(scope.close()).rejects.toThrow('the second');
    expect(closed).toEqual([3, 1]);
    await scope.close();
    expect(closed).toEqual([3, 1]);
  });
});

describe('the table', () => {
  it('shows rates, latencies and the ratio to each baseline', async () => {
    const result = await makeRunner().run(suiteOf(async () => [bells([])]));
    const lines = suiteTable(result).split('\n');
    expect(lines.map((line) => line.trim().split(/ {2,}/))).toEqual([
      ['bells: ringing.'],
      ['case', 'contender', 'per second', 'p50', 'p99', 'CPU', 'spread', 'ours ÷ it'],
      ['ring (rings)', 'ours', '100', '10.0 ms', '10.0 ms', '0 %'],
      ['raw', '400', '2.5 ms', '2.5 ms', '0 %', '0.25'],
    ]);
  });
});
