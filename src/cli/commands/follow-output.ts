import { type ApiClient, LostConnection } from '../client/api-client.ts';
import { executionPath, executionsOf, idOf, isRunning } from '../client/executions.ts';
import { type JsonObject, objectIn } from '../client/json.ts';
import { untilInterrupted } from '../interrupt.ts';
import { visible } from '../show/table.ts';
import { CliError, type CliHost, exitCodes } from '../types.ts';

const pollMs = 1_000;
const newline = 10;
/** How often a lost connection is tried again: a node that restarts needs some seconds. */
const mostTries = 60;
/** What the server writes in place of what a slow reader missed (docs/api/routes.md). */
const skippedNote = /^\[carillon: (\d+) bytes were skipped\]$/gm;

/**
 * Writes what an execution writes, until it ends; `execution` null: the newest that runs, or else the next one. Ends with
 * the exit code that tells how it went.
 */
export async function followOutput(
  client: ApiClient,
  job: string,
  execution: string | null,
  host: CliHost,
): Promise<void> {
  await untilInterrupted(host, async (signal) => {
    const id = execution ?? (await runningExecution(client, job, host, signal));
    const ended = id === null ? null : await new Follower(client, job, id, host, signal).untilEnd();
    if (id === null || ended === null) throw new CliError([], exitCodes.interrupted);
    if (ended.success !== true) throw new CliError(`execution ${visible(id)} failed`, exitCodes.jobFailed);
  });
}

/** Null: interrupted. An execution that began and ended between two looks counts too: nothing is passed over. */
async function runningExecution(
  client: ApiClient,
  job: string,
  host: CliHost,
  signal: AbortSignal,
): Promise<string | null> {
  const atFirst = await executionsOf(client, job);
  const running = atFirst.find(isRunning);
  if (running !== undefined) return idOf(running);
  host.output.error(`${visible(job)} doesn't run now; waiting until it does (Ctrl-C ends the waiting)\n`);
  const known = new Set(atFirst.map(idOf));
  while (!signal.aborted) {
    await host.clock.pause(pollMs, signal);
    const begun = (await executionsOf(client, job)).findLast((execution) => !known.has(idOf(execution)));
    if (begun !== undefined) return idOf(begun);
  }
  return null;
}

/** Reads one execution's output on over lost connections, each byte once. */
class Follower {
  readonly #client: ApiClient;
  readonly #path: string;
  readonly #about: string;
  readonly #host: CliHost;
  readonly #signal: AbortSignal;
  readonly #query: (from: number) => string;
  #read = 0;
  #isLineOpen = false;
  #tries = 0;

  constructor(client: ApiClient, job: string, id: string, host: CliHost, signal: AbortSignal) {
    this.#client = client;
    this.#path = executionPath(job, id);
    this.#about = `execution ${visible(id)} of job ${visible(job)}`;
    this.#query = (from) => executionPath(job, id, `/output?follow&from=${from}`);
    this.#host = host;
    this.#signal = signal;
  }

  /** The execution as it has ended; null: interrupted before. */
  async untilEnd(): Promise<JsonObject | null> {
    // If there is no server at all, or no such execution, that is for the user to mend: no second try.
    await this.#execution();
    while (!this.#signal.aborted) {
      try {
        await this.#readOn();
        if (this.#signal.aborted) break;
        const execution = await this.#execution();
        if (!isRunning(execution)) return execution;
      } catch (error) {
        if (!(error instanceof LostConnection) || this.#tries === mostTries) throw error;
      }
      if (this.#tries === 0) this.#host.output.error('The connection was lost; trying to go on where it was\n');
      this.#tries += 1;
      await this.#host.clock.pause(pollMs, this.#signal);
    }
    return null;
  }

  async #readOn(): Promise<void> {
    const request = { method: 'GET', path: this.#query(this.#read), about: this.#about } as const;
    for await (const piece of this.#client.follow(request, this.#signal)) {
      this.#tries = 0;
      this.#read += piece.length + skippedBy(piece);
      this.#isLineOpen = piece.at(-1) !== newline;
      await this.#host.output.outBytes(piece);
    }
    // For people what is said next has a line of its own; for programs the bytes stay what they are.
    if (this.#isLineOpen && this.#host.terminal.isOutputTty) this.#host.output.out('\n');
    this.#isLineOpen = false;
  }

  async #execution(): Promise<JsonObject> {
    return objectIn(await this.#client.ask({ method: 'GET', path: this.#path, about: this.#about }));
  }
}

/** Bytes that the piece stands for beyond its own. */
function skippedBy(piece: Uint8Array): number {
  // One byte, one character: lengths stay what they are.
  const text = Buffer.from(piece).toString('latin1');
  return [...text.matchAll(skippedNote)].reduce((sum, [note, count]) => sum + Number(count) - note.length - 1, 0);
}
