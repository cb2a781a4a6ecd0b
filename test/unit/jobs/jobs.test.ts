import { describe, expect, it } from 'vitest';
import type { JobQuery } from '../../../src/core/jobs/reads.ts';
import { EPOCH_INSTANT, jobName, wallMs, ZERO_INSTANT } from '../../../src/core/units.ts';
import { StateHarness, T0 } from '../../support/state-harness.ts';

const everything: JobQuery = {
  sort: 'name',
  descending: false,
  search: '',
  metadata: [],
  status: null,
  disabled: null,
  start: 0,
  end: null,
};

function names(harness: StateHarness, query: Partial<JobQuery>): string[] {
  return [...harness.reader.jobs({ ...everything, ...query }).jobs].map((job) => job.name);
}

describe('setting a job (dkron-v4 2.4)', () => {
  it('raises counters and instants, never lowers them, and keeps a stored status', () => {
    const harness = new StateHarness();
    harness.setJob('job1', { successCount: 5, lastSuccess: [100, 0], status: 'failed' });
    harness.setJob('job1', { successCount: 3, errorCount: 2, lastSuccess: [50, 0], status: 'success' });
    expect(harness.job('job1')).toMatchObject({
      successCount: 5,
      errorCount: 2,
      lastSuccess: [100, 0],
      status: 'failed',
    });
  });

  it('keeps the phase of @every over edits, not over a change of the schedule (P8)', () => {
    const harness = new StateHarness();
    harness.setJob('job1');
    harness.nowMs = wallMs(T0 + 3_000);
    harness.setJob('job1', { displayname: 'edited', timezone: 'Europe/Berlin' });
    expect(harness.job('job1').anchorMs).toBe(T0);
    harness.setJob('job1', { schedule: '@every 20s' });
    expect(harness.job('job1').anchorMs).toBe(T0 + 3_000);
  });

  it('shows next as Dkron does', () => {
    const harness = new StateHarness();
    harness.setJob('timed', {}, [1_800_000_000, 0]);
    expect(harness.job('timed').next).toEqual([1_800_000_000, 0]);
    harness.setJob('timed', { displayname: 'edited' }, [1_900_000_000, 0]);
    expect(harness.job('timed').next).toEqual([1_800_000_000, 0]);
    harness.setJob('never', { schedule: '@manually' }, null);
    expect(harness.job('never').next).toEqual(ZERO_INSTANT);
    harness.setJob('child', { schedule: '', parentJob: 'timed' }, null);
    expect(harness.job('child').next).toEqual(EPOCH_INSTANT);
  });

  it('recomputes next when starts_at goes', () => {
    const harness = new StateHarness();
    harness.setJob('job1', { startsAt: [4_000_000_000, 0] }, [4_000_000_000, 0]);
    harness.setJob('job1', {}, [1_800_000_000, 0]);
    expect(harness.job('job1').next).toEqual([1_800_000_000, 0]);
  });

  it('follows parents: child added, moved, removed', () => {
    const harness = new StateHarness();
    harness.setJob('a');
    harness.setJob('b');
    harness.setJob('child', { parentJob: 'a' });
    expect(harness.job('a').dependentJobs).toEqual(['child']);
    harness.setJob('a');
    expect(harness.job('a').dependentJobs).toEqual(['child']);
    harness.setJob('child', { parentJob: 'b' });
    expect(harness.job('a').dependentJobs).toBeNull();
    expect(harness.job('b').dependentJobs).toEqual(['child']);
    harness.setJob('child');
    expect(harness.job('b').dependentJobs).toBeNull();
  });

  it('adds a child of a restored parent only once (#19)', () => {
    const harness = new StateHarness();
    harness.setJob('a', { dependentJobs: ['child', 'child'] });
    harness.setJob('child', { parentJob: 'a' });
    expect(harness.job('a').dependentJobs).toEqual(['child']);
  });

  it('refuses unknown parents, itself and cycles (#48)', () => {
    const harness = new StateHarness();
    expect(harness.setJob('a', { parentJob: 'none' })).toMatchObject({
      code: 'parent_not_found',
      message: 'specified parent job not found',
    });
    expect(harness.setJob('a', { parentJob: 'a' })).toMatchObject({ code: 'same_parent' });
    harness.setJob('a');
    harness.setJob('b', { parentJob: 'a' });
    harness.setJob('c', { parentJob: 'b' });
    expect(harness.setJob('a', { parentJob: 'c' })).toMatchObject({ code: 'parent_cycle' });
    expect(harness.job('a').parentJob).toBe('');
  });
});

describe('deleting a job', () => {
  it('is refused while it has children', () => {
    const harness = new StateHarness();
    harness.setJob('a');
    harness.setJob('b', { parentJob: 'a' });
    const deleteA = () => harness.apply({ type: 'deleteJob', name: jobName('a') });
    expect(deleteA()).toMatchObject({ code: 'has_dependents' });
    harness.apply({ type: 'deleteJob', name: jobName('b') });
    expect(deleteA()).toMatchObject({ type: 'job' });
    expect(deleteA()).toMatchObject({ code: 'job_not_found' });
  });

  it('drops its records and lets what runs go on; its late end is dropped (and no other job is touched, #1)', () => {
    const harness = new StateHarness();
    harness.setJob('job');
    harness.setJob('job2');
    harness.run('job');
    harness.run('job2');
    const [record] = harness.running('job');
    if (record === undefined) throw new Error('nothing runs');
    harness.apply({ type: 'deleteJob', name: jobName('job') });
    expect(harness.executions('job')).toEqual([]);
    expect(harness.executions('job2')).toHaveLength(1);
    expect(harness.changesOf('executionDropped')).toHaveLength(1);
    harness.setJob('job');
    harness.finish(record, 'failed');
    expect(harness.job('job')).toMatchObject({ errorCount: 0, executionsKept: 0 });
  });

  it('leaves nothing behind in the store', () => {
    const harness = new StateHarness();
    harness.setJob('parent', { metadata: { a: '1' } });
    harness.setJob('child', { parentJob: 'parent', schedule: '' });
    harness.run('parent');
    for (const record of harness.running('parent')) harness.finish(record, 'success', 'output');
    harness.launch('parent', 10, []);
    harness.apply({ type: 'deleteJob', name: jobName('child') });
    harness.apply({ type: 'deleteJob', name: jobName('parent') });
    const remembered = 5;
    const minutesOfAllJobs = 1;
    expect(harness.store.size).toBe(2 + remembered + minutesOfAllJobs);
  });
});

