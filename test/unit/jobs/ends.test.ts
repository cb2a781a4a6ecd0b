import { describe, expect, it, vi } from 'vitest';
import { limits } from '../../../src/core/limits.ts';
import { jobName } from '../../../src/core/units.ts';
import { StateHarness } from '../../support/state-harness.ts';

function finishAll(harness: StateHarness, name: string, outcome: 'success' | 'failed' | 'lost', output = ''): void {
  for (const record of harness.running(name)) harness.finish(record, outcome, output);
}

describe('the end of an execution', () => {
  it('stores record and output apart, counts, and sets the status', () => {
    const harness = new StateHarness();
    harness.setJob('job1');
    harness.run('job1');
    finishAll(harness, 'job1', 'success', 'hello\n');
    const [record] = harness.executions('job1');
    expect(record).toMatchObject({ outcome: 'success', outputBytes: 6 });
    expect(record && new TextDecoder().decode(harness.reader.output(record))).toBe('hello\n');
    expect(harness.job('job1')).toMatchObject({ successCount: 1, errorCount: 0, status: 'success', openLaunches: 0 });
    expect(harness.job('job1').lastSuccess).not.toBeNull();
  });

  it('happens once: a second finish changes nothing, one after lost only annotates', () => {
    const harness = new StateHarness();
    harness.setJob('job1');
    harness.run('job1');
    const [record] = harness.running('job1');
    if (record === undefined) throw new Error('nothing runs');
    harness.finish(record, 'lost', 'execution lost');
    harness.finish(record, 'success', 'late');
    harness.finish(record, 'failed');
    expect(harness.executions('job1')).toMatchObject([{ outcome: 'lost', late: 'success' }]);
    expect(harness.job('job1')).toMatchObject({ successCount: 0, errorCount: 1, status: 'failed' });
  });

  it('judges a launch on several nodes when all of them have ended', () => {
    const harness = new StateHarness();
    harness.setJob('job1');
    harness.run('job1', ['n0', 'n1']);
    const [first, second] = harness.running('job1');
    if (first === undefined || second === undefined) throw new Error('two should run');
    harness.finish(first, 'success');
    expect(harness.job('job1').status).toBe('');
    harness.finish(second, 'failed');
    expect(harness.job('job1').status).toBe('partially_failed');
  });
});

describe('retries', () => {
  it('counts attempts as Dkron does: retries + 1, on the same node, in the same group, each counted', () => {
    const harness = new StateHarness();
    harness.setJob('job1', { retries: 2 });
    harness.run('job1');
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      expect(harness.running('job1').map((record) => record.attempt)).toEqual([attempt]);
      finishAll(harness, 'job1', 'failed');
      if (attempt < 3) expect(harness.job('job1').openLaunches).toBe(1);
      harness.assignAll();
    }
    expect(new Set(harness.executions('job1').map((record) => record.group)).size).toBe(1);
    expect(harness.job('job1')).toMatchObject({ errorCount: 3, status: 'failed', openLaunches: 0 });
  });

  it('ends as success when the last attempt succeeds', () => {
    const harness = new StateHarness();
    harness.setJob('job1', { retries: 1 });
    harness.run('job1');
    finishAll(harness, 'job1', 'failed');
    harness.assignAll();
    finishAll(harness, 'job1', 'success');
    expect(harness.job('job1')).toMatchObject({ errorCount: 1, successCount: 1, status: 'success' });
  });

  it('runs a lost execution again only if the job says so (P2)', () => {
    for (const [onLost, expected] of [
      [null, 0],
      ['record', 0],
      ['rerun', 1],
    ] as const) {
      const harness = new StateHarness();
      harness.setJob('job1', { onLost, retries: 5 });
      harness.run('job1');
      finishAll(harness, 'job1', 'lost');
      expect(harness.assignAll()).toBe(expected);
    }
  });

  it('without a node for the next attempt the launch fails and says why', () => {
    const harness = new StateHarness();
    harness.setJob('job1', { retries: 1 });
    harness.run('job1');
    finishAll(harness, 'job1', 'failed');
    harness.assignAll([]);
    expect(harness.job('job1')).toMatchObject({ status: 'failed', openLaunches: 0 });
    expect(harness.reader.notes(jobName('job1'))).toMatchObject([{ kind: 'skipped' }]);
  });
});

describe('chains', () => {
  it('run the children exactly once per success of the parent', () => {
    const harness = new StateHarness();
    harness.setJob('parent');
    harness.setJob('child', { parentJob: 'parent', schedule: '' });
    harness.run('parent', ['n0', 'n1']);
    const [first, second] = harness.running('parent');
    if (first === undefined || second === undefined) throw new Error('two should run');
    harness.finish(first, 'success');
    expect(harness.assignAll()).toBe(0);
    harness.finish(second, 'success');
    harness.finish(second, 'success');
    expect(harness.assignAll()).toBe(1);
    expect(harness.executions('child')).toMatchObject([{ cause: 'parent', attempt: 1 }]);
    finishAll(harness, 'child', 'success');
    expect(harness.job('child').status).toBe('success');
  });

  it('run no child after a failure', () => {
    const harness = new StateHarness();
    harness.setJob('parent');
    harness.setJob('child', { parentJob: 'parent', schedule: '' });
    harness.run('parent');
    finishAll(harness, 'parent', 'failed');
    expect(harness.assignAll()).toBe(0);
  });

  it('skip a disabled child, visibly', () => {
    const harness = new StateHarness();
    harness.setJob('parent');
    harness.setJob('child', { parentJob: 'parent', schedule: '', disabled: true });
    harness.run('parent');
    finishAll(harness, 'parent', 'success');
    expect(harness.assignAll()).toBe(0);
    expect(harness.reader.notes(jobName('child'))).toMatchObject([{ reason: 'job is disabled' }]);
  });

  it('ignore children that a client invented', () => {
    const harness = new StateHarness();
    harness.setJob('stranger');
    harness.setJob('parent', { dependentJobs: ['ghost', 'stranger'] });
    harness.run('parent');
    finishAll(harness, 'parent', 'success');
    expect(harness.assignAll()).toBe(0);
  });

  it('are not looked for under names that no job can have', () => {
    const harness = new StateHarness();
    harness.setJob('parent', { dependentJobs: ['', 'X', 'x'.repeat(5_000), 'child'] });
    harness.setJob('child', { parentJob: 'parent', schedule: '' });
    const get = vi.spyOn(harness.store, 'get');
    harness.run('parent');
    for (const record of harness.running('parent')) harness.finish(record, 'success');
    expect(harness.changesOf('workOpened').map(({ work }) => work.job)).toEqual(['child']);
    expect(Math.max(...get.mock.calls.map(([key]) => key.length))).toBeLessThan(limits.storeKeyBytes);
  });
});

describe('ephemeral jobs', () => {
  it('go with their first success, not with a failure', () => {
    const harness = new StateHarness();
    harness.setJob('job1', { ephemeral: true });
    harness.run('job1');
    finishAll(harness, 'job1', 'failed');
    expect(harness.reader.job('job1')).toBeDefined();
    harness.run('job1');
    finishAll(harness, 'job1', 'success');
    expect(harness.reader.job('job1')).toBeUndefined();
    expect(harness.reader.meta()).toMatchObject({ jobCount: 0, statusCounts: {} });
  });
});
