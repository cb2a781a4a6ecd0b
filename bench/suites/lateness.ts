import { setTimeout as pause } from 'node:timers/promises';
import type { Pool } from 'undici';
import { limits } from '../../src/core/limits.ts';
import { Prng } from '../../src/core/prng.ts';
import { ShellSlots } from '../baselines/shell-slots.ts';
import { runTimed } from '../baselines/timed-slots.ts';
import type { Effort } from '../frame/effort.ts';
import { atMost, type Findings, type Reading } from '../frame/reading.ts';
import { median, percentile } from '../frame/statistics.ts';
import type { Experiment, Suite } from '../frame/suite.ts';
import { Observer } from '../observer/observer.ts';
import { startKey } from '../observer/protocol.ts';
import { openPool } from '../support/http.ts';
import { atSchedule, clientConnections, createAhead, createJobs, deleteJobs, storeJobs } from '../support/jobs.ts';
import { NodeProcess } from '../support/node-process.ts';
import { processorSeconds } from '../support/processes.ts';
import { latenessCurves, latenessOf } from '../support/starts.ts';

const secondMs = 1_000;
/** Longer than the slowest of what is due takes to start. */
const lastStartWithinMs = 180_000;
/** From the creation of jobs that are due each second to the first second that counts. */
const settleMs = 1_000;

interface World {
  readonly effort: Effort;
  readonly node: NodeProcess;
  readonly pool: Pool;
  readonly observer: Observer;
  readonly slots: ShellSlots;
}

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
    const world = { effort, node, pool, observer, slots };
    return [randomTimes(world, stored), eachSecond(world), burst(world)];
  },
};

/** How late starts were, and how many processors their starter and they kept busy. */
interface Round {
  readonly values: readonly number[];
  readonly cores: number;
}

/** Measures what `roots`, all below them, and this process, if it counts, use while `work` is done. */
async function coresOf(roots: readonly number[], countsThis: boolean, work: () => Promise<void>): Promise<number> {
  const usedSeconds = (): number => {
    const { user, system } = process.cpuUsage();
    return processorSeconds(roots) + (countsThis ? (user + system) / 1e6 : 0);
  };
  const usedBefore = usedSeconds();
  const begunAt = performance.now();
  await work();
  return (usedSeconds() - usedBefore) / ((performance.now() - begunAt) / secondMs);
}

const ofNode = ({ node }: World, work: () => Promise<void>): Promise<number> => coresOf([node.pid], false, work);
const ofSlots = ({ slots }: World, work: () => Promise<void>): Promise<number> => coresOf(slots.pids, true, work);

const percentiles = (values: readonly number[]): readonly [number, number, number] => [
  percentile(values, 50),
  percentile(values, 99),
  percentile(values, 99.9),
];

