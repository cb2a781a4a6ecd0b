import type { Command } from 'commander';
import { type ApiClient, withApi } from '../client/api-client.ts';
import { eventNews } from '../client/event-stream.ts';
import { eventText } from '../show/event-text.ts';
import { type Paint, painter } from '../show/style.ts';
import { bodyLines, type Picture, pageLines, plainLines, screenLines } from '../top/lines.ts';
import { readSnapshot } from '../top/read-snapshot.ts';
import { snapshotJson } from '../top/snapshot-json.ts';
import { afterKey, firstView, type Snapshot, type View } from '../top/view.ts';
import { CliError, type CliHost, type Screen } from '../types.ts';
import { type ApiOptions, addApiOptions } from './shared.ts';

interface TopOptions extends ApiOptions {
  readonly once?: true;
}

const refreshMs = 1_000;
/** After so long a live picture says that it is an old one. */
const answerTimeoutMs = 5_000;
const mostRecent = 100;

export function addTopCommand(program: Command, host: CliHost): void {
  const top = program
    .command('top')
    .description('Show what runs, waits and fails, until q')
    .option('--once', 'Show it once, as it is without a terminal');
  addApiOptions(top).action((options: TopOptions) => showTop(options, host));
}

async function showTop({ api, json, once }: TopOptions, host: CliHost): Promise<void> {
  const { openScreen } = host.terminal;
  await withApi(api, host, async (client) => {
    const snapshot = await readSnapshot(client);
    if (json) host.output.out(`${snapshotJson(snapshot)}\n`);
    else if (once || openScreen === null) {
      const picture = { api: client.url.href, nowMs: host.clock.nowMs(), snapshot, problem: null, recent: null };
      host.output.out(`${plainLines(picture, firstView, painter(host)).join('\n').trimEnd()}\n`);
    } else await new Top(client, host, snapshot).run(openScreen());
  });
}

/** The live view: a picture each second, and after each key. */
class Top {
  readonly #client: ApiClient;
  readonly #host: CliHost;
  readonly #paint: Paint;
  readonly #over = new AbortController();
  #snapshot: Snapshot;
  #view: View = firstView;
  #problem: string | null = null;
  #recent: string[] | null = null;

  constructor(client: ApiClient, host: CliHost, snapshot: Snapshot) {
    this.#client = client;
    this.#host = host;
    this.#paint = painter(host);
    this.#snapshot = snapshot;
  }

  async run(screen: Screen): Promise<void> {
    const { signal } = this.#over;
    const left = new Promise<void>((resume) => signal.addEventListener('abort', () => resume(), { once: true }));
    screen.onKey((key) => this.#press(key, screen));
    screen.onResize(() => this.#draw(screen));
    const release = this.#host.terminal.onInterrupt(() => this.#over.abort());
    const events = this.#hear(signal);
    try {
      while (!signal.aborted) {
        this.#draw(screen);
        await this.#host.clock.pause(refreshMs, signal);
        // Who leaves need not wait for a server that is stuck.
        if (!signal.aborted) await Promise.race([this.#refresh(), left]);
      }
      await events;
    } finally {
      this.#over.abort();
      release();
      screen.close();
    }
  }

  /** A server that doesn't answer leaves the old picture, and says so in it. */
  async #refresh(): Promise<void> {
    try {
      this.#snapshot = await readSnapshot(this.#client, answerTimeoutMs);
      this.#problem = null;
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      this.#problem = error.message;
    }
  }

  /** What happens becomes the last part of the picture, which is not there before the server tells, or if it doesn't. */
  async #hear(signal: AbortSignal): Promise<void> {
    try {
      const query = new URLSearchParams({ topics: 'launch,execution,leader,member' });
      for await (const news of eventNews(this.#client, query, this.#host, signal)) {
        if (news.type !== 'message') continue;
        this.#recent ??= [];
        if ('topic' in news.message) this.#recent.unshift(`  ${eventText(news.message, this.#paint).trimEnd()}`);
        this.#recent.splice(mostRecent);
      }
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      this.#recent = null;
    }
  }

  #press(key: string, screen: Screen): void {
    const body = bodyLines(this.#picture(), this.#view, this.#paint);
    this.#view = afterKey(this.#view, key, { pageLines: pageLines(screen.size()), bodyLines: body.length });
    if (this.#view.isOver) this.#over.abort();
    else this.#draw(screen);
  }

  #picture(): Picture {
    return {
      api: this.#client.url.href,
      nowMs: this.#host.clock.nowMs(),
      snapshot: this.#snapshot,
      problem: this.#problem,
      recent: this.#recent,
    };
  }

  #draw(screen: Screen): void {
    screen.draw(screenLines(this.#picture(), this.#view, screen.size(), this.#paint));
  }
}
