import { setTimeout as pause } from 'node:timers/promises';
import type { Pool } from 'undici';
import { assert } from '../../src/core/assert.ts';
import { startConstantServer } from '../baselines/constant-server.ts';
import type { Effort } from '../frame/effort.ts';
import { atLeast, atMost, type Curves, type Findings, type Reading } from '../frame/reading.ts';
import { Scope } from '../frame/scope.ts';
import type { Experiment, Suite } from '../frame/suite.ts';
import { ask, openPool } from '../support/http.ts';
import { clientConnections, createJobs, deleteJobs, storedName, storeJobs } from '../support/jobs.ts';
import { driftPercent, type MemorySample, MemoryWatch } from '../support/memory-watch.ts';
import { type NodeMetrics, readMetrics } from '../support/node-metrics.ts';
import { NodeProcess } from '../support/node-process.ts';
import { type MemoryUse, memoryOf } from '../support/processes.ts';

const cycles = 3;
const listedAtOnce = 1_000;
const startsPerSecond = 500;

export const memorySuite: Suite = {
  name: 'memory',
  about: 'memory of the node, that of its job processes apart, against a bare server that loads the same packages',
  async open(scope, effort) {
    return [standing(scope, effort), comingAndGoing(scope, effort), sustained(scope, effort)];
  },
};

interface World {
  readonly pool: Pool;
  readonly watch: MemoryWatch;
  /** Waits until what was done has settled, and looks. */
  readonly settled: () => Promise<MemorySample>;
  readonly bare: MemoryUse;
}

/** An experiment on a node that has done nothing yet. */
function onFreshNode(scope: Scope, effort: Effort, name: string, run: (world: World) => Promise<Findings>): Experiment {
  return {
    type: 'experiment',
    name,
    async run() {
      const own = new Scope(scope.parentDirectory);
      try {
        const { pid } = await startConstantServer(own, [], 'loaded');
        const bare = memoryOf(pid);
        const node = await NodeProcess.start(own);
        const watch = new MemoryWatch(node.pid);
        own.defer(() => watch.stop());
        const settled = async (): Promise<MemorySample> => {
          await pause(effort.amount(10_000, 200));
          return watch.look();
        };
        const failure = node.failure();
        failure.catch(() => {});
        const pool = openPool(own, node.url, clientConnections);
        return await Promise.race([run({ pool, watch, settled, bare }), failure]);
      } finally {
        await own.close();
      }
    },
  };
}

function memoryReading(what: string, ours: number, targetMegabytes: number, bare: number | null): Reading {
  const baseline = bare === null ? null : { contender: 'bare server', value: bare };
  return { what, unit: 'MB', ours, baseline, target: atMost(targetMegabytes, '') };
}

function standing(scope: Scope, effort: Effort): Experiment {
  const stored = effort.amount(50_000, 100);
  return onFreshNode(scope, effort, 'at rest', async ({ pool, settled, bare }) => {
    const idle = await settled();
    await storeJobs(pool, stored);
    const full = await settled();
    return {
      readings: [
        memoryReading('RssAnon idle', idle.anonymousMegabytes, 140, bare.anonymousMegabytes),
        memoryReading('VmRSS idle', idle.residentMegabytes, 180, bare.residentMegabytes),
        memoryReading(`RssAnon with ${stored} jobs`, full.anonymousMegabytes, 250, null),
      ],
      curves: [],
    };
  });
}

function comingAndGoing(scope: Scope, effort: Effort): Experiment {
  const jobs = effort.amount(100_000, 100);
  const name = `${jobs} jobs created, listed, deleted`;
  return onFreshNode(scope, effort, name, async ({ pool, watch, settled }) => {
    const after: number[] = [];
    for (let cycle = 0; cycle < cycles; cycle += 1) {
      await storeJobs(pool, jobs);
      await listAll(pool, jobs);
      await deleteJobs(
        pool,
        Array.from({ length: jobs }, (_, index) => storedName(index)),
      );
      after.push((await settled()).anonymousMegabytes);
    }
    const [first = 0] = after;
    const last = after.at(-1) ?? 0;
    const baseline = { contender: 'cycle 1', value: first };
    return {
      readings: [
        { what: `RssAnon after cycle ${cycles}`, unit: 'MB', ours: last, baseline, target: null },
        {
          what: `cycle ${cycles} ÷ cycle 1`,
          unit: 'times',
          ours: last / first,
          baseline: null,
          target: atMost(1.1, ''),
        },
      ],
      curves: [watch.curves(`${cycles} times ${jobs} jobs created, listed and deleted`)],
    };
  });
}

/** Page by page, and as Dkron's users do it: all in one answer. */
async function listAll(pool: Pool, count: number): Promise<void> {
  const list = async (query: string): Promise<number> => {
    const { body } = await ask(pool, { method: 'GET', path: `/v1/jobs${query}`, status: 200 });
    return body.split('"executor_config":').length - 1;
  };
  let listed = 0;
  for (let start = 0; start < count; start += listedAtOnce) {
    listed += await list(`?_sort=name&_start=${start}&_end=${start + listedAtOnce}`);
  }
  assert(listed === count && (await list('')) === count, 'all jobs are listed');
}

const endedOf = ({ started, running }: NodeMetrics): number => started - running;

function sustained(scope: Scope, effort: Effort): Experiment {
  const jobs = effort.amount(startsPerSecond, 10);
  const seconds = effort.sustainedSeconds;
  return onFreshNode(scope, effort, `${jobs} starts a second for ${seconds} s`, async ({ pool, watch }) => {
    const work = { schedule: '* * * * * *', executor: 'shell', executor_config: { command: '/usr/bin/true' } };
    await createJobs(
      pool,
      Array.from({ length: jobs }, (_, index) => ({ name: `each-second-${index}`, ...work })),
    );
    const begunAt = performance.now();
    const before = endedOf(await readMetrics(pool));
    const first = watch.samples.length;
    await pause(seconds * 1_000);
    const after = await readMetrics(pool);
    const rate = (endedOf(after) - before) / ((performance.now() - begunAt) / 1_000);
    const values = watch.samples.slice(first).map(({ anonymousMegabytes }) => anonymousMegabytes);
    const curves: readonly Curves[] = [watch.curves(`${jobs} starts a second`)];
    return {
      readings: [
        // What is due at the edges may be counted or not.
        {
          what: 'executions',
          unit: 'per second',
          ours: rate,
          baseline: null,
          target: atLeast(jobs * (1 - 2 / seconds), ''),
        },
        { what: 'lost', unit: 'count', ours: after.lost, baseline: null, target: atMost(0, '') },
        memoryReading('RssAnon at most', Math.max(...values), 300, null),
        {
          what: 'drift in the second half',
          unit: 'percent',
          ours: driftPercent(values),
          baseline: null,
          target: atMost(5, ''),
        },
      ],
      curves,
    };
  });
}
