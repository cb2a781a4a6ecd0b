import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { NodeProcess } from '../support/node-process.ts';
import { waitUntil } from '../support/wait-until.ts';
import { DkronClient, isRunning, type ShownExecution } from './support/dkron-client.ts';
import { endProcesses, processesWith } from './support/marked-processes.ts';

/** What one node does with executions that are stopped, replaced or have to wait: real processes. */
describe('policies of jobs on one node', () => {
  let node: NodeProcess;
  let dkron: DkronClient;
  beforeAll(async () => {
    node = await NodeProcess.start();
    dkron = new DkronClient(node);
  });
  afterAll(async () => node?.dispose());
  const logOnFailure = (): void => onTestFailed(() => console.error(`--- log of the node\n${node.log}--- end of log`));

  const stop = async (job: string, { id }: ShownExecution, query = '') => {
    const answer = await node.request({ method: 'POST', path: `/v1/jobs/${job}/executions/${id}/stop${query}` });
    return { status: answer.status, code: String(answer.headers['carillon-error']).split(';')[0], text: answer.text };
  };

  it('stops an execution with all of its descendants, and retries it not', { timeout: 60_000 }, async () => {
    logOnFailure();
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

  it('kills what ignores TERM, also after it was killed itself', { timeout: 60_000 }, async () => {
    logOnFailure();
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
    await node.kill();
    await node.boot();
    const [ended, ...others] = await dkron.untilExecutions('deaf', 'ended', (all) => !all.some(isRunning));
    expect([ended?.success, others]).toEqual([false, []]);
    expect(ended?.output).toContain('[carillon: stopped by request]');
    expect(processesWith(marker)).toEqual([]);
  });
});
