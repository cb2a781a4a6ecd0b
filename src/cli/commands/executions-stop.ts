import type { Command } from 'commander';
import { type ApiClient, withApi } from '../client/api-client.ts';
import { executionPath, executionsOf, idOf, isRunning } from '../client/executions.ts';
import { codeOf, refusalOf } from '../client/refusal.ts';
import { visible } from '../show/table.ts';
import { CliError, type CliHost, exitCodes } from '../types.ts';
import { type ApiOptions, addApiOptions } from './shared.ts';

interface StopOptions extends ApiOptions {
  readonly all?: true;
  readonly wait?: true;
}

export function addStopCommand(executions: Command, host: CliHost): void {
  const stop = executions
    .command('stop <job> [execution]')
    .description('Stop an execution with all that it started; its id may be left out when only one runs')
    .usage('<job> [execution] [options]')
    .option('--all', 'Stop all that runs of the job')
    .option('--wait', 'Come back when nothing of it is left');
  addApiOptions(stop).action((job: string, execution: string | undefined, options: StopOptions) =>
    stopExecutions(job, execution, options, host),
  );
}

async function stopExecutions(
  job: string,
  execution: string | undefined,
  { api, all, wait, json }: StopOptions,
  host: CliHost,
): Promise<void> {
  if (all && execution !== undefined) throw new CliError('--all stops every execution of the job: leave out the id');
  await withApi(api, host, async (client) => {
    const ids = execution !== undefined ? [execution] : await runningIds(client, job, all === true);
    const stopped = await Promise.all(ids.map((id) => stopOne(client, job, id, wait === true, all === true)));
    for (const [index, text] of stopped.entries()) {
      const id = visible(ids[index] ?? '');
      if (json && text !== null) host.output.out(`${text}\n`);
      else if (!json) host.output.out(said(id, text === null, wait === true));
    }
  });
}

function said(id: string, hadEnded: boolean, wait: boolean): string {
  if (hadEnded) return `${id} had ended already\n`;
  return wait ? `${id} was stopped\n` : `${id} is being stopped\n`;
}

async function runningIds(client: ApiClient, job: string, all: boolean): Promise<readonly string[]> {
  const ids = (await executionsOf(client, job)).filter(isRunning).map(idOf);
  if (ids.length === 0) throw new CliError(`nothing of job ${visible(job)} runs`, exitCodes.notFound);
  if (ids.length > 1 && !all) {
    const list = ids.map((id) => `  ${visible(id)}`).join('\n');
    throw new CliError(`${ids.length} executions of job ${visible(job)} run: name one, or give --all\n${list}`);
  }
  return ids;
}

/** The server's answer; null: it had ended before, which is no failure for who stops all. */
async function stopOne(
  client: ApiClient,
  job: string,
  id: string,
  wait: boolean,
  mayHaveEnded: boolean,
): Promise<string | null> {
  const about = `execution ${visible(id)} of job ${visible(job)}`;
  const path = executionPath(job, id, wait ? '/stop?wait' : '/stop');
  const request = { method: 'POST', path, about, ...(wait ? { timeoutMs: 0 } : {}) } as const;
  if (!mayHaveEnded) return (await client.ask(request)).text;
  const answer = await client.send(request);
  if (codeOf(answer) === 'execution_ended') return null;
  if (answer.status >= 300) throw refusalOf(answer, about);
  return answer.text;
}
