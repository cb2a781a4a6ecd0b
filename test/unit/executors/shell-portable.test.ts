import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { NamedPipes } from '../../../src/adapters/processes/named-pipes.ts';
import { PortableProcessTable } from '../../../src/adapters/processes/portable-process-table.ts';
import { ProcessTree } from '../../../src/adapters/processes/process-tree.ts';
import { ShellJobs } from '../../support/shell-jobs.ts';

let jobs: ShellJobs | null = null;
const temporary = process.env.TMPDIR;

afterEach(async () => {
  await jobs?.close();
  jobs = null;
  if (temporary === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = temporary;
});

describe('a system without /proc', () => {
  it('lists processes by ps', async () => {
    const table = new PortableProcessTable();
    expect(table.identify(process.pid)).toEqual(table.identify(process.pid));
    expect(table.residentBytes(process.pid)).toBeGreaterThan(10e6);
    expect(table.residentBytes(4_194_000)).toBe(0);
    jobs = new ShellJobs({ mode: 'spawn' });
    const job = jobs.start({ command: 'setsid sleep 1000 & sleep 1001 & echo $!; exec sleep 1002', shell: 'true' });
    const { pid } = await job.started;
    const child = Number(await job.saw('\n'));
    const root = table.identify(pid);
    expect(root.startTicks).toBeGreaterThan(0);
    const tree = new ProcessTree(table, { mark: 'unseen=here', root, groupOutlivesRoot: true });
    expect(tree.members()).toHaveLength(3);
    expect(tree.members()).toEqual(expect.arrayContaining([pid, child]));
  });
});

describe('a system without named pipes', () => {
  it.each(['slots', 'spawn'] as const)('runs jobs by Node alone, when %s are asked for', async (mode) => {
    process.env.TMPDIR = '/nope';
    jobs = new ShellJobs({ mode });
    const record = await jobs.record({ command: 'echo out; echo err >&2; exit 4', shell: 'true' });
    expect(record.success).toBe(false);
    expect(record.output.split('\n').sort()).toEqual(['', 'err', 'exit status 4', 'out']);
    const fed = await jobs.start({ command: 'nope' }).ended;
    expect(fed.error).toBe('exec: "nope": executable file not found in $PATH');
  });
});

describe('the directory for pipes', () => {
  it('is made, rid of what an earlier life left, and left empty', async () => {
    const parent = mkdtempSync(join(tmpdir(), 'carillon-test-'));
    const directory = join(parent, 'scratch');
    mkdirSync(join(directory, 'carillon-pipes-old'), { recursive: true });
    writeFileSync(join(directory, 'other'), '');
    jobs = new ShellJobs({ mode: 'spawn', scratchDirectory: directory });
    expect(await jobs.record({ command: 'echo here' })).toEqual({ success: true, output: 'here\n' });
    expect(readdirSync(directory)).toHaveLength(2);
    expect(readdirSync(directory)).not.toContain('carillon-pipes-old');
    await jobs.close();
    jobs = null;
    expect(readdirSync(directory)).toEqual(['other']);
    rmSync(parent, { recursive: true });
  });

  it('may be left behind when a shell makes its pipe anew while it is closed', async () => {
    const parent = mkdtempSync(join(tmpdir(), 'carillon-test-'));
    const pipes = NamedPipes.open(parent);
    const [name = ''] = readdirSync(parent);
    const maker = spawn('/bin/sh', [
      '-c',
      'echo ready; while :; do mkdir -p "$0"; : >"$0/again"; done',
      join(parent, name),
    ]);
    await once(maker.stdout, 'data');
    expect(() => pipes?.close()).not.toThrow();
    maker.kill('SIGKILL');
    await once(maker, 'exit');
    rmSync(parent, { recursive: true, force: true });
  });
});