describe('wiping executions', () => {
  it('drops history and counters, keeps what runs, touches neither status nor next', () => {
    const harness = new StateHarness();
    harness.setJob('job1', {}, [1_800_000_000, 0]);
    harness.run('job1');
    for (const record of harness.running('job1')) harness.finish(record, 'success');
    harness.run('job1');
    harness.apply({ type: 'deleteExecutions', name: jobName('job1') });
    expect(harness.executions('job1')).toMatchObject([{ outcome: 'running', wiped: true }]);
    expect(harness.job('job1')).toMatchObject({
      successCount: 0,
      lastSuccess: null,
      status: 'success',
      executionsKept: 1,
      openLaunches: 1,
    });
    expect(harness.apply({ type: 'deleteExecutions', name: jobName('none') })).toMatchObject({
      code: 'job_not_found',
    });
  });
});

describe('lists (dkron-v4 1.4)', () => {
  it('order names bytewise, as Dkron does', () => {
    const harness = new StateHarness();
    const expected = ['a', 'a-b', 'a10', 'a9', 'a_b', 'ab', 'b', 'é'];
    for (const name of [...expected].reverse()) harness.setJob(name);
    expect(names(harness, {})).toEqual(expected);
    expect(names(harness, { descending: true })).toEqual([...expected].reverse());
    expect(names(harness, { start: 2, end: 4 })).toEqual(['a10', 'a9']);
    expect(names(harness, { start: 100 })).toEqual([]);
    expect(harness.reader.jobs({ ...everything, start: 100 }).total).toBe(8);
  });

  it('order counts with zero first, texts without case, ties by name', () => {
    const harness = new StateHarness();
    harness.setJob('a', { successCount: 7, displayname: 'Beta' });
    harness.setJob('b', { successCount: 0, displayname: 'alpha' });
    harness.setJob('c', { successCount: 70, displayname: 'Alpha' });
    harness.setJob('d', { successCount: 7 });
    expect(names(harness, { sort: 'success_count' })).toEqual(['b', 'a', 'd', 'c']);
    expect(names(harness, { sort: 'displayname' })).toEqual(['d', 'b', 'c', 'a']);
  });

  it('order instants with never-set last', () => {
    const harness = new StateHarness();
    harness.setJob('unset');
    harness.setJob('late', { lastError: [1_800_000_000, 45] });
    harness.setJob('later', { lastError: [1_800_000_000, 5] });
    harness.setJob('early', { lastError: [1_700_000_000, 0] });
    expect(names(harness, { sort: 'last_error' })).toEqual(['early', 'late', 'later', 'unset']);
    harness.setJob('never', { schedule: '@manually' }, null);
    harness.setJob('soon', { schedule: '@hourly' }, [1_750_000_000, 0]);
    harness.setJob('epoch', { schedule: '', parentJob: 'soon' }, null);
    const byNext = names(harness, { sort: 'next' }).filter((name) => ['never', 'soon', 'epoch'].includes(name));
    expect(byNext).toEqual(['never', 'soon', 'epoch']);
  });

  it('filter by text, metadata, status and disabled, all together', () => {
    const harness = new StateHarness();
    for (let index = 0; index < 10; index += 1) {
      harness.setJob(`job${index}`, {
        displayname: index % 2 === 0 ? 'Even' : 'Odd',
        metadata: { mod: String(index % 3), even: String(index % 2 === 0) },
        disabled: index > 5,
        status: index === 4 ? 'failed' : '',
      });
    }
    harness.setJob('plain');
    expect(names(harness, { search: 'Even' })).toEqual(['job0', 'job2', 'job4', 'job6', 'job8']);
    expect(names(harness, { search: 'even' })).toEqual([]);
    expect(names(harness, { search: 'ob3' })).toEqual(['job3']);
    const metadata = [
      ['even', 'true'],
      ['mod', '0'],
    ] as const;
    expect(names(harness, { metadata })).toEqual(['job0', 'job6']);
    expect(names(harness, { metadata, disabled: true })).toEqual(['job6']);
    expect(names(harness, { status: 'failed' })).toEqual(['job4']);
    expect(names(harness, { status: '', disabled: false, sort: 'displayname', descending: true })).toEqual([
      'job5',
      'job3',
      'job1',
      'job2',
      'job0',
      'plain',
    ]);
    expect(names(harness, { search: 'job', start: 1, end: 3 })).toEqual(['job1', 'job2']);
    expect(harness.reader.jobs({ ...everything, search: 'job', start: 1, end: 3 }).total).toBe(10);
    expect(harness.reader.statusCounts()).toEqual({ '': 10, failed: 1 });
  });

  it('tell long metadata apart that is cut in the index', () => {
    const harness = new StateHarness();
    const long = 'x'.repeat(400);
    harness.setJob('a', { metadata: { key: `${long}1` } });
    harness.setJob('b', { metadata: { key: `${long}2` } });
    expect(names(harness, { metadata: [['key', `${long}2`]] })).toEqual(['b']);
  });
});