function randomTimes(world: World, stored: number): Experiment {
  const { effort } = world;
  const seconds = effort.amount(20, 1);
  const perSecond = effort.amount(500, 50);
  const prng = new Prng(effort.seed);
  return {
    type: 'experiment',
    name: `${perSecond} @at/s beside ${stored} jobs`,
    async run(): Promise<Findings> {
      const offsetsMs = Array.from({ length: perSecond * seconds }, () => prng.below(seconds * secondMs));
      const raw = await rawAtRandom(world, offsetsMs);
      const allow = await oursAtRandom(world, offsetsMs, 'allow');
      const forbid = await oursAtRandom(world, offsetsMs, 'forbid');
      const queue = await oursAtRandom(world, offsetsMs, 'queue');
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

async function oursAtRandom(world: World, offsetsMs: readonly number[], concurrency: string): Promise<Round> {
  const { pool, observer } = world;
  const { names, fromMs } = await createAhead(pool, offsetsMs.length, (index, name, firstMs) => ({
    name,
    schedule: atSchedule(firstMs + (offsetsMs[index] ?? 0)),
    concurrency,
    ...observedWork(observer),
  }));
  await pause(fromMs - Date.now());
  const lastMs = fromMs + Math.max(...offsetsMs);
  const cores = await ofNode(world, () => pause(lastMs - Date.now()));
  const values = await latenessSeen(
    observer,
    names.map((job, index) => ({ job, dueMs: fromMs + (offsetsMs[index] ?? 0) })),
  );
  await deleteJobs(pool, names);
  return { values, cores };
}

/** What has to be started, and when. */
interface Due {
  readonly job: string;
  /** Milliseconds since 1970. */
  readonly dueMs: number;
}

async function latenessSeen(observer: Observer, dues: readonly Due[]): Promise<readonly number[]> {
  const expected = new Set(dues.map(startKey));
  return latenessOf(await observer.collect(expected, lastStartWithinMs), expected);
}

function rawAtRandom(world: World, offsetsMs: readonly number[]): Promise<Round> {
  const fromMs = Date.now() + secondMs;
  return rawRound(
    world,
    offsetsMs.map((offsetMs, index) => ({ job: `raw-${index}`, dueMs: fromMs + offsetMs })),
  );
}

const observedWork = (observer: Observer) => ({
  executor: 'shell',
  executor_config: { shell: 'true', command: observer.jobCommand },
});

/** The work that Carillon does, by a timer and shells. */
async function rawRound(world: World, dues: readonly Due[]): Promise<Round> {
  const { observer, slots } = world;
  const commands = dues.map(({ job, dueMs }) => ({ atMs: dueMs, command: observer.rawCommand(job, dueMs) }));
  const fromMs = dues.reduce((first, { dueMs }) => Math.min(first, dueMs), Number.POSITIVE_INFINITY);
  await pause(Math.max(0, fromMs - Date.now() - 1));
  const cores = await ofSlots(world, () => runTimed(slots, commands));
  return { values: await latenessSeen(observer, dues), cores };
}

function eachSecond(world: World): Experiment {
  const { effort } = world;
  const jobs = effort.amount(200, 10);
  const seconds = effort.amount(20, 2);
  return {
    type: 'experiment',
    name: `${jobs} each second`,
    async run(): Promise<Findings> {
      const names = Array.from({ length: jobs }, (_, index) => `each-second-${index}`);
      const raw = await rawRound(world, atSeconds(names, nextSecondMs(secondMs), seconds));
      const ours = await oursEachSecond(world, names, seconds);
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

/** The first full second that is at least so far away. */
const nextSecondMs = (leadMs: number): number => Math.ceil((Date.now() + leadMs) / secondMs) * secondMs;

const atSeconds = (names: readonly string[], fromMs: number, seconds: number): readonly Due[] =>
  Array.from({ length: seconds }, (_, second) => fromMs + second * secondMs).flatMap((dueMs) =>
    names.map((job) => ({ job, dueMs })),
  );

async function oursEachSecond(world: World, names: readonly string[], seconds: number): Promise<Round> {
  const { pool, observer } = world;
  await createJobs(
    pool,
    names.map((name) => ({ name, schedule: '* * * * * *', ...observedWork(observer) })),
  );
  const fromMs = nextSecondMs(settleMs);
  // A bit before full seconds, so that each one's work is whole.
  const untilMs = fromMs + seconds * secondMs - 50;
  await pause(fromMs - 50 - Date.now());
  const cores = await ofNode(world, () => pause(untilMs - Date.now()));
  const values = await latenessSeen(observer, atSeconds(names, fromMs, seconds));
  await deleteJobs(pool, names);
  return { values, cores };
}

function burst(world: World): Experiment {
  const { effort } = world;
  const jobs = effort.amount(500, 20);
  return {
    type: 'experiment',
    name: `${jobs} at one instant`,
    async run(): Promise<Findings> {
      const ours: number[][] = [];
      const raw: number[][] = [];
      for (let round = 0; round < effort.repetitions; round += 1) {
        raw.push([...(await rawAtRandom(world, Array<number>(jobs).fill(0))).values]);
        ours.push([...(await oursAtRandom(world, Array<number>(jobs).fill(0), 'allow')).values]);
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
