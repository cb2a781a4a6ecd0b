import type { Command } from 'commander';
import { type ApiClient, withApi } from '../client/api-client.ts';
import { type JsonObject, numberOf, objectIn, objectsIn, textOf } from '../client/json.ts';
import { painter } from '../show/style.ts';
import { type Cell, type Column, renderTable, visible } from '../show/table.ts';
import { shownDuration, shownTime } from '../show/times.ts';
import { CliError, type CliHost, exitCodes } from '../types.ts';
import { type ApiOptions, addApiOptions, jobPath } from './shared.ts';

export function addExecutionsCommand(program: Command, host: CliHost): void {
  const executions = program.command('executions').description("See a job's executions and their output");
  addApiOptions(
    executions.command('list <job>').description('List the executions of a job, newest first').usage('<job> [options]'),
  ).action((job: string, options: ApiOptions) => listExecutions(job, options, host));
  addApiOptions(
    executions
      .command('logs <job> [execution]')
      .description('Show the output of an execution: of the newest, unless its id is given')
      .usage('<job> [execution] [options]'),
  ).action((job: string, execution: string | undefined, options: ApiOptions) =>
    showOutput(job, execution, options, host),
  );
}

/** For a table the outputs stay on the server. */
const listPath = (job: string, withOutput: boolean): string =>
  jobPath(job, `/executions?_sort=started_at${withOutput ? '' : '&output_size_limit=0'}`);

async function listExecutions(job: string, { api, json }: ApiOptions, host: CliHost): Promise<void> {
  await withApi(api, host, async (client) => {
    const about = `job ${visible(job)}`;
    const answer = await client.ask({ method: 'GET', path: listPath(job, json === true), about });
    const executions = objectsIn(answer);
    if (json) host.output.out(`${answer.text}\n`);
    else if (executions.length === 0) host.output.error(`${visible(job)} has no executions yet\n`);
    else host.output.out(renderTable(columns, executions.map(executionRow), painter(host)));
  });
}

const columns: readonly Column[] = [
  { title: 'ID' },
  { title: 'STARTED' },
  { title: 'DURATION', align: 'right' },
  { title: 'STATUS' },
  { title: 'NODE' },
  { title: 'ATTEMPT', align: 'right' },
];

function executionRow(execution: JsonObject): readonly Cell[] {
  const startedAt = textOf(execution, 'started_at');
  return [
    { text: textOf(execution, 'id') },
    { text: shownTime(startedAt) },
    { text: shownDuration(startedAt, textOf(execution, 'finished_at')) },
    statusCell(execution),
    { text: textOf(execution, 'node_name') },
    { text: String(numberOf(execution, 'attempt')) },
  ];
}

const isRunning = (execution: JsonObject): boolean => shownTime(textOf(execution, 'finished_at')) === '';

function statusCell(execution: JsonObject): Cell {
  if (isRunning(execution)) return { text: 'running', style: 'cyan' };
  return execution.success === true ? { text: 'success', style: 'green' } : { text: 'failed', style: 'red' };
}

async function showOutput(
  job: string,
  execution: string | undefined,
  { api, json }: ApiOptions,
  host: CliHost,
): Promise<void> {
  await withApi(api, host, async (client) => {
    const id = execution ?? (await newestExecution(client, job));
    const answer = await client.ask({
      method: 'GET',
      path: jobPath(job, `/executions/${encodeURIComponent(id)}`),
      about: `execution ${visible(id)} of job ${visible(job)}`,
    });
    const found = objectIn(answer);
    if (json) {
      host.output.out(`${answer.text}\n`);
      return;
    }
    const output = textOf(found, 'output');
    host.output.out(output === '' || output.endsWith('\n') ? output : `${output}\n`);
    if (isRunning(found)) host.output.error(`${visible(id)} still runs: its output is there when it has ended\n`);
    else if (output === '') host.output.error(`${visible(id)} wrote nothing\n`);
  });
}

async function newestExecution(client: ApiClient, job: string): Promise<string> {
  const about = `job ${visible(job)}`;
  const executions = objectsIn(await client.ask({ method: 'GET', path: listPath(job, false), about }));
  const [newest] = executions;
  if (newest === undefined) {
    throw new CliError(
      `${about} has no executions yet; 'carillon jobs run ${visible(job)}' makes one`,
      exitCodes.notFound,
    );
  }
  return textOf(newest, 'id');
}
