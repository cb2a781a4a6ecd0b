import { describe, expect, it } from 'vitest';
import { limits } from '../../../src/core/limits.ts';
import { epoch, jobName, wallMs, wallNs } from '../../../src/core/units.ts';
import { NODE, StateHarness, T0 } from '../../support/state-harness.ts';

function one(harness: StateHarness, name = 'job1') {
  const [record] = harness.running(name);
  if (record === undefined) throw new Error('nothing runs');
  return record;
}

describe('scheduled launches (P1)', () => {
  it('opens one execution per target and moves the high-water', () => {
    const harness = new StateHarness();
    harness.setJob('job1');
    harness.launch('job1', 10_000, ['n0', 'n1']);
    expect(harness.running('job1').map((record) => [record.node, record.attempt])).toEqual([
      ['n0', 1],
      ['n1', 1],
    ]);
    expect(harness.job('job1')).toMatchObject({ highWaterMs: T0 + 10_000, openLaunches: 1, executionsKept: 2 });
    expect(harness.changesOf('executionOpened')).toHaveLength(2);
  });

  it('launches a due time once, however often it is committed', () => {
    const harness = new StateHarness();
    harness.setJob('job1');
    harness.launch('job1', 10_000);
    harness.launch('job1', 10_000);
    harness.restart();
    harness.launch('job1', 10_000);
    harness.launch('job1', 9_000);
    expect(harness.executions('job1')).toHaveLength(1);
  });

  it('voids what was planned under an older schedule, and nothing else', () => {
    const harness = new StateHarness();
    harness.setJob('job1');
    const revision = harness.job('job1').scheduleRevision;
    harness.setJob('job1', { displayname: 'edited' });
    expect(harness.job('job1').scheduleRevision).toBe(revision);
    harness.setJob('job1', { schedule: '@every 20s' });
    expect(harness.job('job1').scheduleRevision).not.toBe(revision);
    harness.apply({
      type: 'launch',
      nowNs: wallNs(BigInt(T0)),
      items: [
        {
          name: jobName('job1'),
          scheduleRevision: revision,
          scheduledAtMs: wallMs(T0 + 10_000),
          targets: [],
          next: null,
        },
      ],
    });
    expect(harness.job('job1').highWaterMs).toBe(0);
    expect(harness.reader.notes(jobName('job1'))).toEqual([]);
  });

  it('launches nothing that was due before the job was enabled', () => {
    const harness = new StateHarness();
    harness.setJob('job1', { disabled: true });
    harness.nowMs = wallMs(T0 + 60_000);
    harness.apply({
      type: 'setDisabled',
      nowMs: harness.nowMs,
      name: jobName('job1'),
      disabled: false,
      next: null,
    });
    harness.launch('job1', -30_000);
    expect(harness.executions('job1')).toHaveLength(0);
    harness.launch('job1', 5_000);
    expect(harness.executions('job1')).toHaveLength(1);
  });

  it.each([
    ['disabled', { disabled: true }, 'job is disabled'],
    ['before its start', { startsAt: [2e9, 0] as const }, 'job is not due to start yet'],
    ['after its end', { expiresAt: [1, 0] as const }, 'job is expired'],
  ])('records a due time that is skipped: %s', (_, fields, reason) => {
    const harness = new StateHarness();
    harness.setJob('job1', fields);
    harness.launch('job1', 10_000);
    expect(harness.executions('job1')).toHaveLength(0);
    expect(harness.job('job1').highWaterMs).toBe(T0 + 10_000);
    expect(harness.reader.notes(jobName('job1'))).toMatchObject([{ kind: 'skipped', count: 1, reason }]);
  });

  it("records Dkron's sentence when no node qualifies", () => {
    const harness = new StateHarness();
    harness.setJob('job1');
    harness.launch('job1', 10_000, []);
    expect(harness.reader.notes(jobName('job1'))).toMatchObject([
      { kind: 'skipped', reason: 'no target nodes found to run job job1' },
    ]);
  });

  it('keeps a bounded number of notes', () => {
    const harness = new StateHarness();
    harness.setJob('job1', { disabled: true });
    for (let second = 1; second <= limits.notesPerJob + 5; second += 1) harness.launch('job1', second * 1_000);
    const notes = harness.reader.notes(jobName('job1'));
    expect(notes).toHaveLength(limits.notesPerJob);
    expect(notes.at(-1)?.toMs).toBe(T0 + (limits.notesPerJob + 5) * 1_000);
    expect(harness.job('job1').notesKept).toBe(limits.notesPerJob);
  });

  it('commits missed due times as one note that counts them', () => {
    const harness = new StateHarness();
    harness.setJob('job1');
    const missed = {
      name: jobName('job1'),
      scheduleRevision: harness.job('job1').scheduleRevision,
      fromMs: wallMs(T0 + 10_000),
      toMs: wallMs(T0 + 100_000),
      count: 10,
      reason: 'no leader',
      next: null,
    };
    harness.apply({ type: 'missed', items: [missed] });
    harness.apply({ type: 'missed', items: [missed] });
    harness.launch('job1', 50_000);
    expect(harness.executions('job1')).toHaveLength(0);
    expect(harness.reader.notes(jobName('job1'))).toEqual([
      { job: 'job1', kind: 'missed', fromMs: T0 + 10_000, toMs: T0 + 100_000, count: 10, reason: 'no leader' },
    ]);
  });
});

