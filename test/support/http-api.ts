import { NodeServer } from '../../src/adapters/http/node-server.ts';
import type { Exchange, HttpHandler } from '../../src/api/http.ts';
import { ApiHarness } from './api-harness.ts';
import { type CliResult, cli, noTerminal } from './cli.ts';

/** The API over the real state machine in memory, behind a socket, for the command line to talk to. */
export class HttpApi {
  readonly harness = new ApiHarness();
  /** `METHOD /target` of each request. */
  readonly requests: string[] = [];
  /** Called with each request before it is handled; true: it is not handled, and the connection is cut. */
  intercept: (exchange: Exchange) => boolean = () => false;
  #server: NodeServer | null = null;
  url = '';

  static async start(): Promise<HttpApi> {
    const api = new HttpApi();
    await api.#listen();
    return api;
  }

  /** Serves again, at another address, with the same state and nothing intercepted. */
  async reopen(): Promise<void> {
    this.close();
    this.intercept = () => false;
    await this.#listen();
  }

  close(): void {
    this.#server?.close();
  }

  async #listen(): Promise<void> {
    const server = new NodeServer(this.#handler());
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.listen('127.0.0.1', 0, (outcome) => {
        if (!outcome.ok) reject(new Error(outcome.error));
        else {
          this.url = `http://127.0.0.1:${outcome.port}`;
          resolve();
        }
      });
    });
  }

  /** Runs a command line against this API. */
  cli(args: readonly string[], terminal = noTerminal, workingDirectory = '/work', input = ''): Promise<CliResult> {
    return cli(args, { environment: { CARILLON_API: this.url }, workingDirectory }, 0, terminal, input);
  }

  create(job: Readonly<Record<string, unknown>>): void {
    const body = JSON.stringify({ schedule: '@manually', executor: 'shell', ...job });
    const answer = this.harness.send('POST', '/v1/jobs', { body });
    if (answer.status !== 201) throw new Error(`job was refused: ${String(answer.body)}`);
  }

  names(): string[] {
    const names: string[] = [];
    this.harness.state.reader.eachJob((job) => names.push(job.name));
    return names.sort();
  }

  #handler(): HttpHandler {
    const { api } = this.harness;
    return {
      bodyLimit: (method, target) => api.bodyLimit(method, target),
      refuseBody: (reason, limit) => api.refuseBody(reason, limit),
      failed: (error) => api.failed(error),
      handle: (exchange) => {
        this.requests.push(`${exchange.request.method} ${exchange.request.target}`);
        if (this.intercept(exchange)) this.#server?.close();
        else api.handle(exchange);
      },
    };
  }
}
