import { describe, expect, it } from 'vitest';
import { hasTooMany, notRunnable } from '../../../src/core/jobs/launch-rules.ts';
import { Ledger } from '../../../src/core/jobs/ledger.ts';
import { limits } from '../../../src/core/limits.ts';
import { epoch, jobName, logIndex, wallMs, wallNs, wallNsOf } from '../../../src/core/units.ts';
import { stateWrites } from '../../../src/wire/state-writes.ts';
import { NODE, StateHarness, T0 } from '../../support/state-harness.ts';

const HOUR_MS = 3_600_000;

function running(harness: StateHarness, name: string) {
  const [record] = harness.running(name);
  if (record === undefined) throw new Error('nothing runs');
  return record;
}

/** Ends what runs of a job, by a node whose clock is an hour ahead of the proposer's. */
function finishAhead(harness: StateHarness, name: string, outcome: 'success' | 'failed' | 'lost'): void {
  const { job, stamp, node } = running(harness, name);
  const aheadNs = wallNs(BigInt(harness.nowMs + HOUR_MS) * 1_000_000n);
  const end = { job, stamp, node, startedAtNs: aheadNs, finishedAtNs: aheadNs, outcome };
  harness.apply({
    type: 'finish',
    nowNs: wallNsOf(harness.nowMs),
    items: [{ ...end, output: new Uint8Array(), droppedBytes: 0, retryAtMs: wallMs(harness.nowMs + 1_000) }],
  });
}

describe("a node's clock that is an hour ahead", () => {
  it('does not hold up the children: they are due by the clock of the proposer', () => {
    const harness = new StateHarness();
    harness.setJob('parent');
    harness.setJob('child', { parentJob: 'parent', schedule: '', expiresAt: [(T0 + 60_000) / 1000, 0] });
    harness.run('parent');
    finishAhead(harness, 'parent', 'success');
    expect(harness.changesOf('workOpened')).toMatchObject([{ work: { job: 'child', dueAtMs: T0, scheduledAtMs: T0 } }]);
  });

  it('does not hold up what is run again, nor does it take the stamps ahead', () => {
    const harness = new StateHarness();
    harness.setJob('job1', { onLost: 'rerun' });
    harness.run('job1');
    finishAhead(harness, 'job1', 'lost');
    const [opened] = harness.changesOf('workOpened');
    expect(opened?.work.dueAtMs).toBe(T0);
    expect(opened?.work.stamp).toBeLessThan(wallNsOf(wallMs(T0 + 1_000)));
  });

  it.each([0n, -5_000_000_000n])('or in the last century (%i ns) gives stamps of 19 digits', (nowNs) => {
    const harness = new StateHarness();
    harness.setJob('job1');
    const targets = [{ node: NODE, epoch: epoch(1) }];
    harness.apply({ type: 'run', nowNs: wallNs(nowNs), name: jobName('job1'), targets });
    expect(String(running(harness, 'job1').group)).toHaveLength(19);
  });
});

describe('a job that is disabled while its work waits for a node', () => {
  const disable = (harness: StateHarness, name: string) =>
    harness.apply({ type: 'setDisabled', nowMs: harness.nowMs, name: jobName(name), disabled: true, next: null });

  it('is not retried, as in Dkron; the launch has failed', () => {
    const harness = new StateHarness();
    harness.setJob('job1', { retries: 3 });
    harness.run('job1');
    harness.finish(running(harness, 'job1'), 'failed');
    disable(harness, 'job1');
    harness.assignAll();
    expect(harness.running('job1')).toEqual([]);
    expect(harness.job('job1')).toMatchObject({ status: 'failed', openLaunches: 0 });
    expect(harness.reader.notes(jobName('job1'))).toEqual([]);
  });

  it('is skipped as a child, visibly; what it has begun it retries', () => {
    const harness = new StateHarness();
    harness.setJob('parent');
    harness.setJob('child', { parentJob: 'parent', schedule: '', retries: 1 });
    harness.run('parent');
    harness.finish(running(harness, 'parent'), 'success');
    harness.run('child');
    harness.finish(running(harness, 'child'), 'failed');
    disable(harness, 'child');
    harness.assignAll();
    expect(harness.running('child')).toMatchObject([{ attempt: 2, cause: 'manual' }]);
    expect(harness.reader.notes(jobName('child'))).toMatchObject([{ kind: 'skipped', reason: 'job is disabled' }]);
    expect(harness.job('child').openLaunches).toBe(1);
  });
});

