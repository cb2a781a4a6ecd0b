import { beforeEach, describe, expect, it } from 'vitest';
import { wallMs } from '../../../src/core/units.ts';
import { ApiHarness, header, textOf } from '../../support/api-harness.ts';

let api: ApiHarness;
beforeEach(() => {
  api = new ApiHarness();
});

const ask = (query: Record<string, string>): [status: number, body: unknown] => {
  const answer = api.send('GET', `/v1/schedule/preview?${new URLSearchParams(query)}`);
  expect(header(answer, 'Content-Type')).toBe('application/json; charset=utf-8');
  return [answer.status, JSON.parse(textOf(answer))];
};

const next = (query: Record<string, string>): unknown => {
  const [status, body] = ask(query);
  expect(status, JSON.stringify(body)).toBe(200);
  return (body as { next: unknown }).next;
};

const refusal = (query: Record<string, string>): unknown => {
  const [status, body] = ask(query);
  expect(status).toBe(400);
  const { code, message, ...rest } = body as Record<string, string>;
  expect(rest).toEqual({});
  return `${code}: ${message}`;
};

const from = '2026-03-28T12:00:00Z';

describe('a preview', () => {
  it('begins now and has five times', () => {
    expect(next({ spec: '@daily' })).toEqual([
      '2026-11-22T00:00:00Z',
      '2026-11-23T00:00:00Z',
      '2026-11-24T00:00:00Z',
      '2026-11-25T00:00:00Z',
      '2026-11-26T00:00:00Z',
    ]);
    expect(next({ spec: '@daily', n: '', from: '', tz: '', name: '' })).toHaveLength(5);
  });

  it('is written in the zone that it counts in, over a change of its offset', () => {
    expect(next({ spec: '0 0 12 * * *', tz: 'Europe/Berlin', from, n: '2' })).toEqual([
      '2026-03-29T12:00:00+02:00',
      '2026-03-30T12:00:00+02:00',
    ]);
    expect(next({ spec: '0 0 12 * * *', tz: 'Europe/Berlin', from: '2026-03-27T12:00:00Z', n: '1' })).toEqual([
      '2026-03-28T12:00:00+01:00',
    ]);
    expect(next({ spec: 'TZ=Asia/Tokyo 0 0 12 * * *', tz: 'Europe/Berlin', from, n: '1' })).toEqual([
      '2026-03-29T12:00:00+09:00',
    ]);
    // The zone of a job is nothing to descriptors, as in Dkron.
    expect(next({ spec: '@daily', tz: 'Europe/Berlin', from, n: '1' })).toEqual(['2026-03-29T00:00:00Z']);
    expect(next({ spec: '@every 1h', tz: 'Europe/Berlin', from, n: '1' })).toEqual(['2026-03-28T14:00:00+01:00']);
  });

  it('is strictly after its beginning, to the nanosecond', () => {
    const at = '2026-03-28T12:00:00.0005Z';
    expect(next({ spec: `@at ${at}`, from: '2026-03-28T12:00:00.000499999Z' })).toEqual([at]);
    expect(next({ spec: `@at ${at}`, from: at })).toEqual([]);
    expect(next({ spec: `@at ${at}`, from: '2026-03-28T12:00:00.0007Z' })).toEqual([]);
    expect(next({ spec: '@hourly', from, n: '1' })).toEqual(['2026-03-28T13:00:00Z']);
    expect(next({ spec: '@hourly', from: '2026-03-28T11:59:59.999999999Z', n: '1' })).toEqual([from]);
    expect(next({ spec: '@hourly', from: '2026-03-28T13:00:00+01:00', n: '1' })).toEqual(['2026-03-28T13:00:00Z']);
  });

  it('takes a plus that the client forgot to escape', () => {
    const answer = api.send('GET', '/v1/schedule/preview?spec=@hourly&n=1&from=2026-03-28T13:00:00+01:00');
    expect(textOf(answer)).toBe('{"next":["2026-03-28T13:00:00Z"]}');
  });

  it('is empty for what is never due, and ends with what has no later time', () => {
    expect(next({ spec: '@manually' })).toEqual([]);
    expect(next({ spec: '0 0 0 30 2 *' })).toEqual([]);
    expect(next({ spec: '@yearly', from: '9997-06-01T00:00:00Z' })).toEqual([
      '9998-01-01T00:00:00Z',
      '9999-01-01T00:00:00Z',
    ]);
    expect(next({ spec: '@every 1h', from: '9999-12-31T23:30:00Z' })).toEqual([]);
    expect(next({ spec: '@yearly', from: '0001-06-01T00:00:00Z', n: '1' })).toEqual(['0002-01-01T00:00:00Z']);
  });

  it('counts @every from its beginning, or as the stored job does', () => {
    expect(next({ spec: '@every 10s', from: '2026-11-21T07:05:03.5Z', n: '2' })).toEqual([
      '2026-11-21T07:05:13Z',
      '2026-11-21T07:05:23Z',
    ]);
    api.send('POST', '/v1/jobs', { body: '{"name":"a","schedule":"@every 10s","executor":"shell"}' });
    api.state.nowMs = wallMs(api.state.nowMs + 3_500);
    expect(next({ spec: '@every 10s', name: 'a', n: '1' })).toEqual(['2026-11-21T07:05:10Z']);
    expect(next({ spec: '@every 20s', name: 'a', n: '1' })).toEqual(['2026-11-21T07:05:23Z']);
    expect(next({ spec: '@every 10s', name: 'b', n: '1' })).toEqual(['2026-11-21T07:05:13Z']);
  });

  it.each(['~ ~ ~ * * *', 'H H H * * *'])('%s depends on the name', (spec) => {
    expect(next({ spec, name: 'a' })).toEqual(next({ spec, name: 'a' }));
    expect(next({ spec, name: 'a' })).not.toEqual(next({ spec, name: 'b' }));
  });

  it('has up to a hundred times', () => {
    expect(next({ spec: '* * * * * *', n: '100' })).toHaveLength(100);
    // Dkron looks five years ahead, and 2100 is no leap year.
    expect(next({ spec: '0 0 0 29 2 *', n: '100' })).toHaveLength(18);
    expect(next({ spec: '0 0 2 29 3 *', tz: 'America/New_York', n: '100' })).toHaveLength(100);
  });

  it('is indented when asked', () => {
    const answer = api.send('GET', '/v1/schedule/preview?spec=@manually&pretty');
    expect(textOf(answer)).toBe('{\n    "next": []\n}');
  });
});

