import type { Command } from 'commander';
import { type ApiClient, withApi } from '../client/api-client.ts';
import { executionPath, executionsOf, idOf, isRunning, jobPath } from '../client/executions.ts';
import { type JsonObject, numberOf, objectIn, objectsIn, textOf } from '../client/json.ts';
import { painter } from '../show/style.ts';
import { type Cell, type Column, renderTable, visible } from '../show/table.ts';
import { shownDuration, shownTime } from '../show/times.ts';
import { CliError, type CliHost, exitCodes } from '../types.ts';
import { addStopCommand } from './executions-stop.ts';
import { followOutput } from './follow-output.ts';
import { type ApiOptions, addApiOptions } from './shared.ts';

interface LogsOptions extends ApiOptions {
  readonly follow?: true;
}

export function addExecutionsCommand(program: Command, host: CliHost): void {
  const executions = program
    .command('executions')
    .description("See a job's executions and their output, and stop them");
  addApiOptions(
    executions.command('list <job>').description('List the executions of a job, newest first').usage('<job> [options]'),
  ).action((job: string, options: ApiOptions) => listExecutions(job, options, host));
  addApiOptions(
    executions
      .command('logs <job> [execution]')
      .description('Show the output of an execution: of the newest, unless its id is given')
      .usage('<job> [execution] [options]')
      .option('-f, --follow', 'Show what it writes until it ends; the exit code is 5 when it failed'),
  ).action((job: string, execution: string | undefined, options: LogsOptions) =>
    showOutput(job, execution, options, host),
  );
  addStopCommand(executions, host);
}

async function listExecutions(job: string, { api, json }: ApiOptions, host: CliHost): Promise<void> {
  await withApi(api, host, async (client) => {
    // For a table the outputs stay on the server.
    const path = jobPath(job, `/executions?_sort=started_at${json ? '' : '&output_size_limit=0'}`);
    const answer = await client.ask({ method: 'GET', path, about: `job ${visible(job)}` });
    const executions = objectsIn(answer);
    if (json) host.output.out(`${answer.text}\n`);
    else if (executions.length === 0) host.output.error(`${visible(job)} has no executions yet\n`);
    else
      host.output.out(
        renderTable(
          columns,
          executions.map((execution) => executionRow(execution, host.clock.nowMs())),
          painter(host),
        ),
      );
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

/** Of one that runs, the duration is how long it has run. */
function executionRow(execution: JsonObject, nowMs: number): readonly Cell[] {
  const startedAt = textOf(execution, 'started_at');
  const end = isRunning(execution) ? new Date(nowMs).toISOString() : textOf(execution, 'finished_at');
  return [
    { text: textOf(execution, 'id') },
    { text: shownTime(startedAt) },
    { text: shownDuration(startedAt, end) },
    statusCell(execution),
    { text: textOf(execution, 'node_name') },
    { text: String(numberOf(execution, 'attempt')) },
  ];
}

function statusCell(execution: JsonObject): Cell {
  if (isRunning(execution)) return { text: 'running', style: 'cyan' };
  return execution.success === true ? { text: 'success', style: 'green' } : { text: 'failed', style: 'red' };
}

async function showOutput(
  job: string,
  execution: string | undefined,
  { api, json, follow }: LogsOptions,
  host: CliHost,
): Promise<void> {
  if (follow && json)
    throw new CliError('--follow shows the output as it comes, which is no JSON: leave out one of both');
  await withApi(api, host, async (client) => {
    if (follow) {
      await followOutput(client, job, execution ?? null, host);
      return;
    }
    const id = execution ?? (await newestExecution(client, job));
    const answer = await client.ask({
      method: 'GET',
      path: executionPath(job, id),
      about: `execution ${visible(id)} of job ${visible(job)}`,
    });
    const found = objectIn(answer);
    if (json) {
      host.output.out(`${answer.text}\n`);
      return;
    }
    const output = textOf(found, 'output');
    host.output.out(output === '' || output.endsWith('\n') ? output : `${output}\n`);
    if (isRunning(found)) {
      host.output.error(
        `${visible(id)} still runs: 'carillon executions logs -f ${visible(job)}' shows what it writes\n`,
      );
    } else if (output === '') host.output.error(`${visible(id)} wrote nothing\n`);
  });
}

async function newestExecution(client: ApiClient, job: string): Promise<string> {
  const [newest] = await executionsOf(client, job);
  if (newest !== undefined) return idOf(newest);
  const shown = visible(job);
  throw new CliError(`job ${shown} has no executions yet; 'carillon jobs run ${shown}' makes one`, exitCodes.notFound);
}
