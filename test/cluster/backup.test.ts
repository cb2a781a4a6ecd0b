import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { jobJson } from '../../src/api/job-json.ts';
import type { ExecutionRecord, JobRecord } from '../../src/core/jobs/records.ts';
import { executionId } from '../../src/core/units.ts';
import { FrameParser } from '../../src/wire/backup/frames.ts';
import { type BackupHeader, decodeFrame } from '../../src/wire/backup/records.ts';
import { type NodeProcess, withNode } from '../support/node-process.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { waitUntil } from '../support/wait-until.ts';

const program = path.resolve(import.meta.dirname, '../../dist/bundle/actors/main.js');

/** Runs the command line as a process of its own; resolves with its exit code and what it printed. */
async function carillon(node: NodeProcess, ...args: string[]): Promise<{ code: number | null; text: string }> {
  const child = spawn(process.execPath, [program, ...args, '--api', node.url], { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  child.stdout.on('data', (piece) => {
    text += piece;
  });
  child.stderr.on('data', (piece) => {
    text += piece;
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, text };
}

interface Saved {
  readonly header: BackupHeader;
  readonly jobs: ReadonlyMap<string, JobRecord>;
  readonly executions: ReadonlyMap<string, { readonly record: ExecutionRecord; readonly output: string }>;
}

function readBackup(file: string): Saved {
  const parser = new FrameParser();
  const jobs = new Map<string, JobRecord>();
  const executions = new Map<string, { record: ExecutionRecord; output: string }>();
  let header: BackupHeader | null = null;
  for (const frame of parser.push(readFileSync(file))) {
    const saved = decodeFrame(frame);
    if (saved.type === 'header') header = saved;
    else if (saved.type === 'job') jobs.set(saved.job.name, saved.job);
    else if (saved.type === 'execution') {
      const { record, output } = saved;
      executions.set(`${record.job} ${executionId(record.stamp, record.node)}`, {
        record,
        output: Buffer.from(output).toString(),
      });
    }
  }
  parser.finish();
  if (header === null) throw new Error('no header');
  return { header, jobs, executions };
}

const names = Array.from({ length: 12 }, (_, at) => `busy-${at}`);

async function post(node: NodeProcess, job: object): Promise<void> {
  const answer = await node.request({ method: 'POST', path: '/v1/jobs', body: JSON.stringify(job) });
  expect(answer.status).toBe(201);
}

/** Two jobs are always written one after the other: of one instant the first is as new as the second, or by one newer. */
async function writeInTurn(node: NodeProcess, until: () => boolean): Promise<number> {
  let round = 0;
  while (!until()) {
    round += 1;
    for (const name of ['first', 'second']) await post(node, { name, schedule: '@manually', owner: String(round) });
  }
  return round;
}

/** Ends by outcome, as the records tell it; `after`: of those with a later stamp only. */
function endsOf(saved: Saved, job: string, after = 0n): { success: number; failed: number } {
  const ends = { success: 0, failed: 0 };
  for (const { record } of saved.executions.values()) {
    if (record.job !== job || record.stamp <= after || record.outcome === 'running') continue;
    if (record.outcome === 'success') ends.success += 1;
    else ends.failed += 1;
  }
  return ends;
}

/** What must be the same wherever the job goes on, and whatever it does there. */
function definitionOf(job: JobRecord): object {
  const shown = JSON.parse(jobJson(job));
  for (const key of ['success_count', 'error_count', 'last_success', 'last_error', 'status', 'next']) delete shown[key];
  return { ...shown, anchorMs: job.anchorMs };
}

describe('a backup of a node under load', () => {
  it('is of one instant, and restores on an empty node to equal jobs, counters and history', async () => {
    const folder = new TemporaryFolder();
    const file = path.join(folder.path, 'load.backup');
    const again = path.join(folder.path, 'restored.backup');
    try {
      await withNode({}, async (source) => {
        for (const name of names) {
          await post(source, {
            name,
            schedule: '@every 1s',
            executor: 'shell',
            executor_config: { command: name.endsWith('3') ? 'false' : `echo ${name}` },
          });
        }
        let isDone = false;
        const rounds = writeInTurn(source, () => isDone);
        await waitUntil(
          async () =>
            (await source.request({ method: 'GET', path: '/v1/jobs/busy-11/executions' })).text.includes(
              '"success":true',
            ),
          { what: 'executions that ended' },
        );
        expect(await carillon(source, 'backup', '-o', file)).toMatchObject({ code: 0 });
        isDone = true;
        expect(await rounds).toBeGreaterThan(3);
      });
      const saved = readBackup(file);
      expect([...saved.jobs.keys()].sort()).toEqual([...names, 'first', 'second'].sort());
      const difference = Number(saved.jobs.get('first')?.owner) - Number(saved.jobs.get('second')?.owner);
      expect([0, 1]).toContain(difference);
      for (const name of names) {
        const { successCount, errorCount } = saved.jobs.get(name) as JobRecord;
        expect({ name, success: successCount, failed: errorCount }).toEqual({ name, ...endsOf(saved, name) });
      }
      await withNode({ name: 'other' }, async (target) => {
        expect(await carillon(target, 'restore', file)).toMatchObject({ code: 0 });
        expect(await carillon(target, 'restore', file)).toMatchObject({ code: 0 });
        expect(await carillon(target, 'backup', '-o', again)).toMatchObject({ code: 0 });
        const restored = readBackup(again);
        const { lastStamp } = saved.header;
        for (const [id, { record, output }] of saved.executions) {
          const there = restored.executions.get(id);
          if (record.outcome === 'running') expect(there?.record.outcome).toBe('lost');
          else expect(there).toEqual({ record, output });
        }
        for (const [name, job] of saved.jobs) {
          const there = restored.jobs.get(name) as JobRecord;
          expect(definitionOf(there)).toEqual(definitionOf(job));
          // The restored jobs run: what they did since then is known by its stamps.
          const since = endsOf(restored, name, lastStamp);
          expect([name, there.successCount - since.success, there.errorCount - since.failed]).toEqual([
            name,
            job.successCount,
            job.errorCount,
          ]);
          expect(there.highWaterMs).toBeGreaterThanOrEqual(job.highWaterMs);
        }
        const list = await target.request({ method: 'GET', path: '/v1/jobs/busy-3/executions' });
        expect(Number(list.headers['x-total-count'])).toBeGreaterThan(0);
      });
    } finally {
      folder.remove();
    }
  });

  it('sent in pieces that are cut off changes nothing', async () => {
    await withNode({}, async (node) => {
      await post(node, { name: 'a', schedule: '@manually' });
      const { bytes } = await node.request({ method: 'GET', path: '/v1/backup' });
      await node.request({ method: 'DELETE', path: '/v1/jobs/a' });
      for (const body of [bytes.subarray(0, -1), bytes.subarray(0, 40)]) {
        const answer = await node.request({ method: 'POST', path: '/v1/restore', body });
        expect([answer.status, answer.headers['carillon-error']]).toEqual([
          400,
          expect.stringContaining('restore_file_invalid'),
        ]);
      }
      expect((await node.request({ method: 'GET', path: '/v1/jobs/a' })).status).toBe(404);
      expect((await node.request({ method: 'POST', path: '/v1/restore', body: bytes })).status).toBe(200);
      expect((await node.request({ method: 'GET', path: '/v1/jobs/a' })).status).toBe(200);
    });
  });
});
