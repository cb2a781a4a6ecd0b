import { describe, expect, it } from 'vitest';
import { ClaimedJobs, jobsTouched } from '../../../src/core/jobs/claimed-jobs.ts';
import type { LaunchItem } from '../../../src/core/jobs/commands.ts';
import { limits } from '../../../src/core/limits.ts';
import { jobName, type WallMs, wallMs, wallNsOf } from '../../../src/core/units.ts';
import { submitted, T0 } from '../../support/state-harness.ts';

const item = (name: string, scheduledAtMs: WallMs): LaunchItem => ({
  name: jobName(name),
  scheduleRevision: 1,
  scheduledAtMs,
  targets: [],
  next: null,
});

const later = (ms: number): WallMs => wallMs(T0 + ms);

describe('jobs whose launches were claimed ahead', () => {
  it('are known until the time of the launch', () => {
    const claimed = new ClaimedJobs();
    const items = [item('now', T0), item('soon', later(100)), item('later', later(200)), item('late', later(-5))];
    claimed.launched({ type: 'launch', nowNs: wallNsOf(T0), items });
    expect(claimed.untilMs(['now'])).toBe(null);
    expect(claimed.untilMs(['late'])).toBe(null);
    expect(claimed.untilMs(['soon'])).toBe(later(100));
    expect(claimed.untilMs(['soon', 'later', 'now'])).toBe(later(200));
    claimed.launched({ type: 'launch', nowNs: wallNsOf(later(100)), items: [item('soon', later(300))] });
    expect([claimed.untilMs(['soon']), claimed.untilMs(['later'])]).toEqual([later(300), later(200)]);
    claimed.launched({ type: 'launch', nowNs: wallNsOf(later(200)), items: [] });
    expect([claimed.untilMs(['soon']), claimed.untilMs(['later'])]).toEqual([later(300), null]);
  });

  it('are not those of a clock that was set back since', () => {
    const claimed = new ClaimedJobs();
    const items = [item('far', later(limits.claimAheadMs + 1))];
    claimed.launched({ type: 'launch', nowNs: wallNsOf(T0), items });
    expect(claimed.untilMs(['far'])).toBe(null);
  });

  it('are touched by writes of clients', () => {
    const name = jobName('job1');
    expect(jobsTouched({ type: 'setJob', nowMs: T0, job: submitted('job1'), next: null })).toEqual([name]);
    expect(jobsTouched({ type: 'deleteJob', name })).toEqual([name]);
    expect(jobsTouched({ type: 'setDisabled', nowMs: T0, name, disabled: true, next: null })).toEqual([name]);
    expect(jobsTouched({ type: 'run', nowNs: wallNsOf(T0), name, targets: [] })).toEqual([]);
  });
});
