import type { Pool } from 'undici';
import { closedLoop } from './closed-loop.ts';
import { ask } from './http.ts';

/** The keys of a job, `name` among them, as `POST /v1/jobs` takes them. */
export type JobBody = Readonly<Record<string, unknown>> & { readonly name: string };

export const clientConnections = 64;
const firstLeadMs = 500;
/** Creating takes a fraction of this where nobody disturbs. */
const leadPerJobMs = 1;
const tries = 4;

export async function createJobs(pool: Pool, jobs: readonly JobBody[]): Promise<void> {
  await closedLoop(clientConnections, jobs.length, async (index) => {
    await ask(pool, { method: 'POST', path: '/v1/jobs', body: JSON.stringify(jobs[index]), status: 201 });
  });
}

export async function deleteJobs(pool: Pool, names: readonly string[]): Promise<void> {
  await closedLoop(clientConnections, names.length, async (index) => {
    await ask(pool, { method: 'DELETE', path: `/v1/jobs/${names[index]}`, status: 200 });
  });
}

/** Creates jobs that will not be due for years: they are only there. */
export async function storeJobs(pool: Pool, count: number): Promise<void> {
  await createJobs(
    pool,
    Array.from({ length: count }, (_, index) => storedJob(storedName(index))),
  );
}

export const storedName = (index: number): string => `stored-${String(index).padStart(6, '0')}`;

/** What a usual job has. */
export const storedJob = (name: string): JobBody => ({
  name,
  schedule: '@every 87600h',
  owner: 'bench',
  executor: 'shell',
  executor_config: { command: '/usr/bin/true --nothing', timeout: '30s' },
  metadata: { team: 'bench', purpose: 'measuring' },
});

/** Once, at a millisecond since 1970. */
export const atSchedule = (atMs: number): string => `@at ${new Date(atMs).toISOString()}`;

let rounds = 0;

/** What has been created, and the moment that it was made for. */
export interface CreatedAhead {
  readonly names: readonly string[];
  readonly fromMs: number;
}

/**
 * Creates jobs that are due from a moment on, before it has come. When that took too long they are deleted, and it is
 * tried again with more time. `bodyOf` gets the number of a job, a name that was never used, and that moment.
 */
export async function createAhead(
  pool: Pool,
  count: number,
  bodyOf: (index: number, name: string, fromMs: number) => JobBody,
): Promise<CreatedAhead> {
  for (let attempt = 0; attempt < tries; attempt += 1) {
    rounds += 1;
    const names = Array.from({ length: count }, (_, index) => `due-${rounds}-${index}`);
    const leadMs = (firstLeadMs + count * leadPerJobMs) * 2 ** attempt;
    const fromMs = Date.now() + leadMs;
    await createJobs(
      pool,
      names.map((name, index) => bodyOf(index, name, fromMs)),
    );
    if (Date.now() < fromMs) return { names, fromMs };
    await deleteJobs(pool, names);
  }
  throw new Error(`${count} jobs could not be created in time: the machine is too busy`);
}
