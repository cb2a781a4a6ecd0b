import { setTimeout as pause } from 'node:timers/promises';
import type { NodeProcess } from '../../../support/node-process.ts';
import type { Observer } from '../../../support/observer/observer.ts';
import { waitUntil } from '../../../support/wait-until.ts';

/** Lateness of starts, by the observer's clock. */
export interface Lateness {
  readonly due: number;
  readonly started: number;
  /** Starts of a job that had started before. */
  readonly doubled: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly mostMs: number;
}

export interface DueJob {
  readonly name: string;
  readonly dueMs: number;
}

const connections = 32;
/** Room to create a job before it is due. */
const leadPerJobMs = 5;
const leadMs = 800;
const tries = 4;
let rounds = 0;

export interface DuePlan {
  readonly perSecond: number;
  readonly seconds: number;
}

/** Creates shell jobs that are due once each, evenly spread over `seconds` from some moment soon. */
export async function createDueJobs(
  node: NodeProcess,
  observer: Observer,
  { perSecond, seconds }: DuePlan,
): Promise<readonly DueJob[]> {
  const count = perSecond * seconds;
  for (let attempt = 0; attempt < tries; attempt += 1) {
    rounds += 1;
    const firstMs = Date.now() + (leadMs + count * leadPerJobMs) * 2 ** attempt;
    const jobs = Array.from({ length: count }, (_, at) => ({
      name: `due-${rounds}-${at}`,
      dueMs: Math.round(firstMs + (at * 1_000) / perSecond),
    }));
    await createAll(node, observer, jobs);
    if (Date.now() < firstMs) return jobs;
  }
  throw new Error(`${count} jobs could not be created before they were due: the machine is too busy`);
}

async function createAll(node: NodeProcess, observer: Observer, jobs: readonly DueJob[]): Promise<void> {
  const waiting = [...jobs];
  const work = async (): Promise<void> => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
      const { name, dueMs } = job;
      const config = { command: observer.command('true'), shell: 'true' };
      const schedule = `@at ${new Date(dueMs).toISOString()}`;
      const body = JSON.stringify({ name, schedule, executor: 'shell', executor_config: config });
      await createJob(node, body);
    }
  };
  await Promise.all(Array.from({ length: connections }, work));
}

/** Comes back, as it is told to, when the node has too much to do. */
export async function createJob(node: NodeProcess, body: string): Promise<void> {
  for (;;) {
    const { status, headers } = await node.request({ method: 'POST', path: '/v1/jobs', body });
    if (status === 201) return;
    if (status !== 503) throw new Error(`${status} ${headers['carillon-error']}: ${body}`);
    await pause(Number(headers['retry-after']) * 1_000);
  }
}

/** Waits until all have been due and started, but not for ever; what did not start counts as not started. */
export async function watchDueJobs(jobs: readonly DueJob[], observer: Observer): Promise<Lateness> {
  const dueMs = new Map(jobs.map((job) => [job.name, job.dueMs]));
  const lastMs = Math.max(...jobs.map((job) => job.dueMs));
  await pause(Math.max(0, lastMs - Date.now()));
  const mine = () => observer.starts.filter(({ job }) => dueMs.has(job));
  const startedNames = () => new Set(mine().map(({ job }) => job)).size;
  await waitUntil(() => startedNames() === jobs.length, { what: '', deadlineMs: 30_000, intervalMs: 100 }).catch(() => {
    // Judged below.
  });
  const starts = mine();
  const latenessMs = starts.map(({ job, atMs }) => atMs - (dueMs.get(job) ?? 0)).sort((a, b) => a - b);
  const quantile = (part: number): number => latenessMs[Math.ceil(latenessMs.length * part) - 1] ?? Number.NaN;
  return {
    due: jobs.length,
    started: startedNames(),
    doubled: starts.length - startedNames(),
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    mostMs: quantile(1),
  };
}
