import { describe, expect, it } from 'vitest';
import { AnswerGate } from '../support/answer-gate.ts';
import { type NodeProcess, withNode } from '../support/node-process.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { skipWithoutTerminal } from '../support/terminal-process.ts';
import { waitUntil } from '../support/wait-until.ts';
import { type Ended, run, runOnTerminal } from './support/cli-process.ts';
import { DkronClient } from './support/dkron-client.ts';

/** `APPLY_JOBS=10000`: as many as users have. */
const manyJobs = Number(process.env.APPLY_JOBS ?? 300);

/** Files with ten jobs each in three folders; the first of a file is the parent of the nine others in the file before. */
function writeJobs(folder: TemporaryFolder, count: number): string[] {
  const names: string[] = [];
  const files = count / 10;
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

/** A node, and a folder that goes with it. */
async function withFolder(test: (node: NodeProcess, folder: TemporaryFolder) => Promise<void>): Promise<void> {
  const folder = new TemporaryFolder();
  try {
    await withNode({}, (node) => test(node, folder));
  } finally {
    folder.remove();
  }
}

/** The percentages of a progress bar that was drawn again and again on one line. */
function drawnPercents(written: string): number[] {
  const bars = written.split('\n').filter((line) => line.includes('Applying ['));
  expect(bars).toHaveLength(1);
  return [...(bars[0] ?? '').matchAll(/\rApplying \[(#*)\.*\] (\d+)% \d+\/\d+/g)].map(([, filled = '', percent]) => {
    expect(filled).toHaveLength(Math.floor((Number(percent) / 100) * 30));
    return Number(percent);
  });
}

/** `from`, `from + 1`, … `to`: each once. */
const percents = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, at) => from + at);

const apply = ['jobs', 'apply', '-f', '.', '--prune', '--yes'];

describe('carillon jobs apply on a terminal', () => {
  skipWithoutTerminal();

  it(`of ${manyJobs} jobs shows a bar; killed half-way and repeated, it ends in the same state`, {
    timeout: 900_000,
  }, async () => {
    await withFolder(async (node, folder) => {
      const dkron = new DkronClient(node);
      const names = writeJobs(folder, manyJobs);
      await dkron.create({ name: 'extra' });
      await dkron.create({ name: 'extra-child', parent_job: 'extra' });
      const half = manyJobs / 2;

      // Half of the jobs are acknowledged; others are stored, and whoever sent them doesn't know.
      const gate = await AnswerGate.open(node.httpPort, half);
      try {
        await runOnTerminal(gate, apply, { directory: folder.path }, async (terminal) => {
          await terminal.untilShown('] 49% ', { deadlineMs: 300_000 });
          await waitUntil(async () => (await dkron.jobNames()).length > half, { what: 'half of the jobs are stored' });
          terminal.kill('SIGKILL');
          expect(await terminal.ended).toEqual({ code: 137, isRestored: true });
          expect(drawnPercents(terminal.written)).toEqual(percents(0, 49));
          expect(terminal.screen.colours).toBeGreaterThan(0);
        });
      } finally {
        gate.close();
      }
      const atKill = await dkron.jobNames();
      expect(atKill).toContain('extra');
      expect(atKill.length).toBeGreaterThan(half);
      expect(atKill.length).toBeLessThan(half + 100);

      await runOnTerminal(node, apply, { directory: folder.path, env: { NO_COLOR: '1' } }, async (terminal) => {
        expect(await terminal.ended).toEqual({ code: 0, isRestored: true });
        expect(terminal.written).toContain('- extra-child\r\n- extra\r\n+ job-');
        expect(drawnPercents(terminal.written).at(-1)).toBe(100);
        expect(terminal.screen.text).toMatch(/ to create, 0 to change, 2 to prune, \d+ unchanged\nApplied$/);
        expect(terminal.screen.text).not.toContain('%');
        expect(terminal.screen.colours).toBe(0);
      });
      expect(await dkron.jobNames()).toEqual(names);
      const diff = await run(node, folder.path, ['jobs', 'diff', '-f', '.', '--prune']);
      expect(diff.out).toBe(`0 to create, 0 to change, 0 to prune, ${manyJobs} unchanged\n`);
    });
  });

  it('asks there, and takes Ctrl-C and Ctrl-D for no', { timeout: 60_000 }, async () => {
    await withFolder(async (node, folder) => {
      const dkron = new DkronClient(node);
      folder.write('a.json', { name: 'a', schedule: '@manually', executor: 'shell' });
      const question = 'Make these changes? [y/N]';
      for (const [keys, code, shown] of [
        ['\u0003', 130, /\[y\/N\] \^C$/],
        ['\u0004', 0, /\[y\/N\]$/],
        ['no\n', 0, /\[y\/N\] no$/],
        ['y\n', 0, /\[y\/N\] y\nApplied$/],
      ] as const) {
        expect(await dkron.jobNames()).toEqual([]);
        await runOnTerminal(node, ['jobs', 'apply', '-f', '.'], { directory: folder.path }, async (terminal) => {
          await terminal.untilShown(question);
          terminal.type(keys);
          expect(await terminal.ended).toEqual({ code, isRestored: true });
          expect(terminal.screen.text).toMatch(shown);
        });
      }
      expect(await dkron.jobNames()).toEqual(['a']);
    });
  });

  it('says at Ctrl-C how far it came, and how to go on', { timeout: 60_000 }, async () => {
    await withFolder(async (node, folder) => {
      writeJobs(folder, 100);
      const gate = await AnswerGate.open(node.httpPort, 30);
      try {
        await runOnTerminal(
          gate,
          apply,
          { directory: folder.path, size: { columns: 120, rows: 24 } },
          async (terminal) => {
            await terminal.untilShown('] 30% 30/100');
            terminal.type('\u0003');
            expect(await terminal.ended).toEqual({ code: 130, isRestored: true });
            expect(terminal.screen.text).toMatch(
              /\n100 to create, .*\nError: interrupted; 30 of 100 changes are made, and the same command makes the others$/,
            );
          },
        );
      } finally {
        gate.close();
      }
    });
  });
});

describe('carillon jobs apply', () => {
  it('prunes what is in no file, but no parent of what stays, and shows no bar to a pipe', {
    timeout: 60_000,
  }, async () => {
    await withFolder(async (node, folder) => {
      const dkron = new DkronClient(node);
      const names = writeJobs(folder, 300);
      const applied = await run(node, folder.path, apply);
      expect([applied.code, applied.error]).toEqual([0, '']);
      expect(applied.out).not.toContain('\u001b');
      expect(await dkron.jobNames()).toEqual(names);

      // More than a pipe holds at once.
      const listed = await run(node, folder.path, ['jobs', 'list', '--json']);
      expect(listed.out.length).toBeGreaterThan(100_000);
      expect(JSON.parse(listed.out)).toHaveLength(names.length);

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
