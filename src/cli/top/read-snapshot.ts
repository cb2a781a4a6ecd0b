import type { ApiAnswer, ApiClient } from '../client/api-client.ts';
import { type JsonObject, numberOf, objectIn, objectsIn, textOf } from '../client/json.ts';
import type { FailingRow, RunningRow, Snapshot, WaitingRow } from './view.ts';

/** A screen holds fewer. */
const mostRows = 500;
/** How much of what a job writes may become its last line. */
const tailCharacters = 500;

/** Throws a `CliError` when the server can't be reached, or lets an answer wait for so long. */
export async function readSnapshot(client: ApiClient, timeoutMs?: number): Promise<Snapshot> {
  const get = (path: string) =>
    ({ method: 'GET', path, about: 'state of the server', ...(timeoutMs === undefined ? {} : { timeoutMs }) }) as const;
  const page = `_start=0&_end=${mostRows}`;
  const failing = `_sort=last_error&_order=DESC&${page}`;
  const [leader, busy, queued, failed, partly, jobs] = await Promise.all([
    client.send(get('v1/leader')),
    client.ask(get('v1/busy')),
    client.send(get(`v1/launches?state=queued&${page}`)),
    client.ask(get(`v1/jobs?status=failed&${failing}`)),
    client.ask(get(`v1/jobs?status=partially_failed&${failing}`)),
    client.ask(get('v1/jobs?_start=0&_end=0')),
  ]);
  return {
    leader: leader.status === 200 ? leaderIn(leader) : null,
    jobs: jobs.total,
    running: objectsIn(busy).map(runningRow),
    waiting: queued.status === 200 ? objectsIn(queued).map(waitingRow) : null,
    failing: [...objectsIn(failed), ...objectsIn(partly)].map(failingRow),
  };
}

const leaderIn = (answer: ApiAnswer): string | null => textOf(objectIn(answer), 'Name') || null;

const runningRow = (execution: JsonObject): RunningRow => ({
  job: textOf(execution, 'job_name'),
  execution: textOf(execution, 'id'),
  node: textOf(execution, 'node_name'),
  attempt: numberOf(execution, 'attempt'),
  startedAt: textOf(execution, 'started_at'),
  output: lastLine(textOf(execution, 'output')),
});

const lastLine = (output: string): string => output.slice(-tailCharacters).trimEnd().split('\n').at(-1) ?? '';

const waitingRow = (launch: JsonObject): WaitingRow => ({
  job: textOf(launch, 'job'),
  due: textOf(launch, 'scheduled_at'),
  reason: textOf(launch, 'reason'),
});

const failingRow = (job: JsonObject): FailingRow => ({
  job: textOf(job, 'name'),
  status: textOf(job, 'status'),
  lastError: textOf(job, 'last_error'),
  errors: numberOf(job, 'error_count'),
});
