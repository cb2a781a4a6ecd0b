import type { Readable } from 'node:stream';
import { RE2JS, RE2JSSyntaxException } from 're2js';
import { compareBytewise } from '../../core/compare-bytewise.ts';
import { joinTail } from '../../core/join-tail.ts';
import { limits } from '../../core/limits.ts';
import { quoteAsGo } from '../../core/schedule/go-text.ts';
import { TailBuffer } from '../tail-buffer.ts';
import type { ExecutionResult } from '../types.ts';
import type { HttpClients } from './clients.ts';
import { exchange, type HttpRequest, type HttpResponse } from './exchange.ts';
import { parseGoUrl } from './go-url.ts';
import { isToken, parseHeaders } from './headers.ts';
import { describeNetworkError } from './network-errors.ts';

type Config = Readonly<Record<string, string>>;

/** The work failed; the message is what Dkron records as the first line of its output. */
class RunFailed extends Error {
  override readonly name = 'RunFailed';
}

/** One execution of the http executor. */
export class HttpRun {
  readonly #config: Config;
  readonly #clients: HttpClients;
  readonly #userAgent: string;
  readonly #abort = new AbortController();
  /** Output lines before the body: the config, and warnings. */
  #preamble = '';
  #body = new TailBuffer(0);
  #endedBy: 'timeout' | 'stop' | null = null;

  constructor(config: Config, clients: HttpClients, userAgent: string) {
    this.#config = config;
    this.#clients = clients;
    this.#userAgent = userAgent;
  }

  /** Aborts the request; the result tells so. */
  stop(): void {
    this.#end('stop');
  }

  /** Runs it, once. Never rejects: whatever goes wrong is a failed result. */
  async result(outputLimitBytes: number): Promise<ExecutionResult> {
    let error = '';
    try {
      // Nothing may be told before the caller has its handle.
      await Promise.resolve();
      await this.#run(outputLimitBytes);
    } catch (thrown) {
      error = thrown instanceof Error ? thrown.message : String(thrown);
    }
    const preamble = Buffer.from(this.#preamble);
    const output = joinTail([preamble, this.#body.bytes()], outputLimitBytes);
    const droppedBytes = preamble.length + this.#body.totalBytes - output.length;
    return { success: error === '', error, output, droppedBytes };
  }

  async #run(outputLimitBytes: number): Promise<void> {
    const config = this.#config;
    if ((config.debug ?? '') !== '') this.#preamble += `Config: ${formatConfig(config)}\n`;
    const request = this.#prepare();
    const { client, warnings } = this.#clients.lease(config);
    this.#preamble += warnings.join('');
    const timer = client.timeoutMs === null ? null : setTimeout(() => this.#end('timeout'), client.timeoutMs);
    try {
      const response = await exchange(request, {
        dispatcher: client.agent,
        userAgent: this.#userAgent,
        signal: this.#abort.signal,
        describeAbort: () => this.#describeEnd(' (Client.Timeout exceeded while awaiting headers)'),
      });
      this.#body = await this.#read(response.body, outputLimitBytes);
      this.#judge(response);
    } finally {
      if (timer !== null) clearTimeout(timer);
    }
  }

  /** The checks of Dkron and of Go's http.NewRequest, in their order. */
  #prepare(): HttpRequest {
    const { url = '', method = '', headers = '', body = '' } = this.#config;
    if (url === '') throw new RunFailed('url is empty');
    if (method === '') throw new RunFailed('method is empty');
    if (!isToken(method)) throw new RunFailed(`net/http: invalid method ${quoteAsGo(method)}`);
    const parsedUrl = parseGoUrl(url);
    if (!parsedUrl.ok) throw new RunFailed(parsedUrl.message);
    const parsedHeaders = parseHeaders(headers);
    if (!parsedHeaders.ok) throw new RunFailed(parsedHeaders.message);
    this.#preamble += parsedHeaders.warning;
    return { method, url: parsedUrl.url, headers: parsedHeaders.headers, body: Buffer.from(body) };
  }

  /** Of a body that breaks off nothing is kept, as in Dkron. */
  async #read(body: Readable, outputLimitBytes: number): Promise<TailBuffer> {
    const matches = (this.#config.expectBody ?? '') !== '';
    const kept = new TailBuffer(matches ? Math.max(outputLimitBytes, limits.httpMatchedBytes) : outputLimitBytes);
    try {
      for await (const chunk of body) {
        if (chunk instanceof Uint8Array) kept.add(chunk);
      }
      return kept;
    } catch (error) {
      throw new RunFailed(this.#endedBy === null ? describeBodyError(error) : this.#describeEnd(bodyTimeout));
    }
  }

  #judge({ status }: HttpResponse): void {
    const { expectCode = '', expectBody = '' } = this.#config;
    if (expectCode !== '' && !`${expectCode},`.includes(`${status},`)) {
      throw new RunFailed('received response code does not match the expected code');
    }
    if (expectBody !== '' && !matchesAnywhere(expectBody, this.#body.bytes())) {
      throw new RunFailed('received response body did not match the expected body');
    }
  }

  #end(by: 'timeout' | 'stop'): void {
    if (this.#endedBy !== null) return;
    this.#endedBy = by;
    this.#abort.abort();
  }

  #describeEnd(ofTimeout: string): string {
    return this.#endedBy === 'timeout' ? `context deadline exceeded${ofTimeout}` : 'context canceled';
  }
}

const bodyTimeout = ' (Client.Timeout or context cancellation while reading body)';

/** A connection that closes in the middle of a body is an error of its own in Go. */
function describeBodyError(error: unknown): string {
  const text = describeNetworkError(error);
  return text === 'EOF' || text === 'terminated' ? 'unexpected EOF' : text;
}

/** A regexp of Go (RE2), unanchored; one that doesn't compile matches nothing, as in Dkron. */
function matchesAnywhere(pattern: string, body: Uint8Array): boolean {
  try {
    return RE2JS.compile(pattern).test(new TextDecoder('utf-8', { ignoreBOM: true }).decode(body));
  } catch (error) {
    if (error instanceof RE2JSSyntaxException) return false;
    throw error;
  }
}

/** Go's `%#v` of a map of strings. */
function formatConfig(config: Config): string {
  const keys = Object.keys(config).sort(compareBytewise);
  return `map[string]string{${keys.map((key) => `${quoteAsGo(key)}:${quoteAsGo(config[key] ?? '')}`).join(', ')}}`;
}
