import { assert } from '../../src/core/assert.ts';
import { Simulation } from '../../src/runtime/simulation/simulation.ts';
import { fewExecutions, OneNode } from '../simulation/support/one-node.ts';

type Command = (script: NodeScript, words: readonly string[]) => void;

/** One command a line. Times are seconds since the first command's. */
const commands: Readonly<Record<string, Command>> = {
  /** job NAME KEY=JSON...: creates or replaces it over the API; a shell job of the simulated machine. */
  job: (script, [name = '', ...fields]) => script.job(name, fields),
  /** METHOD /path: a request without a body; says the status, and the code of an error. */
  POST: (script, [path = '']) => script.ask('POST', path),
  DELETE: (script, [path = '']) => script.ask('DELETE', path),
  /** for SECONDS: lets time pass, and tells which processes began and ended. */
  for: (script, [seconds]) => script.pass(Number(seconds)),
  /** down SECONDS: kills the node, and starts it again so much later. */
  down: (script, [seconds]) => script.down(Number(seconds)),
  /** executions JOB: all that are kept, the oldest first. */
  executions: (script, [name = '']) => script.executions(name),
  /** launches STATE: what the API lists. */
  launches: (script, [state = '']) => script.launches(state),
  /** stop JOB: its oldest execution that runs. */
  stop: (script, [name = '']) => script.stop(name),
};

interface ShownExecution {
  readonly id: string;
  readonly success: boolean;
  readonly attempt: number;
  readonly finished_at: string;
  readonly output?: string;
}

const electionMs = 3_000;

/** Plays commands on all actors of a server on the simulation host, through its API and with simulated processes. */
export class NodeScript {
  readonly #simulation = new Simulation(1);
  readonly #under = new OneNode(this.#simulation, false, fewExecutions, () => undefined);
  readonly #startMs: number;
  #said: string[] = [];
  #toldBegun = 0;
  #living = new Map<string, string>();
  readonly #numbers = new Map<string, number>();
  /** The job of each execution that has a number. */
  readonly #jobs = new Map<string, string>();

  constructor() {
    this.#simulation.runUntil(() => this.#under.node.runs('driver'));
    this.#simulation.runFor(electionMs);
    // The first due times are whole seconds from here.
    this.#simulation.runFor(1_000 - (this.#under.node.wallNow() % 1_000));
    this.#startMs = this.#under.node.wallNow();
  }

  play(line: string): readonly string[] {
    const [name = '', ...words] = line.split(' ');
    const command = commands[name];
    assert(command !== undefined, `there is no command ${name}`);
    this.#said = [];
    command(this, words);
    return this.#said;
  }

  job(name: string, fields: readonly string[]): void {
    const config: Record<string, string> = { command: 'simulated' };
    const job: Record<string, unknown> = { name, schedule: '@every 10s', executor: 'shell', executor_config: config };
    for (const field of fields) {
      const equals = field.indexOf('=');
      const [key, text] = [field.slice(0, equals), field.slice(equals + 1)];
      if (key.startsWith('config.')) config[key.slice('config.'.length)] = text;
      else job[key] = JSON.parse(text.replaceAll('~', ' '));
    }
    this.#tell('POST', '/v1/jobs', JSON.stringify(job));
  }

  ask(method: string, path: string): void {
    this.#tell(method, path, '');
  }

  pass(seconds: number): void {
    const endMs = this.#simulation.nowMs + seconds * 1_000;
    while (this.#simulation.nowMs < endMs) {
      this.#simulation.runFor(10);
      this.#look();
    }
  }

  down(seconds: number): void {
    this.#under.crash();
    this.#simulation.runFor(seconds * 1_000);
    this.#under.node.start();
    this.#simulation.runUntil(() => this.#under.node.runs('api'));
    this.#simulation.runFor(electionMs);
    this.#look();
  }

  executions(name: string): void {
    const { text } = this.#request('GET', `/v1/jobs/${name}/executions?_sort=started_at&_order=ASC`, '');
    for (const { id, success, attempt, finished_at: finishedAt, output } of JSON.parse(text) as ShownExecution[]) {
      const outcome = finishedAt.startsWith('0001') ? 'running' : success ? 'success' : 'failed';
      const shown = output === undefined || output === '' ? '' : `: ${output.trim().replaceAll('\n', ' | ')}`;
      this.#say(`${this.#nameOf(name, id)}, attempt ${attempt}, ${outcome}${shown}`);
    }
  }

  launches(state: string): void {
    const { text } = this.#request('GET', `/v1/launches?state=${state}`, '');
    for (const launch of JSON.parse(text) as Record<string, unknown>[]) {
      const told = Object.entries(launch).filter(([key]) => ['job', 'reason', 'waits_for', 'count'].includes(key));
      this.#say(told.map(([key, value]) => `${key} ${value}`).join(', '));
    }
  }

  stop(name: string): void {
    const { text } = this.#request('GET', `/v1/jobs/${name}/executions?_sort=started_at&_order=ASC`, '');
    const running = (JSON.parse(text) as ShownExecution[]).find((each) => each.finished_at.startsWith('0001'));
    assert(running !== undefined, `an execution of ${name} runs`);
    this.#tell('POST', `/v1/jobs/${name}/executions/${running.id}/stop`, '');
  }

  #tell(method: string, path: string, body: string): void {
    const { status, text } = this.#request(method, path, body);
    this.#say(status < 400 ? String(status) : `${status} ${text.trim()}`);
  }

  #request(method: string, path: string, body: string): { readonly status: number; readonly text: string } {
    let found: { readonly status: number; readonly text: string } | null = null;
    this.#under.http.request(method, path, body, (end) => {
      assert(end.type === 'answered', `${method} ${path} is answered`);
      const { status, body: bytes } = end.answer;
      found = { status, text: typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString() };
    });
    this.#simulation.runUntil(() => found !== null);
    this.#look();
    assert(found !== null, 'the simulation ran until the answer');
    return found;
  }

  /** Tells of processes by the number of their job's starts. */
  #look(): void {
    const { begun, running } = this.#under.machine;
    for (const { executionId, jobName, attempt } of begun.slice(this.#toldBegun)) {
      const shown = this.#nameOf(jobName, executionId);
      this.#living.set(executionId, shown);
      this.#say(`${this.#time()} ${shown} begins${attempt > 1 ? `, attempt ${attempt}` : ''}`);
    }
    this.#toldBegun = begun.length;
    for (const [id, shown] of this.#living) {
      if (running.includes(id)) continue;
      this.#living.delete(id);
      this.#say(`${this.#time()} ${shown} ends`);
    }
  }

  /** `job#2`: the second execution of the job that was seen. */
  #nameOf(job: string, id: string): string {
    const known = this.#numbers.get(id);
    const number = known ?? [...this.#numbers.keys()].filter((other) => this.#jobs.get(other) === job).length + 1;
    this.#numbers.set(id, number);
    this.#jobs.set(id, job);
    return `${job}#${number}`;
  }

  /** In tenths of a second: a launch takes some milliseconds. */
  #time(): string {
    return `+${((this.#under.node.wallNow() - this.#startMs) / 1_000).toFixed(1)}s`;
  }

  #say(line: string): void {
    this.#said.push(line);
  }
}
