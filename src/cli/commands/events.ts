import type { Command } from 'commander';
import { compareIds, parseId } from '../../api/events/event-id.ts';
import { withApi } from '../client/api-client.ts';
import { eventNews } from '../client/event-stream.ts';
import { type JsonObject, textOf } from '../client/json.ts';
import { untilInterrupted } from '../interrupt.ts';
import { eventText } from '../show/event-text.ts';
import { painter } from '../show/style.ts';
import { visible } from '../show/table.ts';
import { CliError, type CliHost } from '../types.ts';
import { type ApiOptions, addApiOptions } from './shared.ts';

interface EventsOptions extends ApiOptions {
  readonly topics?: string;
  readonly job?: string;
  readonly from?: string;
  readonly count?: number;
}

export function addEventsCommand(program: Command, host: CliHost): void {
  const events = program
    .command('events')
    .description('Show what happens, a line for each event, until Ctrl-C')
    .option('--topics <topics>', 'Some of job,launch,execution,output,leader,member (default: all but output)')
    .option('--job <name>', 'Only events of this job')
    .option('--from <id>', 'Begin behind the event with this id: --json shows ids')
    .option('-n, --count <number>', 'End after so many events', parseCount);
  addApiOptions(events).action((options: EventsOptions) => showEvents(options, host));
}

/** `topics`: others of that range come. */
function missedText(missed: JsonObject): string {
  const [after, to] = [textOf(missed, 'from'), textOf(missed, 'to')].map(visible);
  const [fromId, toId] = [parseId(textOf(missed, 'from')), parseId(textOf(missed, 'to'))];
  if (fromId !== null && toId !== null && compareIds(fromId, toId) > 0) {
    return `This server has given no id ${after} yet, the latest is ${to}: what came after it can't be told; showing what comes now\n`;
  }
  const topics = Array.isArray(missed.topics) ? `${missed.topics.map(String).map(visible).join(', ')} ` : '';
  return `Missed: the server has no more of the ${topics}events after ${after} up to ${to}\n`;
}

function parseCount(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new CliError(`--count: "${text}" is no number from 1`);
  return Number(text);
}

async function showEvents({ api, json, topics, job, from, count }: EventsOptions, host: CliHost): Promise<void> {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries({ topics, job, from })) if (value !== undefined) query.set(key, value);
  const paint = painter(host);
  await withApi(api, host, (client) =>
    untilInterrupted(host, async (signal) => {
      let isLost = false;
      let left = count ?? Number.POSITIVE_INFINITY;
      for await (const news of eventNews(client, query, host, signal)) {
        if (news.type === 'lost') {
          host.output.error('The connection was lost; trying again until it is back\n');
          isLost = true;
          continue;
        }
        const { message, text } = news;
        if (isLost) host.output.error('Connected again\n');
        isLost = false;
        const isEvent = 'topic' in message;
        if (message.type === 'missed' && !isEvent) host.output.error(missedText(message));
        if (json) await host.output.outBytes(new TextEncoder().encode(`${text}\n`));
        else if (isEvent) await host.output.outBytes(new TextEncoder().encode(eventText(message, paint)));
        if (isEvent) left -= 1;
        if (left === 0) return;
      }
    }),
  );
}