describe('a preview is refused', () => {
  it('with the sentence that a job gets', () => {
    for (const spec of ['', 'x', '* * *', '60 * * * * *', '@every', '@at x', 'TZ=Nope/Nowhere * * * * * *']) {
      const created = api.send('POST', '/v1/jobs', { body: JSON.stringify({ name: 'a', schedule: spec }) });
      const [, sentence] = /^Job validation failed: can't parse job schedule: (.*)\.$/.exec(textOf(created)) ?? [];
      expect(refusal({ spec }), spec).toBe(`schedule_invalid: ${sentence}`);
    }
  });

  it.each<[Record<string, string>, string]>([
    [{ n: '0' }, 'n must be a whole number within 1 and 100'],
    [{ n: '101' }, 'n must be a whole number within 1 and 100'],
    [{ n: '-1' }, 'n must be a whole number within 1 and 100'],
    [{ n: '1e1' }, 'n must be a whole number within 1 and 100'],
    [{ n: '9'.repeat(400) }, 'n must be a whole number within 1 and 100'],
    [{ tz: 'Mars/Olympus' }, 'tz: unknown time zone Mars/Olympus'],
    [{ tz: '../etc' }, 'tz: time: invalid location name'],
    [{ name: 'A b' }, "name contains illegal character 'A'"],
    [{ from: 'noon' }, 'from: parsing time "noon" as "2006-01-02T15:04:05Z07:00": cannot parse "noon" as "2006"'],
    [{ from: '2026-02-30T00:00:00Z' }, 'from: parsing time "2026-02-30T00:00:00Z": day out of range'],
    [{ from: '0000-01-01T00:00:00+01:00' }, 'from: year outside of range [0,9999]'],
  ])('%o', (query, message) => {
    expect(refusal({ spec: '@daily', ...query })).toBe(`query_invalid: ${message}`);
  });
});
