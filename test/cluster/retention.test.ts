import { describe, expect, it } from 'vitest';
import { waitUntil } from '../support/wait-until.ts';
import { DkronClient, isRunning } from './support/dkron-client.ts';
import { SharedNode } from './support/shared-node.ts';

describe('retention on one node', () => {
  const node = new SharedNode();
  const dkron = new DkronClient(node);
  const job = { executor_config: { command: 'echo hi' } };

  it('keeps the latest executions, and fewer when the count is lowered', async () => {
    await dkron.create({ ...job, name: 'counted', retention: { count: 5 } });
    for (let run = 0; run < 7; run += 1) await dkron.run('counted', '?wait');
    const five = await dkron.executions('counted');
    expect(five).toHaveLength(5);
    await dkron.create({ ...job, name: 'counted', retention: { count: 2 } });
    expect(await dkron.executions('counted')).toEqual(five.slice(-2));
    const listed = await node.request({ method: 'GET', path: '/v1/jobs/counted/executions' });
    expect(listed.headers['x-total-count']).toBe('2');
    expect(await dkron.job('counted')).toMatchObject({ success_count: 7, status: 'success' });
  });

  it('drops what ended too long ago, after a restart too, and never what runs', { timeout: 60_000 }, async () => {
    const sleeps = { command: 'sleep 300' };
    await dkron.create({ ...job, name: 'aged', retention: { age: '3s' } });
    await dkron.run('aged', '?wait');
    await dkron.create({ name: 'aged', executor_config: sleeps, retention: { age: '3s' } });
    await dkron.run('aged');
    const left = await dkron.untilExecutions('aged', 'only one runs', (executions) => executions.length === 1);
    expect(left.map(isRunning)).toEqual([true]);
    await dkron.create({ ...job, name: 'left', retention: { age: '3s' } });
    await dkron.run('left', '?wait');
    await node.killAndBoot();
    await dkron.untilExecutions('left', 'none is left', (executions) => executions.length === 0);
    // Its end is that it was lost with the node; that gets old too.
    await waitUntil(async () => (await dkron.executions('aged')).length === 0, {
      what: 'the lost execution goes',
      deadlineMs: 30_000,
    });
    expect(await dkron.job('aged')).toMatchObject({ success_count: 1, error_count: 1 });
  });
});
