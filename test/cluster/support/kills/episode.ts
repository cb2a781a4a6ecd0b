import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Prng } from '../../../../src/core/prng.ts';
import { type NodeOptions, NodeProcess } from '../../../support/node-process.ts';
import { Observer } from '../../../support/observer/observer.ts';
import { waitUntil } from '../../../support/wait-until.ts';
import { endProcesses, processesWith } from '../marked-processes.ts';
import { type FleetJob, isSteady, MARKER, makeFleet } from './fleet.ts';
import { judge, type Verdict } from './judge.ts';
import { Writer } from './writer.ts';

export interface EpisodeOptions {
  readonly seed: number;
  readonly kills: number;
  /** About so many jobs start each second. */
  readonly perSecond: number;
  /** Instead of killing the node: what is done to it, and waited for. `at` counts from 0. */
  readonly strike?: (node: NodeProcess, at: number) => Promise<void>;
  readonly node?: NodeOptions;
}

/** By the observer's clock: when something was asked for, and when it was answered. */
export interface Asked {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What happened, for the judge. */
export interface Episode {
  readonly node: NodeProcess;
  readonly observer: Observer;
  readonly fleet: readonly FleetJob[];
  readonly created: ReadonlyMap<string, Asked>;
  readonly disabled: ReadonlyMap<string, Asked>;
  readonly outages: readonly Asked[];
  readonly writers: readonly Writer[];
  /** Processes of a dead node that its next life left alone, as sentences. */
  readonly survivors: readonly string[];
}

const writerCount = 3;
/** A history that is kept whole can be compared: a job has at most so many due times in an episode. */
const longestMs = 55_000;
const connections = 32;
/** A kill in the midst of a thousand executions, on a machine that does other things. */
const servesWithinMs = 180_000;

/** One node with a fleet of jobs that is killed at moments drawn from the seed, and what is to be said against it. */
export async function runEpisode({
  seed,
  kills,
  perSecond,
  strike,
  node: nodeOptions,
}: EpisodeOptions): Promise<Verdict> {
  const random = new Prng(seed);
  const folder = mkdtempSync(path.join(tmpdir(), 'carillon-kills-'));
  const observer = new Observer(folder);
  const mark = randomUUID();
  const node = await NodeProcess.start({ servesWithinMs, ...nodeOptions });
  const writers = Array.from(
    { length: writerCount },
    (_, at) => new Writer(node, random.fork(`writer ${at}`), `w${at}`),
  );
  let writing: Promise<unknown> = Promise.resolve();
  try {
    const fleet = makeFleet(perSecond, observer, mark);
    const created = await askAll(
      fleet,
      ({ name, schedule, config }) => ({
        method: 'POST',
        path: '/v1/jobs',
        body: JSON.stringify({ name, schedule, ...config }),
      }),
      node,
    );
    const endMs = Date.now() + longestMs;
    writing = Promise.all(writers.map((writer) => writer.run()));
    const outages: Asked[] = [];
    const survivors: string[] = [];
    while (outages.length < kills && Date.now() < endMs) {
      await untilRandomMoment(random, observer, perSecond);
      if (strike === undefined) outages.push(await killAndBoot(node, mark, survivors));
      else outages.push(await timed(() => strike(node, outages.length)));
    }
    await untilCaughtUp(observer, fleet, outages.at(-1)?.toMs ?? 0);
    for (const writer of writers) writer.stop();
    await writing;
    for (const writer of writers) await writer.compareAll();
    const disabled = await askAll(fleet, ({ name }) => ({ method: 'POST', path: `/v1/jobs/${name}/toggle` }), node);
    await waitUntil(async () => (await node.request({ method: 'GET', path: '/v1/busy' })).text === '[]', {
      what: 'nothing runs any more',
      deadlineMs: 60_000,
    });
    return await judge({ node, observer, fleet, created, disabled, outages, writers, survivors });
  } finally {
    for (const writer of writers) writer.stop();
    await node.dispose();
    await writing;
    endProcesses(processesWith(`${MARKER}=${mark}`));
    observer.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Until jobs have started for a due time after the last outage. Their due times go to the log in order, so that those of
 * the outage have their records too; had they none, switching the jobs off would leave them without.
 */
async function untilCaughtUp(observer: Observer, fleet: readonly FleetJob[], sinceMs: number): Promise<void> {
  const isBehind = ({ name }: FleetJob): boolean =>
    isSteady(name) &&
    !observer.starts.some(
      ({ job, scheduledAtMs }) => job === name && scheduledAtMs !== null && scheduledAtMs > sinceMs,
    );
  await waitUntil(() => !fleet.some(isBehind), {
    what: 'all jobs are on time again',
    deadlineMs: servesWithinMs,
    intervalMs: 100,
    seen: () => `${fleet.filter(isBehind).length} are behind`,
  });
}

/** In the middle of the starts of a second, or at any time. */
async function untilRandomMoment(random: Prng, observer: Observer, perSecond: number): Promise<void> {
  const startsWanted = observer.starts.length + random.below(3 * perSecond);
  const fromMs = Date.now();
  const waitMs = random.below(2_500);
  const byStarts = random.below(2) === 0;
  await waitUntil(() => (byStarts ? observer.starts.length >= startsWanted : Date.now() >= fromMs + waitMs), {
    what: 'the moment of the next kill',
    intervalMs: 1,
    deadlineMs: 60_000,
    seen: () => `${observer.starts.length} starts`,
  });
}

async function timed(action: () => Promise<void>): Promise<Asked> {
  const fromMs = Date.now();
  await action();
  return { fromMs, toMs: Date.now() };
}

/** Kills the node; it is back when none of its life before runs any more. */
async function killAndBoot(node: NodeProcess, mark: string, survivors: string[]): Promise<Asked> {
  const fromMs = Date.now();
  await node.kill();
  const orphans = processesWith(`${MARKER}=${mark}`);
  await node.boot();
  const toMs = Date.now();
  const living = (): number[] => {
    const now = new Set(processesWith(`${MARKER}=${mark}`));
    return orphans.filter((pid) => now.has(pid));
  };
  await waitUntil(() => living().length === 0, { what: 'orphans are gone', deadlineMs: 15_000, intervalMs: 50 }).catch(
    () => survivors.push(`${living().length} of ${orphans.length} processes outlived the restart of their node`),
  );
  return { fromMs, toMs };
}

/** One request for each job; all must succeed. */
async function askAll(
  fleet: readonly FleetJob[],
  requestOf: (job: FleetJob) => { readonly method: string; readonly path: string; readonly body?: string },
  node: NodeProcess,
): Promise<ReadonlyMap<string, Asked>> {
  const asked = new Map<string, Asked>();
  const waiting = [...fleet];
  const work = async (): Promise<void> => {
    for (let job = waiting.pop(); job !== undefined; job = waiting.pop()) {
      const fromMs = Date.now();
      const answer = await node.request(requestOf(job));
      if (answer.status >= 300) throw new Error(`${job.name}: ${answer.status} ${answer.text}`);
      asked.set(job.name, { fromMs, toMs: Date.now() });
    }
  };
  await Promise.all(Array.from({ length: connections }, work));
  return asked;
}
