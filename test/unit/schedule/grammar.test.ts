import { describe, expect, test } from 'vitest';
import { compiled, errorOf, nextTimes } from '../../support/schedules.ts';

const REFERENCE = '2024-01-15T10:20:30.500Z';

/** Due times as `HH:MM:SS` (today), `MM-DD`, or a whole instant: as short as dkron-v4 3.2 writes them. */
const whole = (text: string): string => {
  if (/^\d\d:\d\d:\d\d$/.test(text)) return `2024-01-15T${text}Z`;
  if (/^\d\d-\d\d$/.test(text)) return `2024-${text}T00:00:00Z`;
  return text;
};

describe('what Dkron accepts, with the due times that it computes (dkron-v4 3.2)', () => {
  test.each([
    ['* * * * * *', '10:20:31', '10:20:32', '10:20:33'],
    ['? ? ? ? ? ?', '10:20:31', '10:20:32', '10:20:33'],
    ['0 30 * * * *', '10:30:00', '11:30:00', '12:30:00'],
    ['*/7 * * * * *', '10:20:35', '10:20:42', '10:20:49'],
    ['5/15 * * * * *', '10:20:35', '10:20:50', '10:21:05'],
    ['50/15 * * * * *', '10:20:50', '10:21:50', '10:22:50'],
    ['10-20/3 * * * * *', '10:21:10', '10:21:13', '10:21:16'],
    ['*/60 * * * * *', '10:21:00', '10:22:00'],
    ['*/100 * * * * *', '10:21:00', '10:22:00'],
    ['0 */90 * * * *', '11:00:00', '12:00:00'],
    ['0, * * * * *', '10:21:00', '10:22:00'],
    [',,, * * * * *', 'never'],
    ['+5 * * * * *', '10:21:05', '10:22:05'],
    ['05 * * * * *', '10:21:05', '10:22:05'],
    ['*-5 * * * * *', '10:20:31', '10:20:32'],
    ['0 0 0 1 * ?', '02-01', '03-01', '04-01'],
    ['0 0 0 * * SUN', '01-21', '01-28', '02-04'],
    ['0 0 0 * * sun-tue', '01-16', '01-21', '01-22'],
    ['0 0 0 13 * FRI', '01-19', '01-26', '02-02'],
    ['0 0 0 */2 * MON', '01-17', '01-19', '01-21'],
    ['0 0 0 1-31 * MON', '01-16', '01-17', '01-18'],
    ['0 0 0 31 2 *', 'never'],
    ['0 0 0 29 2 *', '02-29', '2028-02-29T00:00:00Z', '2032-02-29T00:00:00Z'],
    ['0 0 0 1 JAN ?', '2025-01-01T00:00:00Z', '2026-01-01T00:00:00Z'],
    ['* * * * * *,', '10:20:31', '10:20:32'],
    ['0 59/1 * * * *', '10:59:00', '11:59:00'],
    ['  0 0 * * * *', '11:00:00', '12:00:00'],
    ['0\t0\u00a0*\u2003* * *', '11:00:00', '12:00:00'],
    ['@yearly', '2025-01-01T00:00:00Z', '2026-01-01T00:00:00Z'],
    ['@annually', '2025-01-01T00:00:00Z'],
    ['@monthly', '02-01', '03-01'],
    ['@weekly', '01-21', '01-28'],
    ['@daily', '01-16', '01-17'],
    ['@midnight', '01-16', '01-17'],
    ['@hourly', '11:00:00', '12:00:00'],
    ['@minutely', '10:21:00', '10:22:00', '10:23:00'],
    ['@manually', 'never'],
    ['@every 1s', '10:20:31', '10:20:32'],
    ['@every 0s', '10:20:31', '10:20:32'],
    ['@every 500ms', '10:20:31', '10:20:32'],
    ['@every 1us', '10:20:31', '10:20:32'],
    ['@every 1.5s', '10:20:31', '10:20:32'],
    ['@every -5s', '10:20:31', '10:20:32'],
    ['@every 1h30m10s', '11:50:40', '13:20:50', '14:51:00'],
    ['@at 2018-01-02T15:04:00Z', 'never'],
    ['@at 2099-01-02T15:04:00.5+02:00', '2099-01-02T13:04:00.500Z', 'never'],
    ['CRON_TZ=Asia/Tokyo @daily', '15:00:00', '2024-01-16T15:00:00Z'],
    ['TZ=Asia/Tokyo @every 10s', '10:20:40', '10:20:50'],
    ['TZ= 0 0 1 * * *', '2024-01-16T01:00:00Z'],
    ['CRON_TZ= 0 0 1 * * *', '2024-01-16T01:00:00Z'],
    ['TZ=Local 0 0 1 * * *', '2024-01-16T01:00:00Z'],
    ['CRON_TZ=Europe/Madrid   0 0 1 * * *', '2024-01-16T00:00:00Z'],
  ])('%s', (spec, ...times) => {
    expect(nextTimes(compiled(spec), REFERENCE, times.length)).toEqual(times.map(whole));
  });

  test('no match within five years is never, even where a later one exists', () => {
    expect(nextTimes(compiled('0 0 0 29 2 *'), '2096-03-01T00:00:00Z', 1)).toEqual(['never']);
    expect(nextTimes(compiled('0 0 0 29 2 *'), '2099-03-01T00:00:00Z', 1)).toEqual(['2104-02-29T00:00:00Z']);
  });
});

