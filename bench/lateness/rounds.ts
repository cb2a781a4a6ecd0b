import { setTimeout as pause } from 'node:timers/promises';
import type { Pool } from 'undici';
import type { ShellSlots } from '../baselines/shell-slots.ts';
import { runTimed } from '../baselines/timed-slots.ts';
import type { Observer } from '../observer/observer.ts';
import { startKey } from '../observer/protocol.ts';
import { atSchedule, createAhead, createJobs, deleteJobs } from '../support/jobs.ts';
import type { NodeProcess } from '../support/node-process.ts';
import { processorSeconds } from '../support/processes.ts';
import { latenessOf } from '../support/starts.ts';

const secondMs = 1_000;
/** Longer than the slowest of what is due takes to start. */
const lastStartWithinMs = 180_000;
/** From the creation of jobs that are due each second to the first second that counts, or is a warm-up. */
const settleMs = 1_000;

/** What starts commands, and who sees them start. */
export interface World {
  readonly node: NodeProcess;
  readonly pool: Pool;
  readonly observer: Observer;
  readonly slots: ShellSlots;
}

/** How late starts were, and how many processors their starter and they kept busy. */
export interface Round {
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

/** By a node: jobs that are due once, so many milliseconds after a moment. */
export async function oursOnce(world: World, offsetsMs: readonly number[], concurrency: string): Promise<Round> {
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

/** The same by a timer and shells. */
export function rawOnce(world: World, offsetsMs: readonly number[]): Promise<Round> {
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

async function rawRound(world: World, dues: readonly Due[]): Promise<Round> {
  const { observer, slots } = world;
  const commands = dues.map(({ job, dueMs }) => ({ atMs: dueMs, command: observer.rawCommand(job, dueMs) }));
  const fromMs = dues.reduce((first, { dueMs }) => Math.min(first, dueMs), Number.POSITIVE_INFINITY);
  await pause(Math.max(0, fromMs - Date.now() - 1));
  const cores = await ofSlots(world, () => runTimed(slots, commands));
  return { values: await latenessSeen(observer, dues), cores };
}

/** The first full second that is at least so far away. */
const nextSecondMs = (leadMs: number): number => Math.ceil((Date.now() + leadMs) / secondMs) * secondMs;

const atSeconds = (names: readonly string[], fromMs: number, seconds: number): readonly Due[] =>
  Array.from({ length: seconds }, (_, second) => fromMs + second * secondMs).flatMap((dueMs) =>
    names.map((job) => ({ job, dueMs })),
  );

export const rawEachSecond = (world: World, names: readonly string[], seconds: number): Promise<Round> =>
  rawRound(world, atSeconds(names, nextSecondMs(settleMs), seconds));

interface Spell {
  /** Not counted, before the others: the node compiles what it runs often. */
  readonly warmSeconds: number;
  readonly seconds: number;
}

/** By a node: jobs that are due at each full second. */
export async function oursEachSecond(
  world: World,
  names: readonly string[],
  { warmSeconds, seconds }: Spell,
): Promise<Round> {
  const { pool, observer } = world;
  await createJobs(
    pool,
    names.map((name) => ({ name, schedule: '* * * * * *', ...observedWork(observer) })),
  );
  const fromMs = nextSecondMs(settleMs + warmSeconds * secondMs);
  // A bit before full seconds, so that each one's work is whole.
  const untilMs = fromMs + seconds * secondMs - 50;
  await pause(fromMs - 50 - Date.now());
  const cores = await ofNode(world, () => pause(untilMs - Date.now()));
  const values = await latenessSeen(observer, atSeconds(names, fromMs, seconds));
  await deleteJobs(pool, names);
  return { values, cores };
}
