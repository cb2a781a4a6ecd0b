import { beforeEach, describe, expect, it } from 'vitest';
import { limits } from '../../../src/core/limits.ts';
import { epoch, jobName, wallMs, wallNs, wallNsOf } from '../../../src/core/units.ts';
import { ApiHarness, header, textOf } from '../../support/api-harness.ts';
import { NODE } from '../../support/state-harness.ts';

let api: ApiHarness;
beforeEach(() => {
  api = new ApiHarness();
});

const ask = (query: string): { status: number; total: string | null; body: unknown } => {
  const answer = api.send('GET', `/v1/launches?${query}`);
  expect(header(answer, 'Content-Type')).toBe('application/json; charset=utf-8');
  return { status: answer.status, total: header(answer, 'X-Total-Count'), body: JSON.parse(textOf(answer)) };
};

const list = (query: string): Record<string, unknown>[] => {
  const { status, body } = ask(query);
  expect(status).toBe(200);
  return body as Record<string, unknown>[];
};

/** `count` due times, a second apart, that nobody launched. */
function miss(name: string, count = 1): void {
  api.state.nowMs = wallMs(api.state.nowMs + 10_000);
  const { nowMs } = api.state;
  const result = api.state.apply({
    type: 'missed',
    items: [
      {
        name: jobName(name),
        scheduleRevision: api.state.job(name).scheduleRevision,
        fromMs: nowMs,
        toMs: wallMs(nowMs + (count - 1) * 1_000),
        count,
        reason: 'no leader',
        next: null,
      },
    ],
  });
  expect(result.type).toBe('done');
}

/** A due time without a node. */
function skip(name: string): void {
  api.state.nowMs = wallMs(api.state.nowMs + 10_000);
  api.state.launch(name, 0, []);
}

/** A due time whose execution is lost. */
function lose(name: string): void {
  api.state.nowMs = wallMs(api.state.nowMs + 10_000);
  api.state.launch(name, 0);
  for (const record of api.state.running(name)) api.state.finish(record, 'lost');
}

/** A due time whose execution is assigned `lateMs` after it. */
function delay(name: string, lateMs = 1_001): void {
  api.state.nowMs = wallMs(api.state.nowMs + 10_000);
  const { nowMs } = api.state;
  const { scheduleRevision } = api.state.job(name);
  api.state.apply({
    type: 'launch',
    nowNs: wallNsOf(wallMs(nowMs + lateMs)),
    items: [
      {
        name: jobName(name),
        scheduleRevision,
        scheduledAtMs: nowMs,
        targets: [{ node: NODE, epoch: epoch(1) }],
        next: null,
      },
    ],
  });
}

