import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type NodeProcess, withNode } from '../support/node-process.ts';
import { DkronClient } from './support/dkron-client.ts';

const threadsOf = ({ pid }: NodeProcess): number => readdirSync(`/proc/${pid}/task`).length;

describe('a compact node: all actors on one thread', { timeout: 90_000 }, () => {
  it('runs jobs by schedule and by hand, and has them and their executions after a stop and after kill -9', async () => {
    await withNode({ flags: ['--threads=compact'] }, async (node) => {
      const dkron = new DkronClient(node);
      await dkron.create({ name: 'tick', schedule: '@every 1s', executor_config: { command: 'date' } });
      await dkron.create({
        name: 'once',
        executor_config: { command: 'echo "$CARILLON_JOB_NAME"', shell: 'true' },
        processors: { log: { forward: 'true' } },
      });
      await dkron.run('once', '?wait');
      const first = await dkron.untilEnded('tick', 2);
      expect((await dkron.executions('once')).map(({ success, output }) => [success, output])).toEqual([
        [true, 'once\n'],
      ]);

      expect((await node.stop()).code).toBe(0);
      await node.boot();
      await dkron.run('once', '?wait');
      await node.kill();
      await node.boot();
      expect(await dkron.executions('once')).toHaveLength(2);
      const later = await dkron.untilEnded('tick', first.length + 2);
      const known = later.map(({ id }) => id);
      for (const { id } of first) expect(known).toContain(id);
      expect((await dkron.job('once')).success_count).toBe(2);
      expect((await node.stop()).code).toBe(0);
    });
  });

  it.runIf(process.platform === 'linux')('has fewer threads than a node with one for each actor', async () => {
    let threads = 0;
    await withNode({ flags: ['--threads=compact'] }, async (node) => {
      threads = threadsOf(node);
    });
    await withNode({}, async (node) => {
      expect(threadsOf(node)).toBeGreaterThanOrEqual(threads + 8);
    });
  });
});
