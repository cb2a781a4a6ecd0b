import type { StateReads } from '../../core/jobs/reads.ts';
import type { ExecutionRecord } from '../../core/jobs/records.ts';
import { limits } from '../../core/limits.ts';
import { type ExecutionId, executionId, type Instant, type JobName } from '../../core/units.ts';
import { bytesAnswer, outputHead } from '../answers.ts';
import { type Call, noJob } from '../call.ts';
import { executionJson, listedExecutionJson } from '../execution-json.ts';
import { isJobName } from '../job-rules.ts';
import { OutputFollower, type StoredOutput } from '../output/follower.ts';
import { wholeNumber } from '../query.ts';
import type { Failure } from '../services.ts';

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
  const shown = order === undefined ? [] : state.executions(job.name).filter(({ wiped }) => !wiped);
  const executions = shown.toSorted(order);
  if ((call.query.get('_order') ?? 'DESC') === 'DESC') executions.reverse();
  const limit = outputLimit(call.query.get('output_size_limit') ?? '');
  const offset = (at: Instant): number => rules.offsetSeconds(job.timezone, at);
  let leftBytes: number = limits.listedOutputBytes;
  call.list(
    executions.map((execution) => {
      const bytes = Math.min(execution.outputBytes, limit ?? execution.outputBytes, leftBytes);
      leftBytes -= bytes;
      return listedExecutionJson(execution, bytes === 0 ? NO_OUTPUT : state.output(execution), bytes, offset);
    }),
  );
}

const NO_OUTPUT = new Uint8Array(0);

/** Null: no limit. */
function outputLimit(text: string): number | null {
  return /^\+?[0-9]+$/.test(text) ? Number(text) : null;
}

/** GET /v1/jobs/{job}/executions/{execution} */
export function getExecution(call: Call): void {
  const job = call.findJob();
  if (job === undefined) return;
  const execution = findExecution(call, job.name);
  if (execution === undefined || execution.wiped) call.fail(noExecution(call));
  else call.json(200, executionJson(execution, call.services.state.output(execution)));
}

/** GET /v1/jobs/{job}/executions/{execution}/output: what is stored of it, byte for byte. */
export function getOutput(call: Call): void {
  const { state } = call.services;
  const execution = namedExecution(call);
  if (execution === undefined) return;
  if (call.query.has('follow')) {
    followOutput(call, execution);
  } else if (execution.outcome === 'running') {
    call.refuse({ code: 'output_not_stored', message: '' });
  } else {
    call.answer(bytesAnswer(state.output(execution)));
  }
}

/** With `follow`: what is there and then what comes, until its end is committed. */
function followOutput(call: Call, execution: ExecutionRecord): void {
  const { outputs, state } = call.services;
  const from = wholeNumber(call.query, 'from', 0, [0, Number.MAX_SAFE_INTEGER]);
  if (typeof from === 'string') {
    call.refuse({ code: 'query_invalid', message: from });
    return;
  }
  const id = executionId(execution.stamp, execution.node);
  if (execution.outcome !== 'running') {
    new OutputFollower(call.stream(outputHead), from).ended(() => storedOutput(state, execution.job, id));
  } else if (outputs.isFull) {
    call.refuse({ code: 'overloaded', message: 'Too many clients follow outputs.' });
  } else {
    call.onAborted(outputs.begin(execution.job, id, from, call.stream(outputHead)));
  }
}

/** Null: it is gone. */
export function storedOutput(state: StateReads, job: JobName, id: ExecutionId): StoredOutput | null {
  const execution = state.execution(job, id);
  if (execution === undefined || execution.outcome === 'running') return null;
  const { droppedBytes, outcome } = execution;
  return { output: state.output(execution), droppedBytes, hasErrorLine: outcome !== 'success' };
}

function findExecution({ services, parameters }: Call, job: JobName): ExecutionRecord | undefined {
  const id = parameters[1] ?? '';
  return possibleId.test(id) ? services.state.execution(job, id as ExecutionId) : undefined;
}

/** For our own routes: the execution that the path names; when there is none, the request is answered. */
function namedExecution(call: Call): ExecutionRecord | undefined {
  const name = call.jobName;
  const isJob = isJobName(name) && call.services.state.job(name) !== undefined;
  const execution = isJob ? findExecution(call, name) : undefined;
  if (execution === undefined) call.refuse(isJob ? noExecution(call) : noJob(name));
  return execution;
}

const noExecution = ({ jobName, parameters }: Call): Failure => ({
  code: 'execution_not_found',
  message: `job ${jobName} has no execution ${parameters[1] ?? ''}`,
});

/**
 * POST /v1/jobs/{job}/executions/{execution}/stop: answers when the stop is committed; with `wait` in the query, when
 * the end of the execution is.
 */
export function stopExecution(call: Call): void {
  const { state, writes } = call.services;
  const execution = namedExecution(call);
  if (execution === undefined) return;
  const awaitsEnd = call.query.has('wait');
  const giveUp = writes.stop(execution, awaitsEnd, (outcome) => {
    const stopped = findExecution(call, execution.job);
    if (!outcome.ok) call.refuse(outcome.failure);
    else if (stopped === undefined) call.refuse(noExecution(call));
    else call.json(awaitsEnd ? 200 : 202, executionJson(stopped, state.output(stopped)));
  });
  call.onAborted(giveUp);
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
