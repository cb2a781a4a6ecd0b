import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { withNode } from '../support/node-process.ts';
import { waitUntil } from '../support/wait-until.ts';
import { DkronClient } from './support/dkron-client.ts';
import { endProcesses, processesWith } from './support/marked-processes.ts';

const lines = (file: string): string[] => {
  try {
    return readFileSync(file, 'utf8').split('\n').slice(0, -1);
  } catch {
    return [];
  }
};

describe.runIf(process.platform === 'linux')('kill -9 while a job runs', () => {
  /** Descendants that left the process group and the session, and one whose parent is gone. */
  const family = [
    'sleep 300 &',
    'setsid sleep 301 &',
    '(setsid sh -c "sleep 302 & sleep 303" &) ;',
    'echo started; sleep 304',
  ].join(' ');

  it('leaves no process of it after the restart, and records the loss', { timeout: 90_000 }, async () => {
    const marker = `CARILLON_TEST_FAMILY=${randomUUID()}`;
    try {
      await withNode({}, async (node) => {
        const dkron = new DkronClient(node);
        const config = { command: family, shell: 'true', env: marker };
        await dkron.create({ name: 'family', executor_config: config });
        await dkron.run('family');
        await waitUntil(() => processesWith(marker).length >= 5, {
          what: 'the whole family runs',
          seen: () => String(processesWith(marker)),
        });

        await node.kill();
        expect(processesWith(marker).length).toBeGreaterThan(0);
        await node.boot();

        await waitUntil(() => processesWith(marker).length === 0, {
          what: 'no process of the job is left',
          seen: () => String(processesWith(marker)),
        });
        const executions = await dkron.untilEnded('family', 1);
        expect(executions).toHaveLength(1);
        expect(executions[0]?.success).toBe(false);
        expect(executions[0]?.output).toMatch(/lost|restart|ended/i);
        const job = await dkron.job('family');
        expect([job.status, job.success_count, job.error_count]).toEqual(['failed', 0, 1]);
      });
    } finally {
      endProcesses(processesWith(marker));
    }
  });

  it('runs a lost execution again when the job asks for it, and only then', { timeout: 90_000 }, async () => {
    await withNode({}, async (node) => {
      const dkron = new DkronClient(node);
      const file = path.join(node.dataDir, 'starts');
      const config = { command: `echo $CARILLON_JOB_NAME >> ${file}; [ -e ${file}.go ] || sleep 300`, shell: 'true' };
      await dkron.create({ name: 'again', executor_config: config, on_lost: 'rerun' });
      await dkron.create({ name: 'once', executor_config: config });
      await dkron.run('again');
      await dkron.run('once');
      await waitUntil(() => lines(file).length === 2, { what: 'both started' });

      await node.kill();
      writeFileSync(`${file}.go`, '');
      await node.boot();

      const again = await dkron.untilEnded('again', 2);
      expect(again.map((execution) => execution.success)).toEqual([false, true]);
      expect(again[1]?.group).toBe(again[0]?.group);
      const once = await dkron.untilEnded('once', 1);
      expect(once.map((execution) => execution.success)).toEqual([false]);
      expect(lines(file).sort()).toEqual(['again', 'again', 'once']);
    });
  });
});

describe('a job due once, with a crash around its time (P1)', () => {
  const dueInMs = 4_000;

  it.each([
    ['before it, back before it', -2_500, -1_500],
    ['before it, back after it', -1_000, 500],
    ['close before it, back after it', -50, 500],
    ['close after it, back later', 50, 500],
  ])('is launched once: killed %s', { timeout: 60_000 }, async (_what, killAtMs, backAtMs) => {
    await withNode({}, async (node) => {
      const dkron = new DkronClient(node);
      const file = path.join(node.dataDir, 'starts');
      const dueAtMs = Date.now() + dueInMs;
      const at = (offsetMs: number): Promise<unknown> =>
        waitUntil(() => Date.now() >= dueAtMs + offsetMs, { what: `${offsetMs} ms from the due time`, intervalMs: 1 });
      await dkron.create({
        name: 'single',
        schedule: `@at ${new Date(dueAtMs).toISOString()}`,
        executor_config: { command: `echo x >> ${file}`, shell: 'true' },
      });
      await at(killAtMs);
      await node.kill();
      await at(backAtMs);
      await node.boot();

      const executions = await dkron.untilEnded('single', 1);
      expect(executions).toHaveLength(1);
      // A start that the crash cut off is recorded as lost; a process that ran is never run again.
      expect(lines(file).length).toBeLessThanOrEqual(1);
      if (executions[0]?.success === true) expect(lines(file)).toHaveLength(1);

      await node.kill();
      await node.boot();
      await dkron.create({ name: 'after', executor_config: { command: 'true' } });
      await dkron.run('after', '?wait');
      expect(await dkron.executions('single')).toEqual(executions);
    });
  });
});
