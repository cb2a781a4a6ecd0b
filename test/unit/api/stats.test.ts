import { beforeEach, describe, expect, it } from 'vitest';
import { addStats, emptyMinute, permilleMs } from '../../../src/core/jobs/minute-stats.ts';
import { limits } from '../../../src/core/limits.ts';
import { jobName, wallMs, wallNs, wallNsOf } from '../../../src/core/units.ts';
import { tableRange } from '../../../src/wire/state-keys.ts';
import { decodeMinute, encodeMinute } from '../../../src/wire/stats-records.ts';
import { ApiHarness, textOf } from '../../support/api-harness.ts';

const MINUTE = 60_000;
/** A whole hour. */
const START = Date.UTC(2026, 10, 21, 8);
let api: ApiHarness;

beforeEach(() => {
  api = new ApiHarness();
  api.state.nowMs = wallMs(START - 10 * MINUTE);
  for (const name of ['a', 'b']) api.state.setJob(name, { schedule: '@every 1m' });
  api.state.nowMs = wallMs(START);
});

interface Step {
  readonly at: string;
  readonly launches: number;
  readonly [count: string]: unknown;
}

const ask = (query = ''): { status: number; body: { steps: Step[]; [key: string]: unknown } } => {
  const answer = api.send('GET', `/v1/stats?${query}`);
  return { status: answer.status, body: JSON.parse(textOf(answer)) };
};
const steps = (query = ''): Step[] => {
  const { status, body } = ask(query);
  expect(status).toBe(200);
  return body.steps;
};

/** A due time now, that begins and ends so much later; nobody knows how a lost one ended. */
function launch(
  name: string,
  [lateMs, tookMs]: [number, number],
  outcome: 'success' | 'failed' | 'lost' = 'success',
): void {
  api.state.launch(name, 0);
  for (const record of api.state.running(name)) {
    const startedAtNs = wallNs(wallNsOf(record.scheduledAtMs) + BigInt(lateMs) * 1_000_000n);
    api.state.apply({
      type: 'finish',
      nowNs: wallNsOf(api.state.nowMs),
      items: [
        {
          job: record.job,
          stamp: record.stamp,
          node: record.node,
          startedAtNs,
          finishedAtNs: wallNs(startedAtNs + BigInt(tookMs) * 1_000_000n),
          outcome,
          output: new Uint8Array(),
          droppedBytes: 0,
          retryAtMs: api.state.nowMs,
        },
      ],
    });
  }
}

const pass = (ms: number): void => {
  api.state.nowMs = wallMs(api.state.nowMs + ms);
};

