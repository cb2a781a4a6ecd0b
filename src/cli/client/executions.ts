import { visible } from '../show/table.ts';
import { shownTime } from '../show/times.ts';
import type { ApiClient } from './api-client.ts';
import { type JsonObject, numberOf, objectsIn, textOf } from './json.ts';

/** Path of a job in the API; `rest` begins with a slash. */
export const jobPath = (name: string, rest = ''): string => `v1/jobs/${encodeURIComponent(name)}${rest}`;

/** Path of an execution; `rest` begins with a slash, or with a question mark. */
export const executionPath = (job: string, id: string, rest = ''): string =>
  jobPath(job, `/executions/${encodeURIComponent(id)}${rest}`);

/** A job's executions that are kept, newest first, without their outputs. */
export async function executionsOf(client: ApiClient, job: string): Promise<readonly JsonObject[]> {
  const path = jobPath(job, '/executions?_sort=started_at&output_size_limit=0');
  return objectsIn(await client.ask({ method: 'GET', path, about: `job ${visible(job)}` }));
}

export const isRunning = (execution: JsonObject): boolean => shownTime(textOf(execution, 'finished_at')) === '';

export const idOf = (execution: JsonObject): string => textOf(execution, 'id');

/**
 * How a launch that has ended went, by its executions: each further attempt makes up for one failure. Null: none of
 * them is kept.
 */
export function launchOutcome(executions: readonly JsonObject[], launch: string): 'success' | 'failed' | null {
  const own = executions.filter((execution) => textOf(execution, 'group') === launch);
  if (own.length === 0) return null;
  const failures = own.filter((execution) => execution.success !== true).length;
  const repeats = own.filter((execution) => numberOf(execution, 'attempt') > 1).length;
  return failures === repeats ? 'success' : 'failed';
}
