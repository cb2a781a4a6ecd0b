import { limits } from '../../src/core/limits.ts';
import { Prng } from '../../src/core/prng.ts';
import { ShellSlots } from '../baselines/shell-slots.ts';
import type { Effort } from '../frame/effort.ts';
import { atMost, type Findings, type Reading } from '../frame/reading.ts';
import { median, percentile } from '../frame/statistics.ts';
import type { Experiment, Suite } from '../frame/suite.ts';
import { oursEachSecond, oursOnce, type Round, rawEachSecond, rawOnce, type World } from '../lateness/rounds.ts';
import { Observer } from '../observer/observer.ts';
import { openPool } from '../support/http.ts';
import { clientConnections, storeJobs } from '../support/jobs.ts';
import { NodeProcess } from '../support/node-process.ts';
import { latenessCurves } from '../support/starts.ts';

const secondMs = 1_000;

export const latenessSuite: Suite = {
  name: 'lateness',
  about: 'real starts of shell jobs, stamped by an observer of its own, against a timer and as many pre-forked shells',
  async open(scope, effort) {
    const node = await NodeProcess.start(scope);
    const pool = openPool(scope, node.url, clientConnections);
    const stored = effort.amount(50_000, 100);
    await storeJobs(pool, stored);
    const observer = new Observer(scope);
    const slots = new ShellSlots(scope, limits.shellSlots);
    const world = { node, pool, observer, slots };
    // What a slow machine can't keep up with comes last: the others are told all the same.
    return [burst(world, effort), eachSecond(world, effort), randomTimes(world, effort, stored)];
  },
};

const percentiles = (values: readonly number[]): readonly [number, number, number] => [
  percentile(values, 50),
  percentile(values, 99),
  percentile(values, 99.9),
];

function randomTimes(world: World, effort: Effort, stored: number): Experiment {
  const seconds = effort.amount(20, 1);
  const perSecond = effort.amount(500, 50);
  const prng = new Prng(effort.seed);
  return {
    type: 'experiment',
    name: `${perSecond} @at/s beside ${stored} jobs`,
    async run(): Promise<Findings> {
      const offsetsMs = Array.from({ length: perSecond * seconds }, () => prng.below(seconds * secondMs));
      const raw = await rawOnce(world, offsetsMs);
      const allow = await oursOnce(world, offsetsMs, 'allow');
      const forbid = await oursOnce(world, offsetsMs, 'forbid');
      const queue = await oursOnce(world, offsetsMs, 'queue');
      const kinds = [
        { name: 'allow', values: allow.values },
        { name: 'forbid', values: forbid.values },
        { name: 'queue', values: queue.values },
        { name: 'raw', values: raw.values },
      ];
      return {
        readings: [
          ...latenessReadings('allow', allow, raw, [2, 6, 20]),
          ...latenessReadings('forbid', forbid, raw, [4, 12, 50]),
          ...latenessReadings('queue', queue, raw, [4, 12, 50]),
        ],
        curves: [
          latenessCurves(`${perSecond} shell jobs a second at random milliseconds, beside ${stored} jobs`, kinds),
        ],
      };
    },
  };
}

function latenessReadings(kind: string, ours: Round, raw: Round, targetsMs: readonly number[]): readonly Reading[] {
  const names = ['p50', 'p99', 'p99.9'];
  const theirs = percentiles(raw.values);
  const late = percentiles(ours.values).map((value, at): Reading => {
    const baseline = { contender: 'raw', value: theirs[at] ?? 0 };
    return { what: `${kind}, ${names[at]}`, unit: 'ms', ours: value, baseline, target: atMost(targetsMs[at] ?? 0, '') };
  });
  return [...late, coresReading(kind, ours, raw)];
}

const coresReading = (kind: string, ours: Round, raw: Round): Reading => ({
  what: `${kind}, busy`,
  unit: 'cores',
  ours: ours.cores,
  baseline: { contender: 'raw', value: raw.cores },
  target: null,
});

function eachSecond(world: World, effort: Effort): Experiment {
  const jobs = effort.amount(200, 10);
  const seconds = effort.amount(20, 2);
  const warmSeconds = effort.amount(20, 1);
  return {
    type: 'experiment',
    name: `${jobs} each second`,
    async run(): Promise<Findings> {
      const names = Array.from({ length: jobs }, (_, index) => `each-second-${index}`);
      const raw = await rawEachSecond(world, names, seconds);
      const ours = await oursEachSecond(world, names, { warmSeconds, seconds });
      const [p50, p99] = percentiles(ours.values);
      const [rawP50, rawP99] = percentiles(raw.values);
      const baseline = (value: number) => ({ contender: 'raw', value });
      const p99Target = atMost(1.3 * rawP99 + 20, '1.3 × raw + 20 ms');
      return {
        readings: [
          { what: 'p50', unit: 'ms', ours: p50, baseline: baseline(rawP50), target: null },
          { what: 'p99', unit: 'ms', ours: p99, baseline: baseline(rawP99), target: p99Target },
          { ...coresReading('all', ours, raw), what: 'busy', target: atMost(0.35, '') },
        ],
        curves: [
          latenessCurves(`${jobs} shell jobs at each full second`, [
            { name: 'Carillon', values: ours.values },
            { name: 'raw', values: raw.values },
          ]),
        ],
      };
    },
  };
}

function burst(world: World, effort: Effort): Experiment {
  const jobs = effort.amount(500, 20);
  return {
    type: 'experiment',
    name: `${jobs} at one instant`,
    async run(): Promise<Findings> {
      const ours: number[][] = [];
      const raw: number[][] = [];
      for (let round = -effort.warmups; round < effort.repetitions; round += 1) {
        const theirs = await rawOnce(world, Array<number>(jobs).fill(0));
        const own = await oursOnce(world, Array<number>(jobs).fill(0), 'allow');
        if (round < 0) continue;
        raw.push([...theirs.values]);
        ours.push([...own.values]);
      }
      const last = (rounds: readonly number[][]): number => median(rounds.map((values) => Math.max(...values)));
      const baseline = { contender: 'raw', value: last(raw) };
      const target = atMost(1.4 * last(raw) + 20, '1.4 × raw + 20 ms');
      const kinds = [
        { name: 'Carillon', values: ours.flat() },
        { name: 'raw', values: raw.flat() },
      ];
      return {
        readings: [{ what: 'the last one starts', unit: 'ms', ours: last(ours), baseline, target }],
        curves: [latenessCurves(`${jobs} shell jobs due at one instant`, kinds)],
      };
    },
  };
}