describe('forbid (P3)', () => {
  it('is exact for scheduled launches: over only at a committed end', () => {
    const harness = new StateHarness();
    harness.setJob('job1', { concurrency: 'forbid' });
    harness.launch('job1', 10_000);
    harness.launch('job1', 20_000);
    expect(harness.executions('job1')).toHaveLength(1);
    expect(harness.reader.notes(jobName('job1'))).toMatchObject([{ reason: 'concurrent execution (forbid)' }]);
    harness.finish(one(harness), 'success');
    harness.launch('job1', 30_000);
    expect(harness.executions('job1')).toHaveLength(2);
  });

  it('is bypassed by hand, but counts what runs by hand', () => {
    const harness = new StateHarness();
    harness.setJob('job1', { concurrency: 'forbid' });
    harness.launch('job1', 10_000);
    expect(harness.run('job1')).toMatchObject({ type: 'launched' });
    expect(harness.running('job1')).toHaveLength(2);
    for (const record of harness.running('job1').slice(0, 1)) harness.finish(record, 'success');
    harness.launch('job1', 20_000);
    expect(harness.executions('job1')).toHaveLength(2);
  });
});

describe('running by hand', () => {
  it('refuses what Dkron refuses', () => {
    const harness = new StateHarness();
    expect(harness.run('none')).toMatchObject({ type: 'refused', code: 'job_not_found' });
    harness.setJob('off', { disabled: true });
    expect(harness.run('off')).toMatchObject({ type: 'refused', code: 'job_disabled' });
    harness.setJob('job1');
    expect(harness.run('job1', [])).toMatchObject({ type: 'refused', code: 'no_targets' });
    expect(harness.executions('job1')).toHaveLength(0);
  });

  it('allots stamps that are unique over all jobs and only grow', () => {
    const harness = new StateHarness();
    const stamps: bigint[] = [];
    for (const name of ['a', 'b', 'c']) {
      harness.setJob(name);
      harness.run(name);
      harness.launch(name, -1);
      stamps.push(one(harness, name).stamp);
    }
    expect(new Set(stamps).size).toBe(3);
    expect([...stamps].sort()).toEqual(stamps);
    expect(String(stamps[0])).toHaveLength(19);
  });

  it('happens once when the command is sent twice (P5)', () => {
    const harness = new StateHarness();
    harness.setJob('job1');
    const origin = { node: NODE, actor: 'api', epoch: 7, sequence: 42 };
    const command = {
      type: 'run',
      nowNs: wallNs(1n),
      name: jobName('job1'),
      targets: [{ node: NODE, epoch: epoch(1) }],
    } as const;
    const first = harness.apply(command, origin);
    harness.restart();
    expect(harness.apply(command, origin)).toEqual(first);
    expect(harness.executions('job1')).toHaveLength(1);
    harness.apply(command, { ...origin, epoch: 8 });
    expect(harness.executions('job1')).toHaveLength(2);
  });
});

describe('retention', () => {
  it('keeps the newest executions and never drops an unfinished one', () => {
    const harness = new StateHarness();
    harness.setJob('job1');
    harness.launch('job1', 1);
    const unfinished = one(harness);
    for (let index = 2; index <= limits.executionsPerJob + 3; index += 1) {
      harness.launch('job1', index);
      const record = harness.running('job1').at(-1);
      if (record === undefined) throw new Error('nothing runs');
      harness.finish(record, 'success', 'out');
    }
    const kept = harness.executions('job1');
    expect(kept).toHaveLength(limits.executionsPerJob);
    expect(kept[0]?.stamp).toBe(unfinished.stamp);
    expect(harness.job('job1').executionsKept).toBe(limits.executionsPerJob);
    expect(harness.job('job1').successCount).toBe(limits.executionsPerJob + 2);
  });
});
