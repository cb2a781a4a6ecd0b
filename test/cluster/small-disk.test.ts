import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { type NodeProcess, withNode } from '../support/node-process.ts';
import { waitUntil } from '../support/wait-until.ts';
import { DkronClient } from './support/dkron-client.ts';
import { SmallDisk } from './support/small-disk.ts';

const DISK_BYTES = 64 << 20;
/** Far below the reserve (a twentieth of the disk), and far above what some launches and ends need. */
const ON_RESERVE_BYTES = 2 << 20;

/** Creates a job of about 4 KiB; gives the status and the code of a refusal. */
async function create(node: NodeProcess, name: string): Promise<[number, string]> {
  const job = { name, schedule: '@manually', executor: 'shell', executor_config: { command: 'true' } };
  const body = JSON.stringify({ ...job, metadata: { filling: 'x'.repeat(4_000) } });
  const answer = await node.request({ method: 'POST', path: '/v1/jobs', body });
  return [answer.status, String(answer.headers['carillon-error'] ?? '').split(';')[0] ?? ''];
}

describe('a node on a small disk', { timeout: 120_000 }, () => {
  it('refuses changes of clients when it is full, goes on launching, and recovers', async ({ skip }) => {
    const disk = SmallDisk.mount(DISK_BYTES);
    if (typeof disk === 'string') return skip(disk);
    try {
      await withNode({ flags: [`--data-dir=${path.join(disk.directory, 'data')}`] }, (node) => fillAndFree(node, disk));
    } finally {
      disk.unmount();
    }
  });
});

async function fillAndFree(node: NodeProcess, disk: SmallDisk): Promise<void> {
  const dkron = new DkronClient(node);
  await dkron.create({ name: 'tick', schedule: '@every 1s', executor_config: { command: 'date' } });
  const acknowledged = ['tick'];
  const createMany = async (prefix: string, count: number): Promise<void> => {
    for (let at = 0; at < count; at += 1) {
      const name = `${prefix}-${at}`;
      if ((await create(node, name))[0] === 201) acknowledged.push(name);
    }
  };
  await createMany('first', 50);
  expect(acknowledged).toHaveLength(51);
  const before = await dkron.untilEnded('tick', 2);

  disk.fill(ON_RESERVE_BYTES);
  expect(await create(node, 'refused')).toEqual([507, 'storage_full']);
  expect(await dkron.jobNames()).toHaveLength(51);
  // Launches and ends are committed from the reserve.
  const meanwhile = await dkron.untilEnded('tick', before.length + 3);
  expect(meanwhile.filter(({ success }) => !success)).toEqual([]);

  disk.fill(0);
  await waitUntil(() => /no space/.test(node.log), { what: 'the node finds no space', seen: () => node.log });
  expect(await create(node, 'refused-too')).toEqual([507, 'storage_full']);
  expect(await dkron.jobNames()).toHaveLength(51);

  disk.empty();
  await waitUntil(async () => (await create(node, 'again'))[0] === 201, { what: 'the node takes changes again' });
  acknowledged.push('again');
  await createMany('second', 50);
  expect(acknowledged).toHaveLength(102);
  const count = (await dkron.job('tick')).success_count;
  await waitUntil(async () => (await dkron.job('tick')).success_count >= count + 2, { what: 'launches go on' });

  await node.kill();
  await node.boot();
  expect(await dkron.jobNames()).toEqual(acknowledged.sort());
  const known = new Set((await dkron.executions('tick')).map(({ id }) => id));
  for (const { id } of meanwhile) expect(known).toContain(id);
  await dkron.run('first-0', '?wait');
  expect((await node.stop()).code).toBe(0);
}