describe('what Dkron refuses, with its sentences', () => {
  const notAnInteger = (text: string): string =>
    `failed to parse int from ${text}: strconv.Atoi: parsing "${text}": invalid syntax`;

  test.each([
    ['', 'empty spec string'],
    ['   ', 'expected exactly 6 fields, found 0: []'],
    ['* * * * *', 'expected exactly 6 fields, found 5: [* * * * *]'],
    ['1 2 3 4 5 6 7', 'expected exactly 6 fields, found 7: [1 2 3 4 5 6 7]'],
    ['@every 1d', 'failed to parse duration @every 1d: time: unknown unit "d" in duration "1d"'],
    ['@every 10', 'failed to parse duration @every 10: time: missing unit in duration "10"'],
    ['@every  1h', 'failed to parse duration @every  1h: time: invalid duration " 1h"'],
    ['@every', 'unrecognized descriptor: @every'],
    ['@at', 'unrecognized descriptor: @at'],
    ['@reboot', 'unrecognized descriptor: @reboot'],
    ['@DAILY', 'unrecognized descriptor: @DAILY'],
    ['@Manually', 'unrecognized descriptor: @Manually'],
    ['@daily ', 'unrecognized descriptor: @daily '],
    [' @daily', 'expected exactly 6 fields, found 1: [@daily]'],
    [
      '@at badtime',
      'failed to parse date @at badtime: parsing time "badtime" as "2006-01-02T15:04:05Z07:00": cannot parse "badtime" as "2006"',
    ],
    [
      '@at  2099-01-02T15:04:00Z',
      'failed to parse date @at  2099-01-02T15:04:00Z: parsing time " 2099-01-02T15:04:00Z" as "2006-01-02T15:04:05Z07:00": cannot parse " 2099-01-02T15:04:00Z" as "2006"',
    ],
    ['60 * * * * *', 'end of range (60) above maximum (59): 60'],
    ['0 0 24 * * *', 'end of range (24) above maximum (23): 24'],
    ['0 0 0 0 * *', 'beginning of range (0) below minimum (1): 0'],
    ['0 0 0 * 13 *', 'end of range (13) above maximum (12): 13'],
    ['0 0 0 * * 7', 'end of range (7) above maximum (6): 7'],
    ['0 0 0 * * SAT-SUN', 'beginning of range (6) beyond end of range (0): SAT-SUN'],
    ['0 5-1 * * * *', 'beginning of range (5) beyond end of range (1): 5-1'],
    ['*/0 * * * * *', 'step of range should be a positive number: */0'],
    ['1-2-3 * * * * *', 'too many hyphens: 1-2-3'],
    ['*/2/3 * * * * *', 'too many slashes: */2/3'],
    ['a * * * * *', notAnInteger('a')],
    ['0 0 0 15W * *', notAnInteger('15W')],
    ['0 0 0 LW * *', notAnInteger('LW')],
    ['0 0 0 * FOO *', notAnInteger('FOO')],
    ['0 0 0 * L *', notAnInteger('L')],
    ['0 0 0 * * L', notAnInteger('L')],
    ['-1 * * * * *', notAnInteger('')],
    ['5/-3 * * * * *', 'negative number (-3) not allowed: -3'],
    [
      '18446744073709551616 * * * * *',
      'failed to parse int from 18446744073709551616: strconv.Atoi: parsing "18446744073709551616": value out of range',
    ],
    ['\u0001 * * * * *', 'failed to parse int from \u0001: strconv.Atoi: parsing "\\x01": invalid syntax'],
    ['0 0 24 99 * *', 'end of range (24) above maximum (23): 24'],
    ['CRON_TZ=Asia/Tokyo @minutely', 'unrecognized descriptor: @minutely'],
    ['CRON_TZ=Asia/Tokyo @manually', 'unrecognized descriptor: @manually'],
    ['CRON_TZ=Asia/Tokyo @at 2099-01-02T15:04:00Z', 'unrecognized descriptor: @at 2099-01-02T15:04:00Z'],
    ['TZ=Nope 0 0 1 * * *', 'provided bad location Nope: unknown time zone Nope'],
    ['TZ=europe/madrid * * * * *', 'provided bad location europe/madrid: unknown time zone europe/madrid'],
    ['TZ=../etc * * * * * *', 'provided bad location ../etc: time: invalid location name'],
  ])('%s', (spec, error) => {
    expect(errorOf(spec)).toBe(error);
  });

  test('a zone without a schedule, which makes Dkron panic (dkron-v4 13.1 #33)', () => {
    expect(errorOf('TZ=Europe/Madrid')).toBe('expected a blank and a schedule after the time zone: TZ=Europe/Madrid');
  });

  test('a list of a hundred thousand items takes no time and no room', () => {
    expect(nextTimes(compiled(`${'*,'.repeat(100_000)} * * * * *`), REFERENCE, 1)).toEqual(['2024-01-15T10:20:31Z']);
  });
});
