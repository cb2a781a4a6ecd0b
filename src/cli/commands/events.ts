import type { Command } from 'commander';
import { withApi } from '../client/api-client.ts';
import { eventNews } from '../client/event-stream.ts';
import { textOf } from '../client/json.ts';
import { untilInterrupted } from '../interrupt.ts';
import { eventText } from '../show/event-text.ts';
import { painter } from '../show/style.ts';
import { visible } from '../show/table.ts';
import type { CliHost } from '../types.ts';
import { type ApiOptions, addApiOptions } from './shared.ts';

interface EventsOptions extends ApiOptions {
  readonly topics?: string;
  readonly job?: string;
  readonly from?: string;
}

export function addEventsCommand(program: Command, host: CliHost): void {
  const events = program
    .command('events')
    .description('Show what happens, a line for each event, until Ctrl-C')
    .option('--topics <topics>', 'Some of job,launch,execution,output,leader,member (default: all but output)')
    .option('--job <name>', 'Only events of this job')
    .option('--from <id>', 'Begin behind the event with this id: --json shows ids');
  addApiOptions(events).action((options: EventsOptions) => showEvents(options, host));
}

async function showEvents({ api, json, topics, job, from }: EventsOptions, host: CliHost): Promise<void> {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries({ topics, job, from })) if (value !== undefined) query.set(key, value);
  const paint = painter(host);
  await withApi(api, host, (client) =>
    untilInterrupted(host, async (signal) => {
      let isLost = false;
      for await (const news of eventNews(client, query, host, signal)) {
        if (news.type === 'lost') {
          host.output.error('The connection was lost; trying again until it is back\n');
          isLost = true;
          continue;
        }
        const { message, text } = news;
        if (isLost) host.output.error('Connected again\n');
        isLost = false;
        if (message.type === 'missed' && !('topic' in message)) {
          const [after, to] = [textOf(message, 'from'), textOf(message, 'to')].map(visible);
          host.output.error(`Missed: the server has no more of the events after ${after} up to ${to}\n`);
        }
        if (json) await host.output.outBytes(new TextEncoder().encode(`${text}\n`));
        else if ('topic' in message) await host.output.outBytes(new TextEncoder().encode(eventText(message, paint)));
      }
    }),
  );
}
