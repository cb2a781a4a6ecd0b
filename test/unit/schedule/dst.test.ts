import { describe, expect, test } from 'vitest';
import { compiled, nextTimes } from '../../support/schedules.ts';

/** Zone, spec, where to begin, and the due times as dkron-v4 3.3 records them (with the local offset, for reading). */
const cases: readonly (readonly [zone: string, spec: string, from: string, ...times: string[]])[] = [
  ['America/New_York', '0 30 2 * * *', '2024-03-10T00:00:00-05:00', '2024-03-11T02:30:00-04:00'],
  ['America/New_York', '0 0 2 * * *', '2024-03-10T00:00:00-05:00', '2024-03-11T02:00:00-04:00'],
  [
    'America/New_York',
    '0 0 * * * *',
    '2024-03-10T00:30:00-05:00',
    '2024-03-10T01:00:00-05:00',
    '2024-03-10T03:00:00-04:00',
    '2024-03-10T04:00:00-04:00',
  ],
  [
    'America/New_York',
    '0 */30 1-2 * * *',
    '2024-03-10T00:00:00-05:00',
    '2024-03-10T01:00:00-05:00',
    '2024-03-10T01:30:00-05:00',
    '2024-03-11T01:00:00-04:00',
  ],
  [
    'America/New_York',
    '0 30 1 * * *',
    '2024-11-03T00:00:00-04:00',
    '2024-11-03T01:30:00-04:00',
    '2024-11-03T01:30:00-05:00',
    '2024-11-04T01:30:00-05:00',
  ],
  [
    'America/New_York',
    '0 */30 1 * * *',
    '2024-11-03T00:00:00-04:00',
    '2024-11-03T01:00:00-04:00',
    '2024-11-03T01:30:00-04:00',
    '2024-11-03T01:00:00-05:00',
    '2024-11-03T01:30:00-05:00',
    '2024-11-04T01:00:00-05:00',
  ],
  [
    'America/New_York',
    '0 0 2 * * *',
    '2024-11-03T00:00:00-04:00',
    '2024-11-03T02:00:00-05:00',
    '2024-11-04T02:00:00-05:00',
  ],
  ['America/Sao_Paulo', '0 0 0 * * *', '2018-11-03T12:00:00-03:00', '2018-11-05T00:00:00-02:00'],
  ['Australia/Lord_Howe', '0 0 2 * * *', '2024-10-05T12:00:00+10:30', '2024-10-07T02:00:00+11:00'],
  // A full hour after the gap of half an hour is stepped over as well.
  ['Australia/Lord_Howe', '0 0 3 * * *', '2024-10-05T12:00:00+10:30', '2024-10-07T03:00:00+11:00'],
  // A day whose midnight is missing, east of Greenwich: robfig/cron steps over all of it.
  ['Africa/Cairo', '0 0 5 * * FRI', '2024-04-25T12:00:00+02:00', '2024-05-03T05:00:00+03:00'],
  [
    'Europe/Dublin',
    '0 30 1 * * *',
    '2024-10-26T12:00:00+01:00',
    '2024-10-27T01:30:00+01:00',
    '2024-10-27T01:30:00Z',
    '2024-10-28T01:30:00Z',
  ],
];

describe('around changes of the offset (dkron-v4 3.3)', () => {
  test.each(cases)('%s, %s from %s', (zone, spec, from, ...times) => {
    const expected = times.map((time) => new Date(time).toISOString().replace('.000Z', 'Z'));
    expect(nextTimes(compiled(spec, { timezone: zone }), from, times.length)).toEqual(expected);
  });

  test('@every is elapsed time', () => {
    const times = nextTimes(compiled('CRON_TZ=America/New_York @every 1h'), '2024-03-10T06:30:00Z', 2);
    expect(times).toEqual(['2024-03-10T07:30:00Z', '2024-03-10T08:30:00Z']);
  });

  test('a zone that goes back within an hour, where robfig/cron goes back and forth for ever', () => {
    const schedule = compiled('0 45,0 */3 * * *', { timezone: 'Pacific/Chatham' });
    expect(nextTimes(schedule, '2022-04-02T13:14:00Z', 4)).toEqual([
      '2022-04-02T13:15:00Z',
      '2022-04-02T14:00:00Z',
      '2022-04-02T14:15:00Z',
      '2022-04-02T15:00:00Z',
    ]);
  });

  test('a calendar day that a zone left out, where robfig/cron never returns, is stepped over', () => {
    const schedule = compiled('0 0 5 * * FRI', { timezone: 'Pacific/Apia' });
    expect(nextTimes(schedule, '2011-12-28T12:00:00Z', 1)).toEqual(['2012-01-05T15:00:00Z']);
    expect(nextTimes(compiled('0 0 0 1 * *', { timezone: 'Pacific/Apia' }), '2011-12-20T12:00:00Z', 1)).toEqual([
      '2011-12-31T10:00:00Z',
    ]);
  });
});
