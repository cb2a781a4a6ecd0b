import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { type NodeProcess, withNode } from '../support/node-process.ts';
import { waitUntil } from '../support/wait-until.ts';
import { DkronClient } from './support/dkron-client.ts';
import { SmallDisk } from './support/small-disk.ts';

const DISK_BYTES = 64 << 20;
/** Far below the reserve (a twentieth of the disk), and far above what some launches and ends need. */
const ON_RESERVE_BYTES = 2 << 20;

/** Changes on their way while the disk fills up. */
const WRITERS = 8;
const refusal = [507, 'storage_full; The disk is full: free space on the servers.'];

/** Sends a request; gives its status, and the error that it was refused with. */
async function ask(node: NodeProcess, method: string, path: string, body = ''): Promise<[number, string]> {
  const answer = await node.request({ method, path, body });
  return [answer.status, String(answer.headers['carillon-error'] ?? '')];
}

/** Creates a job of about 4 KiB. */
async function create(node: NodeProcess, name: string): Promise<[number, string]> {
  const job = { name, schedule: '@manually', executor: 'shell', executor_config: { command: 'true' } };
  const body = JSON.stringify({ ...job, metadata: { filling: 'x'.repeat(4_000) } });
  return ask(node, 'POST', '/v1/jobs', body);
}

/** Several clients create jobs, one after the other, until they are refused for lack of space; gives what was taken. */
async function createUntilFull(node: NodeProcess, prefix: string): Promise<readonly string[]> {
  const taken: string[] = [];
  const write = async (writer: number): Promise<void> => {
    for (let at = 0; ; at += 1) {
      const name = `${prefix}-${writer}-${at}`;
      const outcome = await create(node, name);
      if (outcome[0] !== 201) return expect(outcome).toEqual(refusal);
      taken.push(name);
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
  return taken;
}

/** Everything that is read is answered. */
async function readAll(node: NodeProcess, jobs: number): Promise<void> {
  const dkron = new DkronClient(node);
  expect(await dkron.jobNames()).toHaveLength(jobs);
  const [execution] = await dkron.executions('tick');
  const paths = ['', '/executions', `/executions/${execution?.id}`, `/executions/${execution?.id}/output`];
  for (const path of paths) expect(await ask(node, 'GET', `/v1/jobs/tick${path}`), path).toEqual([200, '']);
  for (const path of ['/health', '/health/ready', '/metrics', '/v1/busy', '/v1/stats']) {
    expect(await ask(node, 'GET', path), path).toEqual([200, '']);
  }
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

  let writing = createUntilFull(node, 'while-filling');
  disk.fill(ON_RESERVE_BYTES);
  acknowledged.push(...(await writing));
  expect(await create(node, 'refused')).toEqual(refusal);
  expect(await ask(node, 'POST', '/v1/jobs/first-1/toggle')).toEqual(refusal);
  await readAll(node, acknowledged.length);
  // What gives space back is taken.
  expect(await ask(node, 'DELETE', '/v1/jobs/first-2')).toEqual([200, '']);
  acknowledged.splice(acknowledged.indexOf('first-2'), 1);
  // Launches and ends are committed from the reserve.
  const meanwhile = await dkron.untilEnded('tick', before.length + 3);
  expect(meanwhile.filter(({ success }) => !success)).toEqual([]);

  disk.fill(0);
  await waitUntil(() => /no space/.test(node.log), { what: 'the node finds no space', seen: () => node.log });
  expect(await create(node, 'refused-too')).toEqual(refusal);
  await readAll(node, acknowledged.length);

  disk.empty();
  await waitUntil(async () => (await create(node, 'again'))[0] === 201, { what: 'the node takes changes again' });
  acknowledged.push('again');
  const beforeSecond = acknowledged.length;
  await createMany('second', 50);
  expect(acknowledged).toHaveLength(beforeSecond + 50);
  // From plenty to nothing at once, in the midst of commits.
  writing = createUntilFull(node, 'from-plenty');
  disk.fill(0);
  acknowledged.push(...(await writing));
  await readAll(node, acknowledged.length);
  disk.empty();
  await waitUntil(async () => (await create(node, 'once-more'))[0] === 201, { what: 'the node takes changes again' });
  acknowledged.push('once-more');
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
