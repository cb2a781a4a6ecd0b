import { describe, expect, it } from 'vitest';
import { NodeProcess, withNode } from '../support/node-process.ts';
import { waitUntil } from '../support/wait-until.ts';
import { DkronClient, isRunning } from './support/dkron-client.ts';

const epochMs = (instant: string): number => Date.parse(instant);

describe('a node that ends and comes back', () => {
  it('runs a job by its schedule, shows its output, and goes on in phase after kill -9', {
    timeout: 90_000,
  }, async () => {
    await withNode({}, async (node) => {
      const dkron = new DkronClient(node);
      const periodMs = 3_000;
      await dkron.create({ name: 'job1', schedule: '@every 3s', executor_config: { command: 'date' } });
      const { next: firstNext } = await dkron.job('job1');
      const before = await dkron.untilEnded('job1', 2);
      for (const execution of before.filter((candidate) => !isRunning(candidate))) {
        expect(execution.success).toBe(true);
        expect(execution.output).toMatch(/UTC/);
      }

      await node.kill();
      await node.boot();

      const after = await dkron.executions('job1');
      const known = new Set(after.map((execution) => execution.id));
      for (const execution of before) expect(known, `execution ${execution.id}`).toContain(execution.id);
      const { next } = await dkron.job('job1');
      expect((epochMs(next) - epochMs(firstNext)) % periodMs).toBe(0);
      await dkron.untilEnded('job1', after.length + 1);
      const { next: laterNext } = await dkron.job('job1');
      expect((epochMs(laterNext) - epochMs(firstNext)) % periodMs).toBe(0);
    });
  });

  it('keeps every job whose creation it acknowledged, through kill -9 at any moment', {
    timeout: 120_000,
  }, async () => {
    await withNode({}, async (node) => {
      const dkron = new DkronClient(node);
      const acknowledged: string[] = [];
      for (const [life, killAfter] of [1, 5, 17, 60].entries()) {
        const killAt = acknowledged.length + killAfter;
        await createUntilKilled(node, `life-${life}`, acknowledged, killAt);
        await node.boot();
        const names = new Set(await dkron.jobNames());
        expect(acknowledged.filter((name) => !names.has(name))).toEqual([]);
      }
      expect(acknowledged.length).toBeGreaterThanOrEqual(83);
    });
  });

  it('keeps deletions and toggles that it acknowledged', async () => {
    await withNode({}, async (node) => {
      const dkron = new DkronClient(node);
      for (const name of ['stays', 'goes', 'turns']) await dkron.create({ name, executor_config: { command: 'true' } });
      expect((await node.request({ method: 'POST', path: '/v1/jobs/turns/toggle' })).status).toBe(200);
      expect((await node.request({ method: 'DELETE', path: '/v1/jobs/goes' })).status).toBe(200);
      await node.kill();
      await node.boot();
      expect(await dkron.jobNames()).toEqual(['stays', 'turns']);
      expect((await dkron.job('turns')).disabled).toBe(true);
      expect((await dkron.job('stays')).disabled).toBe(false);
    });
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('stops on %s with code 0 and loses nothing', async (signal) => {
    await withNode({ flags: ['--drain-timeout=100ms'] }, async (node) => {
      const dkron = new DkronClient(node);
      await dkron.create({ name: 'done', executor_config: { command: 'echo hi' } });
      await dkron.run('done', '?wait');
      await dkron.create({ name: 'busy', executor_config: { command: 'sleep 60' } });
      await dkron.run('busy');
      await dkron.untilExecutions('busy', 'one runs', (executions) => executions.some(isRunning));
      const before = await dkron.executions('done');

      expect(await node.stop(signal)).toEqual({ code: 0, signal: null });
      await node.boot();

      expect(await dkron.executions('done')).toEqual(before);
      expect((await dkron.job('done')).success_count).toBe(1);
      const [stopped, ...others] = await dkron.untilEnded('busy', 1);
      expect(others).toEqual([]);
      expect(stopped?.success).toBe(false);
      expect(stopped?.output).not.toBe(undefined);
      expect((await dkron.job('busy')).error_count).toBe(1);
    });
  });

  it('launches what became due while it was down as the job’s catchup says', { timeout: 90_000 }, async () => {
    await withNode({}, async (node) => {
      const dkron = new DkronClient(node);
      const secondsFromNow = (seconds: number): number => (Math.ceil(Date.now() / 1000) + seconds) * 1000;
      const [firstMs, lastMs] = [secondsFromNow(5), secondsFromNow(9)];
      const policies = {
        unsaid: undefined,
        few: { policy: 'all', cap: 2 },
        once: { policy: 'once' },
        skip: { policy: 'skip' },
        short: { policy: 'all', window: '1s' },
      };
      for (const [name, catchup] of Object.entries(policies)) {
        await dkron.create({
          name,
          schedule: '* * * * * *',
          starts_at: new Date(firstMs).toISOString(),
          expires_at: new Date(lastMs).toISOString(),
          executor_config: { command: 'echo $CARILLON_SCHEDULED_AT', shell: 'true' },
          catchup,
        });
      }
      await node.kill();
      await waitUntil(() => Date.now() > lastMs + 1_500, { what: 'the due times are over' });
      await node.boot();

      for (const [name, launched] of Object.entries({ unsaid: 5, few: 2, once: 1, skip: 0, short: 0 })) {
        const executions = await dkron.untilEnded(name, launched);
        const times = executions.map(({ output = '' }) => (Date.parse(output.trim()) - firstMs) / 1000);
        expect(times, name).toEqual([0, 1, 2, 3, 4].slice(5 - launched));
        await waitUntil(async () => (await missedOf(node, name)) === 5 - launched, { what: `${name}: what it missed` });
      }
    });
  });

  it('refuses to start twice on the same data', async () => {
    await withNode({}, async (node) => {
      const twin = await NodeProcess.start({ flags: [`--data-dir=${node.dataDir}/data`] }).then(
        async (started) => {
          await started.dispose();
          return 'started';
        },
        (error: unknown) => String(error),
      );
      expect(twin).toContain('ended before it served');
      expect((await node.request({ method: 'GET', path: '/health/ready' })).status).toBe(200);
    });
  });
});

/** Creates jobs, several at a time, and kills the node when so many were acknowledged in all. */
async function createUntilKilled(
  node: NodeProcess,
  prefix: string,
  acknowledged: string[],
  killAt: number,
): Promise<void> {
  let serial = 0;
  const createSome = async (): Promise<void> => {
    while (node.running && acknowledged.length < killAt) {
      const name = `${prefix}-${serial++}`;
      const body = JSON.stringify({ name, schedule: '@manually', executor: 'shell' });
      // A request that the kill cuts off has no answer, and promises nothing.
      const answer = await node.request({ method: 'POST', path: '/v1/jobs', body }).catch(() => undefined);
      if (answer !== undefined) {
        expect(answer.status).toBe(201);
        acknowledged.push(name);
      }
    }
  };
  const creators = Array.from({ length: 4 }, createSome);
  await waitUntil(() => acknowledged.length >= killAt, { what: `${killAt} acknowledged jobs`, intervalMs: 1 });
  await node.kill();
  await Promise.all(creators);
}

/** How many due times of a job nobody launched. */
async function missedOf(node: NodeProcess, name: string): Promise<number> {
  const { text } = await node.request({ method: 'GET', path: `/v1/launches?state=missed&job=${name}` });
  const notes: readonly { readonly count: number }[] = JSON.parse(text);
  return notes.reduce((sum, { count }) => sum + count, 0);
}
