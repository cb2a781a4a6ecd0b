import { describe, expect, it } from 'vitest';
import { withNode } from '../support/node-process.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { waitUntil } from '../support/wait-until.ts';
import { type Ended, run, start } from './support/cli-process.ts';
import { DkronClient } from './support/dkron-client.ts';

/** `APPLY_JOBS=10000`: as many as users have. */
const jobCount = Number(process.env.APPLY_JOBS ?? 300);

/** Files with ten jobs each in three folders; the first of a file is the parent of the nine others in the file before. */
function writeJobs(folder: TemporaryFolder): string[] {
  const names: string[] = [];
  const files = jobCount / 10;
  const nameOf = (number: number): string => `job-${String(number).padStart(5, '0')}`;
  for (let file = 0; file < files; file += 1) {
    const jobs = Array.from({ length: 10 }, (_, index) => {
      const name = nameOf(file * 10 + index);
      const parent = index === 0 || file === files - 1 ? '' : nameOf((file + 1) * 10);
      names.push(name);
      return {
        name,
        schedule: '@manually',
        executor: 'shell',
        executor_config: { command: 'true' },
        parent_job: parent,
      };
    });
    folder.write(`team-${file % 3}/jobs-${String(file).padStart(4, '0')}.json`, { jobs });
  }
  return names;
}

describe('carillon jobs apply', () => {
  it(`of ${jobCount} jobs, killed half-way and repeated, ends in the same state`, { timeout: 900_000 }, async () => {
    const folder = new TemporaryFolder();
    try {
      await withNode({}, async (node) => {
        const dkron = new DkronClient(node);
        const names = writeJobs(folder);
        await dkron.create({ name: 'extra' });
        await dkron.create({ name: 'extra-child', parent_job: 'extra' });

        const apply = ['jobs', 'apply', '-f', '.', '--prune', '--yes'];
        const [child, ended] = start(node, folder.path, apply);
        await waitUntil(async () => (await dkron.jobNames()).length >= jobCount / 8, {
          what: 'some jobs are there',
          deadlineMs: 120_000,
          intervalMs: 1,
        });
        child.kill('SIGKILL');
        await ended;
        expect(await dkron.jobNames()).toContain('extra');

        const repeated = await run(node, folder.path, apply);
        expect([repeated.code, repeated.error]).toEqual([0, '']);
        expect(repeated.out).toContain('- extra-child\n- extra\n');
        expect(await dkron.jobNames()).toEqual(names);
        const diff = await run(node, folder.path, ['jobs', 'diff', '-f', '.', '--prune']);
        expect(diff.out).toBe(`0 to create, 0 to change, 0 to prune, ${jobCount} unchanged\n`);

        // More than a pipe holds at once.
        const listed = await run(node, folder.path, ['jobs', 'list', '--json']);
        expect(listed.out.length).toBeGreaterThan(100_000);
        expect(JSON.parse(listed.out)).toHaveLength(jobCount);

        folder.delete('team-0');
        folder.write('root.json', { name: 'job-00000', schedule: '@manually', executor: 'shell', owner: 'me' });
        const refused = await run(node, folder.path, apply);
        expect([refused.code, refused.error]).toEqual([
          3,
          expect.stringMatching(/neither in the files nor|would be pruned/),
        ]);
        for (const team of ['team-1', 'team-2']) folder.delete(team);
        const pruned = await run(node, folder.path, apply);
        expect([pruned.code, pruned.error]).toEqual([0, '']);
        expect(await dkron.jobNames()).toEqual(['job-00000']);
      });
    } finally {
      folder.remove();
    }
  });
});

describe('carillon jobs run --wait', () => {
  it('ends with the code of how the job went', { timeout: 60_000 }, async () => {
    await withNode({}, async (node) => {
      const dkron = new DkronClient(node);
      await dkron.create({ name: 'good', executor_config: { command: 'echo done' } });
      await dkron.create({ name: 'bad', executor_config: { command: 'false' } });
      const carillon = (...args: string[]): Promise<Ended> => run(node, node.dataDir, args);
      expect(await carillon('jobs', 'run', '--wait', 'good')).toMatchObject({ code: 0, out: 'good succeeded\n' });
      expect(await carillon('jobs', 'run', '--wait', 'bad')).toMatchObject({ code: 5, out: '' });
      expect(await carillon('executions', 'logs', 'good')).toMatchObject({ code: 0, out: 'done\n' });
      expect((await carillon('executions', 'list', 'bad')).out).toMatch(/ failed /);
      expect((await carillon('jobs', 'get', 'nobody')).code).toBe(2);
      await node.kill();
      expect((await carillon('jobs', 'list')).code).toBe(4);
    });
  });
});
