import type { Command } from 'commander';
import { limits } from '../../core/limits.ts';
import { type ApiClient, withApi } from '../client/api-client.ts';
import { jobPath } from '../client/executions.ts';
import { type JsonObject, listOf, objectIn, textOf } from '../client/json.ts';
import { codeOf, refusalOf } from '../client/refusal.ts';
import { visible } from '../show/table.ts';
import { shownTime } from '../show/times.ts';
import { CliError, type CliHost } from '../types.ts';
import { type ApiOptions, addApiOptions } from './shared.ts';

interface NextOptions extends ApiOptions {
  readonly count: number;
}

/** As many as the server's preview gives at most. */
const mostTimes = limits.previewedDueTimes;

export function addNextCommand(jobs: Command, host: CliHost): void {
  const next = jobs
    .command('next <name>')
    .description('Show when a job is due next')
    .usage('<name> [options]')
    .option('-n, --count <number>', 'How many times', parseCount, 5);
  addApiOptions(next).action((name: string, options: NextOptions) => showNext(name, options, host));
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || count > mostTimes) {
    throw new CliError(`--count: "${text}" is no number from 1 to ${mostTimes}`);
  }
  return count;
}

async function showNext(name: string, { api, json, count }: NextOptions, host: CliHost): Promise<void> {
  await withApi(api, host, async (client) => {
    const job = objectIn(await client.ask({ method: 'GET', path: jobPath(name), about: `job ${visible(name)}` }));
    const idle = reasonWithoutTimes(job);
    const times = idle === null ? await dueTimes(client, job, count, host) : [];
    if (json) host.output.out(`${JSON.stringify({ next: times })}\n`);
    else host.output.out(times.map((time) => `${time}\n`).join(''));
    if (idle !== null && !json) host.output.error(`${visible(name)} ${idle}\n`);
  });
}

/** Why the job has no due times; null: it has. */
function reasonWithoutTimes(job: JsonObject): string | null {
  const parent = textOf(job, 'parent_job');
  if (job.disabled === true) return "is disabled: 'carillon jobs toggle' enables it";
  if (parent !== '') return `has no times of its own: it runs after each success of ${visible(parent)}`;
  if (shownTime(textOf(job, 'next')) === '')
    return `is not due again: its schedule is ${visible(textOf(job, 'schedule'))}`;
  return null;
}

/** The job's own next time, then what its schedule gives after it: all as the preview writes them, if it knows the first. */
async function dueTimes(client: ApiClient, job: JsonObject, count: number, host: CliHost): Promise<readonly string[]> {
  const first = textOf(job, 'next');
  const query = new URLSearchParams({
    spec: textOf(job, 'schedule'),
    tz: textOf(job, 'timezone'),
    n: String(count),
    name: textOf(job, 'name'),
    // Times are strictly after it, and the first one is to be among them.
    from: new Date(Date.parse(first) - 1).toISOString(),
  });
  const request = { method: 'GET', path: `v1/schedule/preview?${query}`, about: 'preview of the schedule' } as const;
  const answer = await client.send(request);
  if (answer.status === 404 && (codeOf(answer) === '' || codeOf(answer) === 'route_not_found')) {
    if (count > 1) host.output.error('This server has no GET /v1/schedule/preview: only the first time is known\n');
    return [first];
  }
  if (answer.status !== 200) throw refusalOf(answer, request.about);
  const end = textOf(job, 'expires_at');
  const further = listOf(objectIn(answer), 'next').filter(
    (time) => Date.parse(time) >= Date.parse(first) && (end === '' || Date.parse(time) <= Date.parse(end)),
  );
  const isKnown = further[0] !== undefined && Date.parse(further[0]) === Date.parse(first);
  return (isKnown ? further : [first, ...further]).slice(0, count);
}
