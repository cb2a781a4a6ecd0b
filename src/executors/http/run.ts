import { RE2JS, RE2JSSyntaxException } from 're2js';
import { sortedKeys } from '../../core/compare-bytewise.ts';
import { joinTail } from '../../core/join-tail.ts';
import { limits } from '../../core/limits.ts';
import { quoteAsGo } from '../../core/schedule/go-text.ts';
import { TailBuffer } from '../tail-buffer.ts';
import type { ExecutionResult } from '../types.ts';
import { BodyBroken, Interruption } from './call.ts';
import type { HttpClients } from './clients.ts';
import { exchange } from './exchange.ts';
import { describeNetworkError } from './network-errors.ts';
import { type PreparedRequests, RunFailed } from './prepared-requests.ts';

type Config = Readonly<Record<string, string>>;

/** One execution of the http executor. */
export class HttpRun {
  readonly #config: Config;
  readonly #clients: HttpClients;
  readonly #requests: PreparedRequests;
  readonly #interruption = new Interruption();
  /** Output lines before the body: the config, and warnings. */
  #preamble = '';
  #body = new TailBuffer(0);
  #endedBy: 'timeout' | 'stop' | null = null;

  constructor(config: Config, clients: HttpClients, requests: PreparedRequests) {
    this.#config = config;
    this.#clients = clients;
    this.#requests = requests;
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
    const { request, warning } = this.#requests.of(config);
    this.#preamble += warning;
    const { client, warnings } = this.#clients.lease(config);
    this.#preamble += warnings.join('');
    const timer = client.timeoutMs === null ? null : setTimeout(() => this.#end('timeout'), client.timeoutMs);
    const matches = (config.expectBody ?? '') !== '';
    const body = new TailBuffer(matches ? Math.max(outputLimitBytes, limits.httpMatchedBytes) : outputLimitBytes);
    try {
      const status = await exchange(request, {
        dispatcher: client.agent,
        userAgent: this.#requests.userAgent,
        interruption: this.#interruption,
        describeInterruption: () => this.#describeEnd(' (Client.Timeout exceeded while awaiting headers)'),
        body,
      });
      this.#body = body;
      this.#judge(status);
    } catch (error) {
      if (!(error instanceof BodyBroken)) throw error;
      // Of a body that breaks off nothing is kept, as in Dkron.
      throw new RunFailed(this.#endedBy === null ? describeBodyError(error.cause) : this.#describeEnd(bodyTimeout));
    } finally {
      if (timer !== null) clearTimeout(timer);
    }
  }

  #judge(status: number): void {
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
    this.#interruption.interrupt();
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
  const keys = sortedKeys(config);
  return `map[string]string{${keys.map((key) => `${quoteAsGo(key)}:${quoteAsGo(config[key] ?? '')}`).join(', ')}}`;
}
