import { setTimeout as pause } from 'node:timers/promises';
import type { Pool } from 'undici';
import { assert } from '../../src/core/assert.ts';
import type { Sample } from '../frame/suite.ts';
import { ask } from './http.ts';
import { atSchedule, createAhead, deleteJobs } from './jobs.ts';
import { readMetrics } from './node-metrics.ts';

/** The `executor` and `executor_config` of a job. */
export interface Work {
  readonly executor: string;
  readonly executor_config: Readonly<Record<string, string>>;
}

const pollMs = 50;
const waitAtMostMs = 120_000;

/**
 * Creates jobs that are all due at one instant, and times from that instant until the last has ended, by the times that
 * the node has committed. Deletes them afterwards. Throws when one didn't succeed exactly once.
 */
export async function runDueJobs(pool: Pool, count: number, work: Work): Promise<Sample> {
  const startedBefore = (await readMetrics(pool)).started;
  const { names, fromMs: dueMs } = await createAhead(pool, count, (_index, name, atMs) => ({
    name,
    ...work,
    schedule: atSchedule(atMs),
  }));
  const elapsedMs = await untilEnded(pool, { count, startedBefore, dueMs });
  await deleteJobs(pool, names);
  return { operations: count, elapsedMs, latenciesMs: null };
}

interface Awaited {
  readonly count: number;
  readonly startedBefore: number;
  readonly dueMs: number;
}

/** Milliseconds from the due time to the end of the last job, by what the node has committed. */
async function untilEnded(pool: Pool, { count, startedBefore, dueMs }: Awaited): Promise<number> {
  await pause(Math.max(0, dueMs - Date.now()));
  for (;;) {
    // First the cheap question: listing a thousand jobs keeps the node from its work.
    const { started, running } = await readMetrics(pool);
    const lastEndMs = started - startedBefore >= count && running === 0 ? await readLastEnd(pool, count) : null;
    if (lastEndMs !== null) {
      assert(lastEndMs > dueMs && lastEndMs <= Date.now(), 'jobs end after they are due, and before it is seen');
      return lastEndMs - dueMs;
    }
    if (Date.now() - dueMs > waitAtMostMs) throw new Error(`${started - startedBefore} of ${count} jobs started`);
    await pause(pollMs);
  }
}

interface ShownJob {
  readonly success_count: number;
  readonly error_count: number;
  readonly last_success: string | null;
}

/** When the last job ended; null: not all ends are committed. Throws when one failed or ran twice. */
async function readLastEnd(pool: Pool, count: number): Promise<number | null> {
  const { body } = await ask(pool, { method: 'GET', path: '/v1/jobs', status: 200 });
  const jobs: readonly ShownJob[] = JSON.parse(body);
  const wrong = jobs.filter((job) => job.success_count > 1 || job.error_count > 0);
  if (jobs.length !== count || wrong.length > 0) {
    throw new Error(`of ${count} jobs ${jobs.length} are there, and ${wrong.length} failed or ran twice`);
  }
  if (jobs.some((job) => job.success_count === 0)) return null;
  return Math.max(...jobs.map((job) => Date.parse(job.last_success ?? '')));
}
