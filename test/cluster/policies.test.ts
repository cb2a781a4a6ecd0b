import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFailed } from 'vitest';
import { withNode } from '../support/node-process.ts';
import { waitUntil } from '../support/wait-until.ts';
import { DkronClient, isRunning, type ShownExecution } from './support/dkron-client.ts';
import { endProcesses, processesWith } from './support/marked-processes.ts';
import { SharedNode } from './support/shared-node.ts';

/** What one node does with executions that are stopped, replaced or have to wait: real processes. */
describe('policies of jobs on one node', () => {
  const node = new SharedNode();
  const dkron = new DkronClient(node);

  const stop = async (job: string, { id }: ShownExecution, query = '') => {
    const answer = await node.request({ method: 'POST', path: `/v1/jobs/${job}/executions/${id}/stop${query}` });
    return { status: answer.status, code: String(answer.headers['carillon-error']).split(';')[0], text: answer.text };
  };

  it('stops an execution with all of its descendants, and retries it not', { timeout: 60_000 }, async () => {
    const marker = `MARK_${randomUUID()}`;
    onTestFailed(() => endProcesses(processesWith(marker)));
    const command = `echo begun; sleep 600 & (sleep 600 & setsid sleep 600 & wait) & wait`;
    const config = { command, shell: 'true', env: `CARILLON_TEST=${marker}` };
    await dkron.create({ name: 'long', retries: 3, executor_config: config });
    await dkron.run('long');
    await waitUntil(() => processesWith(marker).length >= 5, { what: 'its processes run', deadlineMs: 20_000 });
    const [running] = await dkron.executions('long');
    if (running === undefined) throw new Error('nothing runs');
    const answer = await stop('long', running, '?wait');
    expect([answer.status, JSON.parse(answer.text)]).toEqual([
      200,
      expect.objectContaining({
        id: running.id,
        success: false,
        stop: 'request',
        output: 'signal: terminated\nbegun\n[carillon: stopped by request]\n',
      }),
    ]);
    expect(processesWith(marker)).toEqual([]);
    const { status, error_count } = await dkron.job('long');
    expect([status, error_count, (await dkron.executions('long')).length]).toEqual(['failed', 1, 1]);
    expect(await stop('long', running)).toMatchObject({ status: 409, code: 'execution_ended' });
  });

  const toggle = (job: string) => node.request({ method: 'POST', path: `/v1/jobs/${job}/toggle` });
  const launches = async (query: string): Promise<Record<string, unknown>[]> =>
    JSON.parse((await node.request({ method: 'GET', path: `/v1/launches?${query}` })).text);
  /** Lines that the executions of a job wrote, in order: when each began and ended. */
  const marksIn = (file: string): string[] => readFileSync(file, 'utf8').split('\n').slice(0, -1);

  it('replaces what runs, and starts the newer launch behind its end', { timeout: 60_000 }, async () => {
    const file = path.join(node.dataDir, `replace-${randomUUID()}`);
    const command = `echo start >> ${file}; trap 'echo end >> ${file}; exit 0' TERM; while true; do sleep 0.1; done`;
    await dkron.create({
      name: 'newest',
      schedule: '@every 2s',
      concurrency: 'replace',
      retries: 2,
      executor_config: { command, shell: 'true' },
    });
    await dkron.untilEnded('newest', 3);
    await toggle('newest');
    const all = await dkron.executions('newest');
    const ended = all.filter((execution) => !isRunning(execution));
    for (const execution of ended) {
      expect(execution).toMatchObject({ success: false, attempt: 1, stop: 'replaced' });
      expect(execution.output).toContain('[carillon: stopped: a newer launch takes its place]');
    }
    const [running] = all.filter(isRunning);
    if (running !== undefined) await stop('newest', running, '?wait');
    const marks = marksIn(file);
    expect(marks).toEqual(marks.map((_mark, index) => (index % 2 === 0 ? 'start' : 'end')));
  });

  it('runs launches one after the other, and shows those that wait', { timeout: 60_000 }, async () => {
    const file = path.join(node.dataDir, `queue-${randomUUID()}`);
    const command = `echo start >> ${file}; sleep 2.5; echo end >> ${file}`;
    await dkron.create({
      name: 'in-line',
      schedule: '@every 1s',
      concurrency: 'queue',
      queue_limit: 2,
      executor_config: { command, shell: 'true' },
    });
    await waitUntil(async () => (await launches('state=queued&job=in-line')).length === 2, {
      what: 'two launches wait',
      deadlineMs: 20_000,
    });
    const [first] = await launches('state=queued&job=in-line');
    expect(first).toMatchObject({ job: 'in-line', state: 'queued', attempt: 1 });
    await waitUntil(async () => (await launches('state=skipped&job=in-line')).length > 0, {
      what: 'others are skipped',
      deadlineMs: 20_000,
    });
    expect((await launches('state=skipped&job=in-line'))[0]?.reason).toContain('queue_limit 2');
    await dkron.untilEnded('in-line', 3);
    await toggle('in-line');
    await dkron.untilExecutions('in-line', 'none runs', (all) => !all.some(isRunning));
    await waitUntil(async () => (await launches('state=queued&job=in-line')).length === 0, {
      what: 'what waited is dropped',
      deadlineMs: 20_000,
    });
    const marks = marksIn(file);
    expect(marks).toEqual(marks.map((_mark, index) => (index % 2 === 0 ? 'start' : 'end')));
  });

  it('runs no more of a job at once than it says, and the others in their order', { timeout: 60_000 }, async () => {
    const file = path.join(node.dataDir, `few-${randomUUID()}`);
    const command = `echo start >> ${file}; sleep 1; echo end >> ${file}`;
    await dkron.create({ name: 'few', max_executions: 2, executor_config: { command, shell: 'true' } });
    for (let i = 0; i < 5; i++) await dkron.run('few');
    expect((await launches('state=queued&job=few')).length).toBeGreaterThan(0);
    await dkron.run('few', '?wait');
    const executions = await dkron.untilEnded('few', 6);
    expect(executions.map(({ group }) => group)).toEqual(executions.map(({ group }) => group).toSorted());
    expect(mostAtOnce(marksIn(file))).toBe(2);
  });

  it('kills what ignores TERM, also after it was killed itself', { timeout: 60_000 }, async () => {
    const marker = `MARK_${randomUUID()}`;
    onTestFailed(() => endProcesses(processesWith(marker)));
    const command = `trap '' TERM; while true; do sleep 1; done`;
    await dkron.create({
      name: 'deaf',
      retries: 1,
      on_lost: 'rerun',
      executor_config: { command, shell: 'true', env: `CARILLON_TEST=${marker}` },
    });
    await dkron.run('deaf');
    await waitUntil(() => processesWith(marker).length >= 1, { what: 'it runs', deadlineMs: 20_000 });
    const [running] = await dkron.executions('deaf');
    if (running === undefined) throw new Error('nothing runs');
    expect(await stop('deaf', running)).toMatchObject({ status: 202 });
    await node.killAndBoot();
    const [ended, ...others] = await dkron.untilExecutions('deaf', 'ended', (all) => !all.some(isRunning));
    expect([ended?.success, others]).toEqual([false, []]);
    expect(ended?.output).toContain('[carillon: stopped by request]');
    expect(processesWith(marker)).toEqual([]);
  });
});

