import type { Command } from 'commander';
import { Option } from 'commander';
import { jobSortFields } from '../../core/jobs/reads.ts';
import { withApi } from '../client/api-client.ts';
import { jobPath } from '../client/executions.ts';
import { type JsonObject, numberOf, objectIn, objectsIn, textOf } from '../client/json.ts';
import { jobDocument } from '../show/job-document.ts';
import { painter } from '../show/style.ts';
import { type Cell, type Column, renderTable, visible } from '../show/table.ts';
import { shownTime } from '../show/times.ts';
import type { CliHost } from '../types.ts';
import { addApplyCommands } from './jobs-apply.ts';
import { addNextCommand } from './jobs-next.ts';
import { addRunCommand } from './jobs-run.ts';
import { type ApiOptions, addApiOptions, addSelector, selectorTexts } from './shared.ts';

interface ListOptions extends ApiOptions {
  readonly search?: string;
  readonly selector?: ReadonlyMap<string, string>;
  readonly status?: string;
  readonly sort: string;
  readonly desc?: true;
}

const statuses = ['success', 'failed', 'partially_failed', 'untriggered'];

export function addJobsCommand(program: Command, host: CliHost): void {
  const jobs = program.command('jobs').description('List, change and run the jobs of a server');
  addListCommand(jobs, host);
  addApiOptions(
    jobs.command('get <name>').description('Show one job, as YAML that apply takes').usage('<name> [options]'),
  ).action((name: string, options: ApiOptions) => getJob(name, options, host));
  addApplyCommands(jobs, host);
  addApiOptions(
    jobs
      .command('delete <names...>')
      .description('Delete jobs with their executions; children before their parents')
      .usage('<names...> [options]'),
  ).action((names: readonly string[], options: ApiOptions) => deleteJobs(names, options, host));
  addRunCommand(jobs, host);
  addApiOptions(
    jobs
      .command('toggle <name>')
      .description('Disable a job that is enabled, enable one that is disabled')
      .usage('<name> [options]'),
  ).action((name: string, options: ApiOptions) => toggleJob(name, options, host));
  addNextCommand(jobs, host);
}

function addListCommand(jobs: Command, host: CliHost): void {
  const list = jobs
    .command('list')
    .description('List jobs')
    .option('--search <text>', 'Only jobs with this in their name or displayname')
    .option(...selectorTexts, addSelector)
    .addOption(new Option('--status <status>', 'Only jobs with this status').choices(statuses))
    .addOption(new Option('--sort <field>', 'Order by this field').choices(jobSortFields).default('name'))
    .option('--desc', 'Largest first');
  addApiOptions(list).action((options: ListOptions) => listJobs(options, host));
}

async function listJobs(options: ListOptions, host: CliHost): Promise<void> {
  const query = new URLSearchParams({ _sort: options.sort });
  if (options.desc) query.set('_order', 'DESC');
  if (options.search !== undefined) query.set('q', options.search);
  if (options.status !== undefined) query.set('status', options.status);
  for (const [key, value] of options.selector ?? []) query.set(`metadata[${key}]`, value);
  await withApi(options.api, host, async (client) => {
    const answer = await client.ask({ method: 'GET', path: `v1/jobs?${query}`, about: 'list of jobs' });
    const jobs = objectsIn(answer);
    if (options.json) host.output.out(`${answer.text}\n`);
    else if (jobs.length === 0) host.output.error('No jobs found\n');
    else host.output.out(renderTable(jobColumns, jobs.map(jobRow), painter(host)));
  });
}

const jobColumns: readonly Column[] = [
  { title: 'NAME' },
  { title: 'SCHEDULE' },
  { title: 'NEXT' },
  { title: 'STATUS' },
  { title: 'SUCCESSES', align: 'right' },
  { title: 'ERRORS', align: 'right' },
];

function jobRow(job: JsonObject): readonly Cell[] {
  const errors = numberOf(job, 'error_count');
  const parent = textOf(job, 'parent_job');
  return [
    { text: textOf(job, 'name') },
    { text: parent === '' ? textOf(job, 'schedule') : `after ${parent}` },
    { text: job.disabled === true ? '' : shownTime(textOf(job, 'next')) },
    job.disabled === true ? { text: 'disabled', style: 'dim' } : statusCell(textOf(job, 'status')),
    { text: String(numberOf(job, 'success_count')) },
    { text: String(errors) },
  ];
}

function statusCell(status: string): Cell {
  switch (status) {
    case 'success':
      return { text: status, style: 'green' };
    case 'failed':
    case 'partially_failed':
      return { text: status, style: 'red' };
    default:
      return { text: status };
  }
}

async function getJob(name: string, { api, json }: ApiOptions, host: CliHost): Promise<void> {
  await withApi(api, host, async (client) => {
    const answer = await client.ask({ method: 'GET', path: jobPath(name), about: `job ${visible(name)}` });
    const job = objectIn(answer);
    host.output.out(json ? `${answer.text}\n` : jobDocument(job));
  });
}

async function deleteJobs(names: readonly string[], { api, json }: ApiOptions, host: CliHost): Promise<void> {
  await withApi(api, host, async (client) => {
    for (const name of names) {
      const answer = await client.ask({ method: 'DELETE', path: jobPath(name), about: `job ${visible(name)}` });
      host.output.out(json ? `${answer.text}\n` : `Deleted ${visible(name)}\n`);
    }
  });
}

async function toggleJob(name: string, { api, json }: ApiOptions, host: CliHost): Promise<void> {
  await withApi(api, host, async (client) => {
    const answer = await client.ask({ method: 'POST', path: jobPath(name, '/toggle'), about: `job ${visible(name)}` });
    const isDisabled = objectIn(answer).disabled === true;
    host.output.out(json ? `${answer.text}\n` : `${visible(name)} is ${isDisabled ? 'disabled' : 'enabled'} now\n`);
  });
}
