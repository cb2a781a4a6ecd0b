import { appendFileSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FrameParser } from '../../../src/wire/backup/frames.ts';
import { backupBytes } from '../../support/backups.ts';
import { noTerminal } from '../../support/cli.ts';
import { HttpApi } from '../../support/http-api.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const terminal = { ...noTerminal, isOutputTty: true, isErrorTty: true };

describe('carillon backup and restore', () => {
  let source: HttpApi;
  let target: HttpApi;
  let folder: TemporaryFolder;

  beforeEach(async () => {
    folder = new TemporaryFolder();
    source = await HttpApi.start();
    target = await HttpApi.start();
    for (const name of ['a', 'b', 'c']) source.create({ name, executor_config: { command: 'echo out' } });
    source.create({ name: 'child', parent_job: 'c' });
    source.harness.state.run('a');
    source.harness.runToEnd();
  });

  afterEach(() => {
    source.close();
    target.close();
    folder.remove();
  });

  const backup = (...args: string[]) => source.cli(['backup', ...args], terminal, folder.path);
  const restore = (...args: string[]) => target.cli(['restore', ...args], terminal, folder.path);

  it('write a file and bring it back, with progress for who looks', async () => {
    const made = await backup('-o', 'x.backup');
    expect(made).toMatchObject({
      exitCode: 0,
      out: expect.stringMatching(/^Wrote 4 jobs .* x\.backup \(\d+ bytes\)\n$/),
    });
    expect(made.error).toContain('Backing up [##############################] 100% 4/4');
    const restored = await restore('x.backup');
    expect(restored).toMatchObject({
      exitCode: 0,
      out: 'Restored 4 jobs, 1 executions, 0 missed or skipped due times\n',
    });
    expect(restored.error).toContain('100% 4/4');
    expect(target.names()).toEqual(['a', 'b', 'c', 'child']);
    expect(target.harness.state.executions('a')).toEqual(source.harness.state.executions('a'));
  });

  it('name the file after node and time, leave nothing unfinished, and write JSON for programs', async () => {
    const made = await backup('--json');
    const { file, ...rest } = JSON.parse(made.out);
    expect(file).toMatch(/^carillon-n0-\d{8}T\d{6}Z\.backup$/);
    expect(rest).toMatchObject({ jobs: 4, node: 'n0', bytes: readFileSync(join(folder.path, file)).length });
    expect(readdirSync(folder.path)).toEqual([file]);
    expect(JSON.parse((await restore(file, '--json')).out)).toEqual({ jobs: 4, executions: 1, notes: 0, failed: [] });
  });

  it('send a large backup in portions', async () => {
    for (let at = 0; at < 12; at += 1) {
      source.harness.state.run('b');
      for (const record of source.harness.state.running('b')) {
        source.harness.state.finish(record, 'success', 'x'.repeat(200_000));
      }
    }
    await backup('-o', 'x.backup');
    expect((await restore('x.backup')).exitCode).toBe(0);
    expect(target.requests.filter((request) => request === 'POST /v1/restore')).toHaveLength(2);
    expect(target.harness.state.executions('b')).toEqual(source.harness.state.executions('b'));
    expect(target.harness.state.job('b').executionsKept).toBe(12);
  });

  it('cut off in the middle and repeated, end as if nothing had happened', async () => {
    for (let at = 0; at < 12; at += 1) {
      source.harness.state.run('a');
      for (const record of source.harness.state.running('a')) {
        source.harness.state.finish(record, 'success', 'x'.repeat(200_000));
      }
    }
    await backup('-o', 'x.backup');
    target.intercept = () => target.requests.length === 2;
    const broken = await restore('x.backup');
    expect(broken.exitCode).toBe(4);
    expect(broken.error).toContain('1 of 4 jobs are restored, and the same command restores the others');
    await target.reopen();
    expect((await restore('x.backup')).exitCode).toBe(0);
    expect(target.harness.state.executions('a')).toEqual(source.harness.state.executions('a'));
    expect(target.names()).toEqual(['a', 'b', 'c', 'child']);
  });

  it('send nothing of a file that is cut off or damaged', async () => {
    await backup('-o', 'x.backup');
    const path = join(folder.path, 'x.backup');
    appendFileSync(path, 'x');
    expect(await restore('x.backup')).toMatchObject({ exitCode: 1, error: expect.stringContaining('is damaged') });
    truncateSync(path, 500);
    expect(await restore('x.backup')).toMatchObject({ exitCode: 1, error: expect.stringContaining('is cut off') });
    expect(await restore('none')).toMatchObject({ exitCode: 1, error: expect.stringContaining("can't be read") });
    expect(target.requests).toEqual([]);
  });

  it('take a list of jobs, such as a dump of Dkron', async () => {
    writeFileSync(
      join(folder.path, 'jobs.json'),
      JSON.stringify([
        { name: 'child', schedule: '@daily', parent_job: 'root' },
        { name: 'root', schedule: '@daily' },
      ]),
    );
    expect(await restore('jobs.json')).toMatchObject({ exitCode: 0, out: expect.stringContaining('Restored 2 jobs') });
    expect(target.names()).toEqual(['child', 'root']);
    writeFileSync(join(folder.path, 'jobs.json'), '[{"name":"UP"}]');
    expect(await restore('jobs.json')).toMatchObject({
      exitCode: 3,
      error: expect.stringContaining('illegal character'),
    });
  });

  it('tell of jobs that the server refuses', async () => {
    source.harness.state.setJob('c', { schedule: 'now and then' });
    await backup('-o', 'x.backup');
    const restored = await restore('x.backup');
    expect(restored.exitCode).toBe(3);
    expect(restored.out).toContain('Restored 2 jobs');
    expect(restored.error).toMatch(/Error: job c: .*\nError: job child: specified parent job not found/);
  });

  it('keep no file of an answer that is no whole backup, and of none at all', async () => {
    source.intercept = ({ answer }) => {
      answer({ status: 200, headers: [], body: backupBytes(source.harness.state).subarray(0, -3) });
      return false;
    };
    const made = await backup('-o', 'x.backup');
    expect(made).toMatchObject({ exitCode: 4, error: expect.stringContaining('not a whole backup') });
    source.close();
    expect((await backup('-o', 'x.backup')).exitCode).toBe(4);
    expect(await backup('-o', 'no/folder')).toMatchObject({
      exitCode: 1,
      error: expect.stringContaining("can't be written"),
    });
    expect(readdirSync(folder.path)).toEqual([]);
    expect(() => [...new FrameParser().push(Buffer.from('no backup, but long enough'))]).toThrow('not a backup');
  });
});