describe('a node with --max-executions', () => {
  it('runs no more at once, of all jobs, and goes on with what waits after kill -9', { timeout: 90_000 }, async () => {
    await withNode({ flags: ['--max-executions=2'] }, async (node) => {
      const dkron = new DkronClient(node);
      const file = path.join(node.dataDir, 'marks');
      const command = `echo start >> ${file}; sleep 1.5; echo end >> ${file}`;
      const jobs = ['one', 'two', 'three', 'four'];
      for (const name of jobs) await dkron.create({ name, executor_config: { command, shell: 'true' } });
      for (const name of jobs) await dkron.run(name);
      const queued = async (): Promise<{ readonly job: string }[]> =>
        JSON.parse((await node.request({ method: 'GET', path: '/v1/launches?state=queued' })).text);
      expect((await queued()).map(({ job }) => job)).toEqual(['three', 'four']);
      expect((await queued())[0]).toMatchObject({ node: 'n0', attempt: 1 });
      await node.kill();
      await node.boot();
      for (const name of ['three', 'four']) {
        const [ended] = await dkron.untilEnded(name, 1);
        expect(ended).toMatchObject({ success: true });
      }
      expect(await queued()).toEqual([]);
      // Nothing runs: what was killed left its marks.
      writeFileSync(file, '');
      for (const name of jobs) await dkron.run(name);
      for (const name of jobs) await dkron.untilEnded(name, 2);
      const marks = readFileSync(file, 'utf8').split('\n').slice(0, -1);
      expect(mostAtOnce(marks)).toBe(2);
    });
  });
});

function mostAtOnce(marks: readonly string[]): number {
  let running = 0;
  let most = 0;
  for (const mark of marks) {
    running += mark === 'start' ? 1 : -1;
    most = Math.max(most, running);
  }
  return most;
}
