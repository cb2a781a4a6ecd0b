import type { Dispatcher, Pool } from 'undici';
import { CliError, type CliHost, exitCodes } from '../types.ts';
import { refusalOf } from './refusal.ts';

export const defaultApi = 'http://127.0.0.1:8080';
/** Variable that stands for `--api`. */
export const apiVariable = 'CARILLON_API';
/**
 * Writes that are on their way together are committed together: with 128 connections instead of 16 a server spends half
 * the time on each (0.4 instead of 0.8 ms). Few enough for a small one.
 */
export const connections = 64;
/** A server that takes longer for an ordinary answer is stuck. */
const answerTimeoutMs = 60_000;

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** From the API's root, without a slash before it: `v1/jobs`. */
  readonly path: string;
  readonly body?: string | Uint8Array;
  /** Of the body: JSON unless it is given. */
  readonly contentType?: string;
  /** How long the answer may take; 0: as long as it likes. */
  readonly timeoutMs?: number;
  /** Said before the server's sentence when it refuses: `job job1`. */
  readonly about: string;
}

export interface ApiAnswer {
  readonly status: number;
  readonly text: string;
  /** Value of `Carillon-Error`; empty when there is none. */
  readonly error: string;
  /** Value of `Carillon-Launch`: the launch that the request began; empty when it began none. */
  readonly launch: string;
  /** Value of `X-Total-Count`: how long a list is of which a page was asked for; 0 when there is none. */
  readonly total: number;
}

/** The connection broke, or never was. */
export class LostConnection extends CliError {
  constructor(url: URL, cause: unknown) {
    const advice = `start an agent there, or name another with --api or ${apiVariable}`;
    super(`no answer from ${url.href} (${causeOf(cause)}): ${advice}`, exitCodes.unreachable);
  }
}

/** The library is large, and a server, whose main thread reads the command line, never asks anybody. */
async function openPool(url: URL): Promise<Pool> {
  const undici = await import('undici');
  return new undici.Pool(url.origin, { connections });
}

/** The REST API of one server. Failures are `CliError`s that say what to do. */
export class ApiClient {
  readonly url: URL;
  readonly #pool: Promise<Pool>;

  constructor(url: URL) {
    this.url = url;
    this.#pool = openPool(url);
  }

  /** The answer when the server did what was asked. Throws when it refused, or can't be reached. */
  async ask(request: ApiRequest): Promise<ApiAnswer> {
    const answer = await this.send(request);
    if (answer.status >= 300) throw refusalOf(answer, request.about);
    return answer;
  }

  /** Whatever the server answers. Throws a `LostConnection` when it can't be reached. */
  async send(request: ApiRequest): Promise<ApiAnswer> {
    try {
      return await readWhole(await this.#request(request));
    } catch (error) {
      throw new LostConnection(this.url, error);
    }
  }

  /** The pieces of an answer as they come, for as long as it takes. Throws as `ask` does; ends quietly at the signal. */
  async *follow(request: ApiRequest, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    try {
      const answer = await this.#request({ ...request, timeoutMs: 0 }, signal);
      if (answer.statusCode >= 300) throw refusalOf(await readWhole(answer), request.about);
      for await (const piece of answer.body) yield piece;
    } catch (error) {
      if (signal.aborted) return;
      throw error instanceof CliError ? error : new LostConnection(this.url, error);
    }
  }

  async #request(
    { method, path, body, contentType = 'application/json', timeoutMs = answerTimeoutMs }: ApiRequest,
    signal?: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    const pool = await this.#pool;
    return pool.request({
      method,
      path: `${this.url.pathname}${path}`,
      headers: body === undefined ? {} : { 'content-type': contentType },
      body: body ?? null,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      ...(signal === undefined ? {} : { signal }),
    });
  }

  async close(): Promise<void> {
    await (await this.#pool).destroy();
  }
}

async function readWhole({ statusCode, headers, body }: Dispatcher.ResponseData): Promise<ApiAnswer> {
  const header = (name: string): string => [headers[name]].flat()[0] ?? '';
  return {
    status: statusCode,
    text: await body.text(),
    error: header('carillon-error'),
    launch: header('carillon-launch'),
    total: Number(header('x-total-count')) || 0,
  };
}

/** Some of Node's errors (both addresses of `localhost` refused) have a code and no message. */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, message }: NodeJS.ErrnoException = error;
  return message === '' ? (code ?? error.name) : message;
}

/** Runs `work` with the API that `--api`, its variable or the default name. */
export async function withApi<Result>(
  api: string | undefined,
  host: CliHost,
  work: (client: ApiClient) => Promise<Result>,
): Promise<Result> {
  const fromEnvironment = host.config.environment[apiVariable] ?? '';
  const name = api === undefined && fromEnvironment !== '' ? apiVariable : '--api';
  const client = new ApiClient(parseUrl(name, api ?? (fromEnvironment === '' ? defaultApi : fromEnvironment)));
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

function parseUrl(name: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new CliError(`${name}: ${text} is no URL of an HTTP API; write it as ${defaultApi}`);
  }
  return new URL(url.pathname.endsWith('/') ? url.pathname : `${url.pathname}/`, url.origin);
}