describe('due times that were missed', () => {
  it('are void together when one of them was launched meanwhile: no due time has two records (P1)', () => {
    const harness = new StateHarness();
    harness.setJob('job1');
    const { scheduleRevision } = harness.job('job1');
    harness.launch('job1', 10_000);
    const [fromMs, toMs] = [wallMs(T0 + 10_000), wallMs(T0 + 30_000)];
    const item = { name: jobName('job1'), scheduleRevision, fromMs, toMs, count: 3, reason: 'late', next: null };
    harness.apply({ type: 'missed', items: [item] });
    expect(harness.reader.notes(jobName('job1'))).toEqual([]);
    expect(harness.job('job1').highWaterMs).toBe(fromMs);
    harness.apply({ type: 'missed', items: [{ ...item, fromMs: wallMs(T0 + 20_000), count: 2 }] });
    expect(harness.reader.notes(jobName('job1'))).toMatchObject([{ count: 2 }]);
  });
});

describe('a record that breaks an invariant (P6)', () => {
  /** As a fault in an earlier version might have left it. */
  function broken(harness: StateHarness): void {
    const ledger = new Ledger(harness.reader);
    ledger.putJob({ ...harness.job('job1'), openLaunches: 0, quarantine: null });
    harness.store.commit(stateWrites(ledger.drain(), logIndex(1_000)), () => undefined);
    harness.store.settle();
    harness.restart();
  }

  it('puts its job into quarantine and tells the scheduler; enabling the job mends it', () => {
    const harness = new StateHarness();
    harness.setJob('job1');
    harness.run('job1', ['n0']);
    harness.run('job1', ['n1']);
    broken(harness);
    harness.finish(running(harness, 'job1'), 'success');
    expect(harness.job('job1')).toMatchObject({ disabled: true, quarantine: 'openLaunches is not a natural number' });
    expect(harness.changesOf('jobSet').at(-1)?.schedule).toMatchObject({ name: 'job1', active: false });
    expect(harness.run('job1')).toMatchObject({ code: 'job_disabled' });
    const enable = { type: 'setDisabled', nowMs: harness.nowMs, name: jobName('job1'), disabled: false } as const;
    expect(harness.apply({ ...enable, next: null })).toMatchObject({ type: 'job', job: { quarantine: null } });
    expect(harness.job('job1')).toMatchObject({ disabled: false, openLaunches: 1, executionsRunning: 1 });
    expect(harness.changesOf('jobSet').at(-1)?.schedule.active).toBe(true);
  });

  it('is mended by setting the job again', () => {
    const harness = new StateHarness();
    harness.setJob('job1');
    harness.run('job1');
    broken(harness);
    harness.finish(running(harness, 'job1'), 'success');
    harness.setJob('job1');
    expect(harness.job('job1')).toMatchObject({ quarantine: null, openLaunches: 0, executionsKept: 1 });
  });
});

describe('limits of the state', () => {
  it('takes no launch of a job of which too many have not ended', () => {
    const harness = new StateHarness();
    harness.setJob('job1');
    const full = { ...harness.job('job1'), openLaunches: limits.openLaunchesPerJob };
    expect(notRunnable(full, T0)).toBe('16384 launches of the job have not ended: it takes no more');
    expect(hasTooMany({ ...full, openLaunches: limits.openLaunchesPerJob - 1 })).toBe(false);
  });

  it('counts statuses that clients made up as one', () => {
    const harness = new StateHarness();
    for (let index = 0; index < 5; index += 1) harness.setJob(`job${index}`, { status: `made up ${index}` });
    harness.setJob('job5', { status: 'failed' });
    harness.setJob('job6');
    expect(harness.reader.statusCounts()).toEqual({ other: 5, failed: 1, '': 1 });
    harness.apply({ type: 'deleteJob', name: jobName('job0') });
    expect(harness.reader.statusCounts()).toMatchObject({ other: 4 });
  });

  it('counts what runs apart, so that retention looks only for what it may drop', () => {
    const harness = new StateHarness();
    harness.setJob('job1');
    for (let index = 1; index <= limits.executionsPerJob + 20; index += 1) harness.launch('job1', index);
    expect(harness.job('job1')).toMatchObject({ executionsKept: 120, executionsRunning: 120 });
    for (const record of harness.running('job1').slice(0, 5)) harness.finish(record, 'success');
    harness.launch('job1', 1_000);
    expect(harness.job('job1')).toMatchObject({ executionsKept: 116, executionsRunning: 116 });
  });
});
