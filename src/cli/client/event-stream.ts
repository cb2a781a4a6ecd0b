import type { WebSocket } from 'undici';
import { CliError, type CliHost, exitCodes } from '../types.ts';
import { type ApiClient, LostConnection } from './api-client.ts';
import { isJsonObject, type JsonObject, textOf } from './json.ts';
import { refusalOf } from './refusal.ts';

/** What came over the socket, or of it. */
export type EventNews =
  | { readonly type: 'message'; readonly message: JsonObject; readonly text: string }
  | { readonly type: 'lost' };

const retryMs = 1_000;
/** More than this waits for a reader at the server, which keeps it anyway, and says what it could not keep. */
const mostWaiting = 10_000;

/**
 * The events of `GET /v1/events` (docs/api/events.md) with that query, until the signal. A connection that is lost is made
 * again, for as long as it takes, and goes on behind the last event: `lost` says so, the server's `missed` what is
 * gone. Throws when the first connection can't be made.
 */
export async function* eventNews(
  client: ApiClient,
  query: URLSearchParams,
  host: CliHost,
  signal: AbortSignal,
): AsyncGenerator<EventNews> {
  const undici = await import('undici');
  let last: string | null = query.get('from');
  let isFirst = true;
  while (!signal.aborted) {
    const socket = new EventSocket(new undici.WebSocket(addressOf(client.url, query, last)), signal);
    for await (const text of socket.messages()) {
      isFirst = false;
      const message = parsed(text);
      last = positionIn(message) ?? last;
      yield { type: 'message', message, text };
    }
    if (signal.aborted) return;
    if (isFirst) throw await reasonOf(client, query);
    if (socket.wasLost) yield { type: 'lost' };
    await host.clock.pause(retryMs, signal);
  }
}

/** Where to go on from. What was missed of some topics only is told before the others' events of the same range. */
function positionIn(message: JsonObject): string | null {
  const isMissed = message.type === 'missed' && !('topic' in message);
  if (isMissed && 'topics' in message) return null;
  return textOf(message, isMissed ? 'to' : 'id') || null;
}

function parsed(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    if (isJsonObject(value)) return value;
  } catch {
    // Said below.
  }
  throw new CliError(`the server sent no event: ${JSON.stringify(text.slice(0, 60))}`, exitCodes.unreachable);
}

/** A WebSocket that fails doesn't say why; a plain request of the same path does. */
async function reasonOf(client: ApiClient, query: URLSearchParams): Promise<CliError> {
  const about = 'events';
  const answer = await client.send({ method: 'GET', path: `v1/events?${query}`, about });
  if (answer.status !== 426) return refusalOf(answer, about);
  return new LostConnection(client.url, new Error('no WebSocket could be opened'));
}

function addressOf(api: URL, query: URLSearchParams, from: string | null): URL {
  const url = new URL(`${api.href}v1/events`);
  url.protocol = api.protocol === 'https:' ? 'wss:' : 'ws:';
  url.search = new URLSearchParams({ ...Object.fromEntries(query), ...(from === null ? {} : { from }) }).toString();
  return url;
}

/** One connection. */
class EventSocket {
  readonly #socket: WebSocket;
  readonly #waiting: string[] = [];
  #isClosed = false;
  #isFull = false;
  #wake: () => void = () => undefined;

  constructor(socket: WebSocket, signal: AbortSignal) {
    this.#socket = socket;
    this.#socket.onmessage = ({ data }) => this.#take(String(data));
    this.#socket.onerror = () => undefined;
    this.#socket.onclose = () => this.#end();
    signal.addEventListener(
      'abort',
      () => {
        this.#socket.close();
        // A server that is stuck doesn't say good-bye.
        this.#end();
      },
      { once: true },
    );
  }

  #end(): void {
    this.#isClosed = true;
    this.#wake();
  }

  /** False: it was left because too much waited. */
  get wasLost(): boolean {
    return !this.#isFull;
  }

  async *messages(): AsyncGenerator<string> {
    try {
      while (true) {
        for (const text of this.#waiting.splice(0)) yield text;
        if (this.#waiting.length > 0) continue;
        if (this.#isClosed) return;
        await new Promise<void>((resume) => {
          this.#wake = resume;
        });
      }
    } finally {
      this.#socket.close();
    }
  }

  #take(text: string): void {
    // What comes while the socket closes comes again.
    if (this.#isFull) return;
    this.#waiting.push(text);
    this.#isFull = this.#waiting.length >= mostWaiting;
    if (this.#isFull) this.#socket.close();
    this.#wake();
  }
}