describe('statistics', () => {
  it('count what happened in each minute, of all jobs and of each', () => {
    launch('a', [3, 40]);
    pass(1_000);
    launch('b', [700, 2_000], 'failed');
    pass(MINUTE);
    launch('b', [3, 1], 'lost');
    api.state.run('a');
    pass(1_000);
    api.state.launch('a', 0, []);
    const first = {
      at: '2026-11-21T08:00:00Z',
      launches: 2,
      succeeded: 1,
      failed: 1,
      lost: 0,
      skipped: 0,
      missed: 0,
      lateness: { count: 2, sum_ms: 703, max_ms: 700, p50_ms: 5, p99_ms: 700 },
      duration: { count: 2, sum_ms: 2_040, max_ms: 2_000, p50_ms: 50, p99_ms: 2_000 },
    };
    const second = {
      at: '2026-11-21T08:01:00Z',
      launches: 1,
      succeeded: 0,
      failed: 0,
      lost: 1,
      skipped: 1,
      missed: 0,
      lateness: { count: 1, sum_ms: 3, max_ms: 3, p50_ms: 3, p99_ms: 3 },
      duration: { count: 0, sum_ms: 0, max_ms: 0, p50_ms: 0, p99_ms: 0 },
    };
    expect(ask().body).toEqual({
      from: '2026-11-21T07:02:00Z',
      to: '2026-11-21T08:02:00Z',
      step_seconds: 60,
      steps: [first, second],
    });
    expect(steps('job=a').map(({ launches, succeeded, skipped }) => [launches, succeeded, skipped])).toEqual([
      [1, 1, 0],
      [0, 0, 1],
    ]);
    const whole = steps('step=1h&from=2026-11-21T08:00:00Z');
    expect(whole).toHaveLength(1);
    expect(whole[0]).toMatchObject({ launches: 3, succeeded: 1, failed: 1, lost: 1, skipped: 1 });
    expect(steps('to=2026-11-21T08:01:00Z')).toEqual([first]);
    expect(steps('from=2026-11-21T09:01:00%2B01:00')).toEqual([second]);
    expect(steps('from=2026-11-21T09:01:00+01:00')).toEqual([second]);
  });

  it('count retries as executions and not as launches, and missed due times by how many they are', () => {
    api.state.setJob('a', { schedule: '@every 1m', retries: 1 });
    launch('a', [3, 10], 'failed');
    api.state.assignAll();
    for (const record of api.state.running('a')) api.state.finish(record, 'success');
    pass(MINUTE);
    api.state.apply({
      type: 'missed',
      items: [
        {
          name: jobName('a'),
          scheduleRevision: api.state.job('a').scheduleRevision,
          fromMs: wallMs(START + 10_000),
          toMs: api.state.nowMs,
          count: 7,
          reason: 'no leader',
          next: null,
        },
      ],
    });
    expect(
      steps('job=a').map(({ launches, succeeded, failed, missed }) => [launches, succeeded, failed, missed]),
    ).toEqual([
      [1, 1, 1, 0],
      [0, 0, 0, 7],
    ]);
    expect(steps('job=a')[0]?.lateness).toMatchObject({ count: 1 });
  });

  it('begin steps at multiples of the step', () => {
    for (let at = 0; at < 9; at += 1) {
      launch('a', [1, 1]);
      pass(MINUTE);
    }
    expect(steps('step=5m&from=2026-11-21T08:03:00Z').map(({ at, launches }) => [at, launches])).toEqual([
      ['2026-11-21T08:00:00Z', 5],
      ['2026-11-21T08:05:00Z', 4],
    ]);
  });

  it('of a job go back so many minutes with activity, of all jobs a week', () => {
    for (let at = 0; at < limits.statMinutesPerJob + 20; at += 1) {
      launch('a', [1, 1]);
      if (at % 20 === 0) launch('b', [1, 1]);
      pass(2 * MINUTE);
    }
    const stored: number[] = [];
    api.state.store.range({ ...tableRange('jobMinutes'), keysOnly: true }, () => stored.push(1) > 0);
    expect(stored).toHaveLength(limits.statMinutesPerJob + 4);
    const day = 'from=2026-11-21T00:00:00Z';
    expect(steps(`${day}&job=a`)).toHaveLength(limits.statMinutesPerJob);
    expect(steps(`${day}&job=a`)[0]?.at).toBe('2026-11-21T08:40:00Z');
    expect(steps(`${day}&job=b`)).toHaveLength(4);
    expect(steps(day)).toHaveLength(limits.statMinutesPerJob + 20);
    // A week later the same place of the ring is another minute's.
    const since = api.state.nowMs;
    api.state.nowMs = wallMs(START + limits.statMinutes * MINUTE);
    launch('b', [1, 1]);
    expect(steps('step=1h&from=2026-11-21T08:00:00Z')[0]).toMatchObject({
      launches: limits.statMinutesPerJob / 2,
    });
    expect(steps()).toHaveLength(1);
    expect(since).toBeLessThan(api.state.nowMs);
  });

  it('find the minutes of a range that goes over the end of the ring', () => {
    const end = Math.ceil(START / MINUTE / limits.statMinutes) * limits.statMinutes;
    for (const minute of [end - 2, end - 1, end, end + 1]) {
      api.state.nowMs = wallMs(minute * MINUTE);
      launch('a', [1, 1]);
    }
    expect(steps()).toHaveLength(4);
    pass(-MINUTE);
    expect(steps()).toHaveLength(3);
  });

  it('of a job go with its history, and with the job; those of all jobs stay', () => {
    launch('a', [1, 1]);
    launch('b', [1, 1]);
    api.send('DELETE', '/v1/jobs/a/executions');
    expect(steps('job=a')).toEqual([]);
    api.send('DELETE', '/v1/jobs/b');
    api.state.setJob('b');
    expect(steps('job=b')).toEqual([]);
    expect(steps()[0]).toMatchObject({ launches: 2, succeeded: 2 });
    pass(1_000);
    launch('a', [1, 1]);
    expect(steps('job=a')).toHaveLength(1);
  });

  it('are the same whether commands are applied one by one or go through the store in between', () => {
    const record = encodeMinute({ ...emptyMinute(29_000_000), launches: 3, skipped: 70_000 });
    expect(encodeMinute(decodeMinute(record))).toEqual(record);
    launch('a', [1_500, 90_000]);
    api.state.restart();
    launch('b', [1, 1]);
    expect(steps()[0]).toMatchObject({ lateness: { count: 2, sum_ms: 1_501 }, duration: { max_ms: 90_000 } });
  });

  it('take a start before its due time, by another clock, for one in time', () => {
    launch('a', [-5_000, 10]);
    expect(steps()[0]?.lateness).toEqual({ count: 1, sum_ms: 0, max_ms: 0, p50_ms: 0, p99_ms: 0 });
    const none = emptyMinute(0);
    expect([permilleMs(none.duration, 990), addStats(none, none)]).toEqual([0, none]);
    launch('b', [1, 5_000_000]);
    expect(steps()[0]?.duration).toMatchObject({ max_ms: 5_000_000, p99_ms: 5_000_000 });
  });
});

describe('statistics are refused', () => {
  const wholeMinutes = 'step must be a duration of whole minutes, such as 5m or 1h, up to 168h';
  it.each([
    ['step=5', wholeMinutes],
    ['step=30s', wholeMinutes],
    ['step=90s', wholeMinutes],
    ['step=0m', wholeMinutes],
    ['step=-5m', wholeMinutes],
    ['step=169h', wholeMinutes],
    ['from=x', expect.stringMatching(/^from: /)],
    ['to=yesterday', expect.stringMatching(/^to: /)],
    ['from=2026-11-21T09:00:00Z&to=2026-11-21T09:00:59Z', 'from must be at least a minute before to'],
    ['from=0001-01-01T00:00:00Z', 'from is too early: the latest 10080 minutes are kept'],
    ['from=2027-01-01T00:00:00Z', 'from must be at least a minute before to'],
    ['from=2026-11-14T08:00:00Z', 'step must be at least 7m for this time: an answer has 1500 steps at most'],
  ])('?%s', (query, message) => {
    expect(ask(query)).toEqual({ status: 400, body: { code: 'query_invalid', message } });
  });

  it.each(['none', 'A', '%00'])('job %s does not exist', (job) => {
    expect(ask(`job=${job}`)).toMatchObject({ status: 404, body: { code: 'job_not_found' } });
  });
});
