import { expect } from 'vitest';
import type { NodeProcess } from '../../support/node-process.ts';
import { waitUntil } from '../../support/wait-until.ts';

export interface ShownJob {
  readonly name: string;
  readonly success_count: number;
  readonly error_count: number;
  readonly disabled: boolean;
  readonly status: string;
  readonly next: string;
}

export interface ShownExecution {
  readonly id: string;
  readonly job_name: string;
  readonly started_at: string;
  readonly finished_at: string;
  readonly success: boolean;
  readonly output?: string;
  readonly attempt: number;
  /** As text: the number has 19 digits. */
  readonly group: string;
}

const zeroTime = '0001-01-01T00:00:00Z';

export const isRunning = (execution: ShownExecution): boolean => execution.finished_at === zeroTime;

/** The requests that the tests of running nodes make, with the answers they insist on. */
export class DkronClient {
  readonly #node: Pick<NodeProcess, 'request'>;

  constructor(node: Pick<NodeProcess, 'request'>) {
    this.#node = node;
  }

  /** Creates or replaces a job and expects 201. */
  async create(job: Readonly<Record<string, unknown>>): Promise<void> {
    const body = JSON.stringify({ executor: 'shell', schedule: '@manually', ...job });
    const answer = await this.#node.request({ method: 'POST', path: '/v1/jobs', body });
    expect([answer.status, answer.text]).toEqual([201, expect.stringContaining(`"name":"${job.name}"`)]);
  }

  async job(name: string): Promise<ShownJob> {
    const answer = await this.#node.request({ method: 'GET', path: `/v1/jobs/${name}` });
    expect(answer.status, `GET job ${name}`).toBe(200);
    return JSON.parse(answer.text) as ShownJob;
  }

  async jobNames(): Promise<string[]> {
    const answer = await this.#node.request({ method: 'GET', path: '/v1/jobs' });
    expect(answer.status).toBe(200);
    return (JSON.parse(answer.text) as ShownJob[]).map((job) => job.name);
  }

  /** Starts a run by hand; with `wait` it answers after the end of the run. */
  async run(name: string, how: '' | '?wait' = ''): Promise<void> {
    const answer = await this.#node.request({ method: 'POST', path: `/v1/jobs/${name}/run${how}` });
    expect([answer.status, answer.text]).toEqual([200, expect.stringContaining(`"name":"${name}"`)]);
  }

  /** Executions in the order of their start. */
  async executions(name: string): Promise<ShownExecution[]> {
    const path = `/v1/jobs/${name}/executions?_sort=started_at&_order=ASC`;
    const answer = await this.#node.request({ method: 'GET', path });
    expect(answer.status, `GET executions of ${name}`).toBe(200);
    const exact = answer.text.replaceAll(/"group":(\d+)/g, '"group":"$1"');
    return JSON.parse(exact) as ShownExecution[];
  }

  /** Waits until the executions are as wanted, and returns them. */
  async untilExecutions(
    name: string,
    what: string,
    wanted: (executions: readonly ShownExecution[]) => boolean,
  ): Promise<ShownExecution[]> {
    let seen: ShownExecution[] = [];
    return await waitUntil(
      async () => {
        seen = await this.executions(name);
        return wanted(seen) && seen;
      },
      { what: `executions of ${name}: ${what}`, deadlineMs: 30_000, seen: () => JSON.stringify(seen) },
    );
  }

  /** Waits until `count` executions ended. */
  async untilEnded(name: string, count: number): Promise<ShownExecution[]> {
    return await this.untilExecutions(
      name,
      `${count} ended`,
      (executions) => executions.filter((execution) => !isRunning(execution)).length >= count,
    );
  }
}
