import type { Command } from 'commander';
import { type ApiAnswer, type ApiClient, withApi } from '../client/api-client.ts';
import { executionsOf, jobPath, launchOutcome } from '../client/executions.ts';
import { objectIn, textOf } from '../client/json.ts';
import { codeOf, refusalOf } from '../client/refusal.ts';
import { visible } from '../show/table.ts';
import { CliError, type CliHost, exitCodes } from '../types.ts';
import { type ApiOptions, addApiOptions } from './shared.ts';

interface RunOptions extends ApiOptions {
  readonly wait?: true;
}

export function addRunCommand(jobs: Command, host: CliHost): void {
  const run = jobs
    .command('run <name>')
    .description('Run a job now')
    .usage('<name> [options]')
    .option('--wait', 'Wait for its end, retries included; the exit code is 5 when it failed');
  addApiOptions(run).action((name: string, options: RunOptions) => runJob(name, options, host));
}

async function runJob(name: string, { api, json, wait }: RunOptions, host: CliHost): Promise<void> {
  const shown = visible(name);
  await withApi(api, host, async (client) => {
    if (wait && host.terminal.isErrorTty) {
      host.output.error(`Waiting for the end of ${shown}; Ctrl-C ends the waiting, not the job\n`);
    }
    const answer = await client.ask({
      method: 'POST',
      path: jobPath(name, wait ? '/run?wait' : '/run'),
      about: `job ${shown}`,
      ...(wait ? { timeoutMs: 0 } : {}),
    });
    if (json) host.output.out(`${answer.text}\n`);
    if (!wait) {
      if (!json) host.output.out(`Started ${shown}; 'carillon executions logs -f ${shown}' follows it\n`);
      return;
    }
    const outcome = await outcomeOf(client, name, answer);
    if (outcome === null) {
      throw new CliError(
        `${shown} was not run after all; 'curl ${client.url.href}v1/launches?state=skipped&job=${shown}' may say why`,
        exitCodes.jobFailed,
      );
    }
    if (outcome !== 'success') {
      const advice = `'carillon executions logs ${shown}' shows its output`;
      throw new CliError(`${shown} ${outcome.replace('_', ' ')}; ${advice}`, exitCodes.jobFailed);
    }
    if (!json) host.output.out(`${shown} succeeded\n`);
  });
}

/**
 * How the launch went: by its own executions, or by the job's status where a server names no launch (Dkron). Null: it has
 * no executions.
 */
async function outcomeOf(client: ApiClient, name: string, answer: ApiAnswer): Promise<string | null> {
  const job = objectIn(answer);
  const status = textOf(job, 'status') || 'failed';
  if (job.ephemeral === true && (await isGone(client, name))) return 'success';
  if (answer.launch === '') return status;
  return launchOutcome(await executionsOf(client, name), answer.launch);
}

/** An ephemeral job is deleted by its success. */
async function isGone(client: ApiClient, name: string): Promise<boolean> {
  const request = { method: 'GET', path: jobPath(name), about: `job ${visible(name)}` } as const;
  const answer = await client.send(request);
  if (answer.status === 404) return codeOf(answer) === 'job_not_found' || codeOf(answer) === '';
  if (answer.status !== 200) throw refusalOf(answer, request.about);
  return false;
}
