import { setTimeout as pause } from 'node:timers/promises';
import type { Pool } from 'undici';
import { type ConstantAnswer, startConstantServer } from '../baselines/constant-server.ts';
import { atMost, type Findings } from '../frame/reading.ts';
import { Scope } from '../frame/scope.ts';
import { median } from '../frame/statistics.ts';
import type { Experiment, Suite } from '../frame/suite.ts';
import { Observer } from '../observer/observer.ts';
import { startKey } from '../observer/protocol.ts';
import { ask, openPool } from '../support/http.ts';
import { atSchedule, clientConnections, createJobs, storeJobs } from '../support/jobs.ts';
import { NodeProcess } from '../support/node-process.ts';
import { RealClock } from '../support/real-clock.ts';

/** From the creation of a job to its due time: the node has to be gone by then. */
const firstLeadMs = 2_000;
const tries = 4;
const startedWithinMs = 60_000;
const answer: ConstantAnswer = { path: '/', status: '200 OK', headers: [], body: 'here' };

export const restartSuite: Suite = {
  name: 'restart',
  about: 'a node that is stopped and started again, against a bare server that loads the same packages',
  async open(scope, effort) {
    const node = await NodeProcess.start(scope);
    const pool = openPool(scope, node.url, clientConnections);
    const stored = effort.amount(50_000, 100);
    await storeJobs(pool, stored);
    const world = { scope, node, pool, observer: new Observer(scope), clock: new RealClock() };
    return [restart(world, stored, effort.repetitions)];
  },
};

interface World {
  readonly scope: Scope;
  readonly node: NodeProcess;
  readonly pool: Pool;
  readonly observer: Observer;
  readonly clock: RealClock;
}

/** Milliseconds from the start of the process. */
interface Restarted {
  readonly answerMs: number;
  readonly launchMs: number;
}

function restart(world: World, stored: number, rounds: number): Experiment {
  return {
    type: 'experiment',
    name: `with ${stored} jobs`,
    async run(): Promise<Findings> {
      const bare: number[] = [];
      const ours: Restarted[] = [];
      for (let round = 0; round < rounds; round += 1) {
        bare.push(await bareStartMs(world));
        ours.push(await restartOnce(world, `overdue-${round}`));
      }
      const baseline = { contender: 'bare server, first answer', value: median(bare) };
      const answerMs = median(ours.map((times) => times.answerMs));
      const launchMs = median(ours.map((times) => times.launchMs));
      return {
        readings: [
          { what: 'first answer', unit: 'ms', ours: answerMs, baseline, target: null },
          { what: 'first launch', unit: 'ms', ours: launchMs, baseline, target: atMost(1_200, '') },
        ],
        curves: [],
      };
    },
  };
}

/** A job becomes due while the node is away, so that it has something to launch as soon as it can. */
async function restartOnce({ node, pool, observer, clock }: World, prefix: string): Promise<Restarted> {
  const { job, dueMs } = await stopBeforeDue(node, prefix, async (name, atMs) => {
    const work = { executor: 'shell', executor_config: { shell: 'true', command: observer.jobCommand } };
    await createJobs(pool, [{ name, schedule: atSchedule(atMs), ...work }]);
  });
  await pause(Math.max(0, dueMs - Date.now()) + 1);
  const expected = new Set([startKey({ job, dueMs })]);
  const begunMs = clock.nowMs();
  node.spawn();
  await node.untilAnswers(`/v1/jobs/${job}`);
  const answerMs = clock.nowMs() - begunMs;
  const [start] = await observer.collect(expected, startedWithinMs);
  if (start === undefined) throw new Error('the node did not launch what had become due');
  return { answerMs, launchMs: start.atMs - begunMs };
}

async function stopBeforeDue(
  node: NodeProcess,
  prefix: string,
  create: (job: string, dueMs: number) => Promise<void>,
): Promise<{ readonly job: string; readonly dueMs: number }> {
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const job = `${prefix}-${attempt}`;
    const dueMs = Date.now() + firstLeadMs * 2 ** attempt;
    await create(job, dueMs);
    await node.stop();
    if (Date.now() < dueMs) return { job, dueMs };
    node.spawn();
    await node.untilAnswers('/health/ready');
  }
  throw new Error('the node did not end in time: the machine is too busy');
}

async function bareStartMs({ scope, clock }: World): Promise<number> {
  const own = new Scope(scope.parentDirectory);
  try {
    const begunMs = clock.nowMs();
    const { url } = await startConstantServer(own, [answer], 'loaded');
    await ask(openPool(own, url, 1), { method: 'GET', path: answer.path, status: 200 });
    return clock.nowMs() - begunMs;
  } finally {
    await own.close();
  }
}
