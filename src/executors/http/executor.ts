import type { ExecutionEvents, ExecutionHandle, ExecutionRequest, Executor } from '../types.ts';
import { HttpClients } from './clients.ts';
import { PreparedRequests } from './prepared-requests.ts';
import { HttpRun } from './run.ts';

export interface HttpExecutorOptions {
  /** Sent as `User-Agent: Carillon/<version>` where a job sets none. */
  readonly version: string;
}

/**
 * Runs a job as an HTTP request, with Dkron's keys, results and texts (dkron-v4 2.6.2). Its config names `url`, `method`,
 * `headers`, `body`, `timeout`, `expectCode`, `expectBody`, `debug` and the `tls…` keys; docs/executors-http.md tells of
 * each. As in Dkron no output is shown before the end.
 */
export function createHttpExecutor(options: HttpExecutorOptions): Executor {
  return new HttpExecutor(`Carillon/${options.version}`);
}

class HttpExecutor implements Executor {
  readonly #requests: PreparedRequests;
  readonly #clients = new HttpClients();
  readonly #running = new Map<HttpRun, Promise<void>>();

  constructor(userAgent: string) {
    this.#requests = new PreparedRequests(userAgent);
  }

  start(request: ExecutionRequest, events: ExecutionEvents): ExecutionHandle {
    const run = new HttpRun(request.config, this.#clients, this.#requests);
    const ended = run.result(request.outputLimitBytes).then((result) => {
      this.#running.delete(run);
      events.ended(result);
    });
    this.#running.set(run, ended);
    return { stop: () => run.stop() };
  }

  close(done: () => void): void {
    for (const run of this.#running.keys()) run.stop();
    void Promise.all(this.#running.values())
      .then(() => this.#clients.close())
      .then(done);
  }
}
