import type { Command } from 'commander';
import { type ApiClient, withApi } from '../client/api-client.ts';
import { type JsonObject, objectIn, textOf } from '../client/json.ts';
import { codeOf, refusalOf } from '../client/refusal.ts';
import { visible } from '../show/table.ts';
import { CliError, type CliHost, exitCodes } from '../types.ts';
import { type ApiOptions, addApiOptions, jobPath } from './shared.ts';

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
    const job = objectIn(answer);
    if (json) host.output.out(`${answer.text}\n`);
    if (!wait) {
      if (!json) host.output.out(`Started ${shown}; 'carillon executions list ${shown}' shows how it goes\n`);
      return;
    }
    if (!(await hasSucceeded(client, name, job))) {
      const how = textOf(job, 'status') === 'partially_failed' ? 'failed on some nodes' : 'failed';
      throw new CliError(`${shown} ${how}; 'carillon executions logs ${shown}' shows its output`, exitCodes.jobFailed);
    }
    if (!json) host.output.out(`${shown} succeeded\n`);
  });
}

/** A job's status is that of the launch that ended last. An ephemeral job is deleted by its success. */
async function hasSucceeded(client: ApiClient, name: string, job: JsonObject): Promise<boolean> {
  if (textOf(job, 'status') === 'success') return true;
  if (job.ephemeral !== true) return false;
  const request = { method: 'GET', path: jobPath(name), about: `job ${visible(name)}` } as const;
  const answer = await client.send(request);
  if (answer.status === 404) return codeOf(answer) === 'job_not_found' || codeOf(answer) === '';
  if (answer.status !== 200) throw refusalOf(answer, request.about);
  return false;
}
