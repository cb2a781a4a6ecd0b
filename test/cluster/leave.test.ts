import { expect, it } from 'vitest';
import { withNode } from '../support/node-process.ts';
import { waitUntil } from '../support/wait-until.ts';
import { DkronClient } from './support/dkron-client.ts';

it('answers that it has left, exits with 0, and comes back with everything', { timeout: 60_000 }, async () => {
  await withNode({}, async (node) => {
    const dkron = new DkronClient(node);
    await dkron.create({ name: 'job1', executor_config: { command: 'true' } });
    const answer = await node.request({ method: 'POST', path: '/v1/leave' });
    expect(answer.status).toBe(200);
    await waitUntil(() => !node.running, { what: 'the process ends', seen: () => node.log });
    expect(node.log).toMatch(/ended: code 0, signal null/);
    await node.boot();
    expect(await dkron.jobNames()).toEqual(['job1']);
  });
});
