import type { ExecutionRecord } from '../../core/jobs/records.ts';
import type { ExecutionId } from '../../core/units.ts';
import type { Call } from '../call.ts';
import { executionJson, listedExecutionJson } from '../execution-json.ts';

/** Longer ids than a node's name allows can't exist; the state's keys are bounded. */
const possibleId = /^[0-9]{1,19}-[^\0]{1,256}$/;

type Order = (a: ExecutionRecord, b: ExecutionRecord) => number;

const orders: ReadonlyMap<string, Order> = new Map<string, Order>([
  // The state gives them in this order: by launch, then node.
  ['', () => 0],
  ['id', (a, b) => compare(a.startedAtNs, b.startedAtNs)],
  ['started_at', (a, b) => compare(a.startedAtNs, b.startedAtNs)],
  ['finished_at', (a, b) => compare(a.finishedAtNs, b.finishedAtNs)],
  ['attempt', (a, b) => a.attempt - b.attempt],
]);

const compare = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);

/** GET /v1/jobs/{job}/executions (dkron-v4 1.11): the whole list, newest first; an unknown order lists nothing. */
export function listExecutions(call: Call): void {
  const job = call.findJob();
  if (job === undefined) return;
  const { state, rules } = call.services;
  const order = orders.get(call.query.get('_sort') ?? '');
  // A stable sort, so ties stay in the state's order, and turned around as a whole, as Dkron's indexes are.
  const executions = order === undefined ? [] : state.executions(job.name).toSorted(order);
  if ((call.query.get('_order') ?? 'DESC') === 'DESC') executions.reverse();
  const limit = outputLimit(call.query.get('output_size_limit') ?? '');
  call.list(
    executions.map((execution) =>
      listedExecutionJson(execution, state.output(execution), limit, (at) => rules.offsetSeconds(job.timezone, at)),
    ),
  );
}

/** Null: no limit. */
function outputLimit(text: string): number | null {
  return /^\+?[0-9]+$/.test(text) ? Number(text) : null;
}

/** GET /v1/jobs/{job}/executions/{execution} */
export function getExecution(call: Call): void {
  const job = call.findJob();
  if (job === undefined) return;
  const { state } = call.services;
  const id = call.parameters[1] ?? '';
  const execution = possibleId.test(id) ? state.execution(job.name, id as ExecutionId) : undefined;
  if (execution === undefined) {
    call.fail({ code: 'execution_not_found', message: `job ${job.name} has no execution ${id}` });
    return;
  }
  call.json(200, executionJson(execution, state.output(execution)));
}

/** DELETE /v1/jobs/{job}/executions: history and counters. */
export function deleteExecutions(call: Call): void {
  const job = call.findJob();
  if (job === undefined) return;
  call.services.writes.deleteExecutions(job.name, (outcome) => {
    if (outcome.ok) call.job(200, outcome.value);
    else call.fail(outcome.failure);
  });
}