describe('launches', () => {
  beforeEach(() => {
    api.state.setJob('a');
    api.state.setJob('b');
  });

  it('that were missed, of all jobs, newest first', () => {
    miss('a');
    miss('b', 3);
    skip('a');
    expect(ask('state=missed')).toEqual({
      status: 200,
      total: '2',
      body: [
        {
          job: 'b',
          state: 'missed',
          from: '2026-11-21T07:05:20Z',
          to: '2026-11-21T07:05:22Z',
          count: 3,
          reason: 'no leader',
        },
        {
          job: 'a',
          state: 'missed',
          from: '2026-11-21T07:05:10Z',
          to: '2026-11-21T07:05:10Z',
          count: 1,
          reason: 'no leader',
        },
      ],
    });
  });

  it('that were skipped, with the reason', () => {
    skip('b');
    miss('b');
    expect(list('state=skipped')).toEqual([
      {
        job: 'b',
        state: 'skipped',
        from: '2026-11-21T07:05:10Z',
        to: '2026-11-21T07:05:10Z',
        count: 1,
        reason: 'no target nodes found to run job b',
      },
    ]);
  });

  it('that were lost, with the execution; those that ended otherwise are not there', () => {
    lose('a');
    api.state.nowMs = wallMs(api.state.nowMs + 10_000);
    api.state.launch('b', 0);
    expect(list('state=lost')).toHaveLength(1);
    api.runToEnd();
    const [execution] = api.state.executions('a');
    expect(list('state=lost')).toEqual([
      {
        job: 'a',
        state: 'lost',
        execution: `${execution?.stamp}-n0`,
        scheduled_at: '2026-11-21T07:05:10Z',
      },
    ]);
    expect(api.send('GET', `/v1/jobs/a/executions/${execution?.stamp}-n0`).status).toBe(200);
  });

  it('that wait for their turn, in the order of their due times', () => {
    const launchBoth = (names: readonly string[]): void => {
      api.state.nowMs = wallMs(api.state.nowMs + 10_000);
      for (const name of names) api.state.launch(name, 0, ['n0', 'n1']);
    };
    api.state.setJob('a', { concurrency: 'queue' });
    api.state.setJob('b', { maxExecutions: 1 });
    launchBoth(['b']);
    launchBoth(['a', 'b']);
    launchBoth(['a']);
    const why = 'the job runs as many executions as it may (max_executions)';
    const waiting = {
      state: 'queued',
      attempt: 1,
      scheduled_at: '2026-11-21T07:05:20Z',
      since: '2026-11-21T07:05:20Z',
    };
    expect(ask('state=queued')).toEqual({
      status: 200,
      total: '4',
      body: [
        {
          ...waiting,
          job: 'b',
          node: 'n1',
          scheduled_at: '2026-11-21T07:05:10Z',
          since: '2026-11-21T07:05:10Z',
          reason: why,
        },
        { ...waiting, job: 'b', node: 'n0', reason: why },
        { ...waiting, job: 'b', node: 'n1', reason: why },
        {
          ...waiting,
          job: 'a',
          scheduled_at: '2026-11-21T07:05:30Z',
          since: '2026-11-21T07:05:30Z',
          reason: 'launches of the job run, or wait before it (concurrency queue)',
        },
      ],
    });
    expect([ask('state=queued&job=b').total, list('state=queued&job=b&_start=1&_end=2').length]).toEqual(['3', 1]);
    api.runToEnd();
    expect(ask('state=queued').body).toEqual([]);
  });

  it.each(['missed', 'skipped', 'lost', 'late'])('%s ones are cut to pages, of all jobs and of one', (state) => {
    const add = { missed: miss, skipped: skip, lost: lose, late: delay }[state] ?? miss;
    for (const name of ['a', 'b', 'a', 'b', 'a']) add(name);
    const page = (query: string): string => {
      const { status, total, body } = ask(`state=${state}&${query}`);
      return `${status} ${total} ${(body as { job: string }[]).map(({ job }) => job).join('')}`;
    };
    expect(page('')).toBe('200 5 ababa');
    expect(page('_start=&_end=&job=')).toBe('200 5 ababa');
    expect(page('_start=1&_end=3')).toBe('200 5 ba');
    expect(page('_start=4&_end=9')).toBe('200 5 a');
    expect(page('_start=3&_end=1')).toBe('200 5 ');
    expect(page('_start=9')).toBe('200 5 ');
    expect(page('_end=0')).toBe('200 5 ');
    expect(page('job=a')).toBe('200 3 aaa');
    expect(page('job=b&_start=1')).toBe('200 2 b');
    expect(page('job=b&_start=3&_end=1')).toBe('200 2 ');
    const newest = list(`state=${state}&job=a`);
    expect(newest).toEqual(list(`state=${state}`).filter(({ job }) => job === 'a'));
    expect(newest).toHaveLength(3);
  });

  it('that began late, while they run and when they ended; not those that were just in time, by hand or tried again', () => {
    delay('a', 1_000);
    delay('a', 1_500);
    expect(list('state=late')).toEqual([
      {
        job: 'a',
        state: 'late',
        execution: expect.stringMatching(/^\d{19}-n0$/),
        scheduled_at: '2026-11-21T07:05:20Z',
        started_at: '2026-11-21T07:05:21.5Z',
        late_ms: 1_500,
      },
    ]);
    const running = list('state=late');
    api.send('DELETE', '/v1/jobs/a/executions');
    expect(list('state=late')).toEqual([]);
    for (const record of api.state.running('a')) api.state.finish(record, 'failed');
    api.state.run('a');
    for (const record of api.state.running('a')) api.state.finish(record, 'failed');
    expect(list('state=late')).toEqual(running);
    expect(list('state=late&job=a')).toEqual(running);
  });

  it('are late by the clock of the node that ran them, once it told', () => {
    delay('a', 5_000);
    delay('b', 100);
    const end = (name: string, afterMs: number): void => {
      const [record] = api.state.running(name);
      if (record === undefined) throw new Error('nothing runs');
      const startedAtNs = wallNs(wallNsOf(record.scheduledAtMs) + BigInt(afterMs) * 1_000_000n);
      api.state.finish({ ...record, startedAtNs }, 'success');
    };
    end('a', 200);
    end('b', 2_000);
    expect(list('state=late').map(({ job, late_ms }) => [job, late_ms])).toEqual([['b', 2_000]]);
    expect(ask('state=late').total).toBe('1');
  });

  it('go with the history of their job, and with the job', () => {
    const totals = (): (string | null)[] => ['missed', 'skipped', 'lost'].map((state) => ask(`state=${state}`).total);
    for (const name of ['a', 'b']) for (const add of [miss, skip, lose]) add(name);
    expect(totals()).toEqual(['2', '2', '2']);
    api.send('DELETE', '/v1/jobs/a/executions');
    expect(ask('state=lost').total).toBe('1');
    api.send('DELETE', '/v1/jobs/a');
    expect(totals()).toEqual(['1', '1', '1']);
    expect(ask('state=lost&job=a').status).toBe(404);
    delay('b');
    expect(ask('state=late').total).toBe('1');
    api.send('DELETE', '/v1/jobs/b');
    expect(totals()).toEqual(['0', '0', '0']);
    expect(ask('state=late').total).toBe('0');
  });

  it('are kept as long as their records', () => {
    for (let index = 0; index < limits.notesPerJob; index += 1) miss('a');
    skip('a');
    skip('a');
    expect([ask('state=missed').total, ask('state=skipped').total]).toEqual([String(limits.notesPerJob - 2), '2']);
    for (let index = 0; index < limits.executionsPerJob + 5; index += 1) lose('b');
    expect([ask('state=lost').total, ask('state=lost&job=b').total]).toEqual(['100', '100']);
    expect(list('state=lost')).toEqual(list('state=lost&job=b'));
  });
});

describe('launches are refused', () => {
  it.each([
    ['', 'state must be one of missed, skipped, lost, late, queued'],
    ['state=', 'state must be one of missed, skipped, lost, late, queued'],
    ['state=Missed', 'state must be one of missed, skipped, lost, late, queued'],
    ['state=constructor', 'state must be one of missed, skipped, lost, late, queued'],
    ['state=lost&_start=-1', '_start must be a whole number within 0 and 9007199254740991'],
    ['state=missed&job=%zz', "job=%zz can't be read: write % as %25 and ; as %3B"],
    ['state=lost&_end=x', '_end must be a whole number within 0 and 9007199254740991'],
  ])('?%s', (query, message) => {
    expect(ask(query)).toEqual({ status: 400, total: null, body: { code: 'query_invalid', message } });
  });

  it.each(['none', 'A', '%00', 'a%00b'])('job %s does not exist', (job) => {
    const { status, body } = ask(`state=missed&job=${job}`);
    expect([status, (body as { code: string }).code]).toEqual([404, 'job_not_found']);
  });
});
