import { setTimeout as pause } from 'node:timers/promises';
import type { Prng } from '../../../../src/core/prng.ts';
import type { HttpAnswer, HttpRequest } from '../../../support/http-client.ts';
import type { NodeProcess } from '../../../support/node-process.ts';

/** The version of a job; null: it doesn't exist. */
type Known = string | null;

/** One client that changes jobs, one after the other, and remembers what it was told. */
export class Writer {
  readonly #node: NodeProcess;
  readonly #random: Prng;
  readonly #names: readonly string[];
  readonly #possible = new Map<string, readonly Known[]>();
  #isStopped = false;
  #version = 0;
  acknowledged = 0;
  unanswered = 0;
  read = 0;
  /** What was seen and can't be, as sentences. */
  readonly wrong: string[] = [];

  constructor(node: NodeProcess, random: Prng, prefix: string) {
    this.#node = node;
    this.#random = random;
    this.#names = Array.from({ length: 8 }, (_, index) => `${prefix}-${index}`);
  }

  /** Until `stop`; while the node is down, it goes on trying. */
  async run(): Promise<void> {
    while (!this.#isStopped) {
      const name = this.#names[this.#random.below(this.#names.length)] ?? '';
      const choice = this.#random.below(8);
      if (choice < 3) await this.#compare(name);
      else if (choice < 4) await this.#write(name, null);
      else await this.#write(name, this.#nextVersion());
    }
  }

  stop(): void {
    this.#isStopped = true;
  }

  #nextVersion(): string {
    this.#version += 1;
    return `version ${this.#version}`;
  }

  /** Once it has stopped. */
  async compareAll(): Promise<void> {
    for (const name of this.#names) await this.#compare(name);
  }

  async #compare(name: string): Promise<void> {
    const answer = await this.#ask({ method: 'GET', path: `/v1/jobs/${name}` });
    if (typeof answer === 'string' || (answer.status !== 200 && answer.status !== 404)) return;
    const shown: unknown = answer.status === 200 ? JSON.parse(answer.text) : { displayname: null };
    const { displayname } = shown as { readonly displayname: Known };
    const possible = this.#possible.get(name) ?? [null];
    if (!possible.includes(displayname))
      this.wrong.push(`${name} is ${displayname}, not one of ${possible.join(', ')}`);
    this.read += 1;
  }

  async #write(name: string, version: Known): Promise<void> {
    const body = JSON.stringify({ name, displayname: version, schedule: '@manually', executor: 'shell' });
    const request =
      version === null ? { method: 'DELETE', path: `/v1/jobs/${name}` } : { method: 'POST', path: '/v1/jobs', body };
    const before = this.#possible.get(name) ?? [null];
    // Before it is sent: whoever reads what is possible while it is under way must know of it.
    this.#possible.set(name, [...before, version]);
    const answer = await this.#ask(request);
    if (answer === 'unreachable') {
      this.#possible.set(name, before);
    } else if (answer === 'no answer') {
      this.unanswered += 1;
    } else if (answer.status < 300 || (answer.status === 404 && version === null)) {
      if (answer.status === 404 && !before.includes(null)) this.wrong.push(`${name} is gone before it is deleted`);
      this.acknowledged += 1;
      this.#possible.set(name, [version]);
    } else if (answer.status === 429 || answer.status === 503) {
      this.unanswered += 1;
    } else {
      this.wrong.push(`${request.method} ${request.path}: ${answer.status} ${answer.text}`);
    }
  }

  /** Unreachable: nobody listened, nothing happened. No answer: it may have happened. */
  async #ask(request: HttpRequest): Promise<HttpAnswer | 'unreachable' | 'no answer'> {
    try {
      return await this.#node.request(request);
    } catch (error) {
      // The node is down, or going down: it is asked again soon, not at once.
      await pause(5);
      return String(error).includes('ECONNREFUSED') ? 'unreachable' : 'no answer';
    }
  }
}
