import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { DkronClient, isRunning } from './support/dkron-client.ts';
import { SharedNode } from './support/shared-node.ts';

/** What one node does with launches: all tests share it, each with jobs of its own. */
describe('launches of one node', () => {
  const node = new SharedNode();
  const dkron = new DkronClient(node);

  it('runs the children once per success of the parent, and theirs', async () => {
    await dkron.create({ name: 'parent', executor_config: { command: 'true' } });
    await dkron.create({ name: 'child-a', parent_job: 'parent', schedule: '', executor_config: { command: 'true' } });
    await dkron.create({ name: 'child-b', parent_job: 'parent', schedule: '', executor_config: { command: 'true' } });
    await dkron.create({
      name: 'grandchild',
      parent_job: 'child-a',
      schedule: '',
      executor_config: { command: 'true' },
    });
    for (let i = 0; i < 5; i++) await dkron.run('parent');
    for (const name of ['parent', 'child-a', 'child-b', 'grandchild']) {
      const executions = await dkron.untilEnded(name, 5);
      expect(executions, name).toHaveLength(5);
      expect(new Set(executions.map((execution) => execution.group)).size).toBe(5);
      expect((await dkron.job(name)).success_count).toBe(5);
    }
  });

  it('runs no child of a parent that failed', async () => {
    await dkron.create({ name: 'failing-parent', executor_config: { command: 'false' } });
    await dkron.create({
      name: 'orphan',
      parent_job: 'failing-parent',
      schedule: '',
      executor_config: { command: 'true' },
    });
    await dkron.run('failing-parent', '?wait');
    await dkron.create({ name: 'settled', executor_config: { command: 'true' } });
    await dkron.run('settled', '?wait');
    expect(await dkron.executions('orphan')).toEqual([]);
  });

  it('are counted by the minute, of all jobs and of each', async () => {
    await dkron.create({ name: 'counted', executor_config: { command: 'true' } });
    await dkron.create({ name: 'counted-too', retries: 0, executor_config: { command: 'false' } });
    for (let i = 0; i < 3; i++) await dkron.run('counted', '?wait');
    await dkron.run('counted-too', '?wait');
    const stats = async (query: string): Promise<Record<string, number>> => {
      const answer = await node.request({ method: 'GET', path: `/v1/stats?${query}` });
      const { steps } = JSON.parse(answer.text) as { steps: Record<string, number>[] };
      const total = (key: string): number => steps.reduce((sum, step) => sum + (step[key] ?? 0), 0);
      return { launches: total('launches'), succeeded: total('succeeded'), failed: total('failed') };
    };
    expect(await stats('job=counted')).toEqual({ launches: 3, succeeded: 3, failed: 0 });
    expect(await stats('job=counted-too&step=1h')).toEqual({ launches: 1, succeeded: 0, failed: 1 });
    const all = await stats('step=2h');
    expect([(all.succeeded ?? 0) >= 3, (all.failed ?? 0) >= 1]).toEqual([true, true]);
  });

  it('never overlaps a job with `forbid`', { timeout: 60_000 }, async () => {
    const file = path.join(node.dataDir, `overlap-${randomUUID()}`);
    const command = `echo start >> ${file}; sleep 2.3; echo end >> ${file}`;
    await dkron.create({
      name: 'alone',
      schedule: '@every 1s',
      concurrency: 'forbid',
      executor_config: { command, shell: 'true' },
    });
    await dkron.untilEnded('alone', 3);
    await node.request({ method: 'POST', path: '/v1/jobs/alone/toggle' });
    await dkron.untilExecutions('alone', 'none runs', (executions) => !executions.some(isRunning));
    const marks = readFileSync(file, 'utf8').split('\n').slice(0, -1);
    expect(marks).toEqual(marks.map((_mark, index) => (index % 2 === 0 ? 'start' : 'end')));
    expect(marks.length).toBeGreaterThanOrEqual(6);
  });

  it('retries a failed run as often as the job says, in one group', async () => {
    await dkron.create({ name: 'stubborn', retries: 2, executor_config: { command: 'false' } });
    await dkron.run('stubborn');
    const executions = await dkron.untilEnded('stubborn', 3);
    expect(executions.map((execution) => execution.attempt)).toEqual([1, 2, 3]);
    expect(new Set(executions.map((execution) => execution.group)).size).toBe(1);
    const job = await dkron.job('stubborn');
    expect([job.error_count, job.success_count, job.status]).toEqual([3, 0, 'failed']);
  });

  it('pauses before a retry as long as the job says', { timeout: 60_000 }, async () => {
    const retry = { interval: '2s', backoff: 2, max_interval: '3s' };
    await dkron.create({ name: 'patient', retries: 2, retry, executor_config: { command: 'false' } });
    await dkron.run('patient');
    const executions = await dkron.untilEnded('patient', 3);
    const pausesMs = executions
      .slice(1)
      .map((execution, index) => Date.parse(execution.started_at) - Date.parse(executions[index]?.finished_at ?? ''));
    // Up to a tenth less than 2 s, then than 3 s: Dkron's pauses would be 1 s and 1.5 s.
    expect(pausesMs.map((pauseMs, index) => pauseMs >= (index === 0 ? 1_800 : 2_700))).toEqual([true, true]);
  });

  it('takes the exit codes that the job names for a success', async () => {
    const config = { command: 'echo nothing to do; exit 3', shell: 'true' };
    await dkron.create({ name: 'idle', retries: 3, executor_config: { ...config, success_codes: '0,3' } });
    await dkron.run('idle', '?wait');
    await dkron.create({ name: 'strict', executor_config: { ...config, success_codes: '0,4' } });
    await dkron.run('strict', '?wait');
    const ends = [...(await dkron.executions('idle')), ...(await dkron.executions('strict'))];
    expect(ends.map(({ success, output }) => [success, output])).toEqual([
      [true, 'nothing to do\n'],
      [false, 'exit status 3\nnothing to do\n'],
    ]);
    expect([(await dkron.job('idle')).status, (await dkron.job('strict')).status]).toEqual(['success', 'failed']);
  });

  it('stops retrying after a success', async () => {
    const file = path.join(node.dataDir, `retry-${randomUUID()}`);
    const command = `[ -e ${file} ] || { touch ${file}; exit 7; }`;
    await dkron.create({ name: 'second-time', retries: 5, executor_config: { command, shell: 'true' } });
    await dkron.run('second-time', '?wait');
    const executions = await dkron.executions('second-time');
    expect(executions.map((execution) => [execution.attempt, execution.success])).toEqual([
      [1, false],
      [2, true],
    ]);
    expect(executions[0]?.output).toBe('exit status 7\n');
  });

  it('answers a run at its commit, and with `wait` at its end', async () => {
    await dkron.create({ name: 'slow', executor_config: { command: 'sleep 1' } });
    await dkron.run('slow');
    const started = await dkron.executions('slow');
    expect(started.map(isRunning)).toEqual([true]);
    await dkron.run('slow', '?wait');
    const [second] = (await dkron.executions('slow')).slice(1);
    expect(second).toMatchObject({ success: true, attempt: 1 });
    expect(second !== undefined && isRunning(second)).toBe(false);
  });

  it('gives a job what it needs to know about its run', async () => {
    const names = [
      'CARILLON_JOB_NAME',
      'CARILLON_EXECUTION_ID',
      'CARILLON_SCHEDULED_AT',
      'CARILLON_ATTEMPT',
      'ENV_JOB_NAME',
    ];
    const command = `printf '%s\\n' ${names.map((name) => `"$${name}"`).join(' ')}`;
    await dkron.create({ name: 'curious', executor_config: { command, shell: 'true' } });
    await dkron.run('curious', '?wait');
    const [execution] = await dkron.executions('curious');
    const [jobName, executionId, scheduledAt, attempt, envJobName] = execution?.output?.split('\n') ?? [];
    expect([jobName, executionId, attempt, envJobName]).toEqual(['curious', execution?.id, '1', 'curious']);
    expect(scheduledAt).toMatch(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/);
  });

  it('lets a deleted job end, and forgets it', async () => {
    await dkron.create({ name: 'leaving', executor_config: { command: 'sleep 1' } });
    await dkron.run('leaving');
    expect((await node.request({ method: 'DELETE', path: '/v1/jobs/leaving' })).status).toBe(200);
    await dkron.create({ name: 'leaving', executor_config: { command: 'true' } });
    await dkron.run('leaving', '?wait');
    const executions = await dkron.executions('leaving');
    expect(executions).toHaveLength(1);
    expect((await dkron.job('leaving')).success_count).toBe(1);
  });
});
