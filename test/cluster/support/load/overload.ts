import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import type { NodeProcess } from '../../../support/node-process.ts';
import { Observer } from '../../../support/observer/observer.ts';
import { memoryMiBOf } from './heavy.ts';
import { Helper } from './helper.ts';
import { createDueJobs, createJob, type Lateness, watchDueJobs } from './punctuality.ts';

/** What the API is made for; a load is given as a multiple of it. */
export const rated = { getsPerSecond: 1_000, createsPerSecond: 100 } as const;

export interface OverloadOptions {
  readonly times: readonly number[];
  readonly webSockets: number;
  /** Of these, how many never read what they asked for. */
  readonly deafWebSockets: number;
  readonly slowWriters: number;
  readonly slowReaders: number;
  /** What the WebSocket clients listen to: each to the jobs of one load, or each to everything. */
  readonly listenTo: 'one-job' | 'all';
  readonly seconds: number;
  readonly duePerSecond: number;
}

export interface Phase {
  readonly what: string;
  readonly lateness: Lateness;
  /** By method and status: what was sent, and what came back. */
  readonly counts: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly memoryMiB: number;
  readonly loadAverage: number;
}

const readJobs = 100;

/** Lateness of due jobs: without any load, and beside each multiple of the rated load with all clients connected. */
export async function measureOverload(
  node: NodeProcess,
  options: OverloadOptions,
  told: (phase: Phase) => void,
): Promise<readonly Phase[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'carillon-load-'));
  const observer = new Observer(folder);
  const phases: Phase[] = [];
  const tell = (phase: Phase): void => {
    phases.push(phase);
    told(phase);
  };
  const jobNames = Array.from({ length: readJobs }, (_, at) => `read-${at}`);
  let clients: Helper | null = null;
  try {
    for (const name of jobNames) {
      const config = { command: 'true' };
      await createJob(
        node,
        JSON.stringify({ name, schedule: '@manually', executor: 'shell', executor_config: config }),
      );
    }
    tell(await measurePhase(node, observer, options, { what: 'unloaded', times: 0, jobNames }));
    clients = new Helper('listeners', { ...options, port: node.httpPort, jobNames });
    await clients.untilReady();
    tell(await measurePhase(node, observer, options, { what: 'clients only', times: 0, jobNames }));
    for (const times of options.times) {
      const what = `${times} x the rated load`;
      tell(await measurePhase(node, observer, options, { what, times, jobNames }));
    }
    const counts = await clients.end<Record<string, number>>();
    const afterwards = await measurePhase(node, observer, options, { what: 'afterwards', times: 0, jobNames });
    tell({ ...afterwards, counts });
    return phases;
  } finally {
    clients?.dispose();
    observer.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface PhasePlan {
  readonly what: string;
  readonly times: number;
  readonly jobNames: readonly string[];
}

async function measurePhase(
  node: NodeProcess,
  observer: Observer,
  { duePerSecond: perSecond, seconds }: OverloadOptions,
  { what, times, jobNames }: PhasePlan,
): Promise<Phase> {
  const jobs = await createDueJobs(node, observer, { perSecond, seconds });
  const { getsPerSecond, createsPerSecond } = rated;
  const load =
    times === 0
      ? null
      : new Helper('open-loop', {
          port: node.httpPort,
          getsPerSecond: getsPerSecond * times,
          createsPerSecond: createsPerSecond * times,
          jobNames,
        });
  try {
    const lateness = await watchDueJobs(jobs, observer);
    const memoryMiB = memoryMiBOf(node.pid);
    const said = load === null ? { seconds, counts: {} } : await load.end<Pick<Phase, 'seconds' | 'counts'>>();
    return { what, lateness, ...said, memoryMiB, loadAverage: loadavg()[0] ?? Number.NaN };
  } finally {
    load?.dispose();
  }
}
