import { describe, expect, it } from 'vitest';
import { definition, useSteadyNode } from './support/steady-node.ts';

/** Every schedule of dkron-v4 section 3.2: what is refused, with which text, and what is taken. */
const node = useSteadyNode();

const atoi = (word: string, text = word): string =>
  `failed to parse int from ${word}: strconv.Atoi: parsing "${text}": invalid syntax`;

const refused: [string, string][] = [
  ['', 'empty spec string'],
  ['* * * * *', 'expected exactly 6 fields, found 5: [* * * * *]'],
  ['1 2 3 4 5 6 7', 'expected exactly 6 fields, found 7: [1 2 3 4 5 6 7]'],
  ['@every 1d', 'failed to parse duration @every 1d: time: unknown unit "d" in duration "1d"'],
  ['@every 10', 'failed to parse duration @every 10: time: missing unit in duration "10"'],
  ['@every  1h', 'failed to parse duration @every  1h: time: invalid duration " 1h"'],
  ['@every', 'unrecognized descriptor: @every'],
  ['@at', 'unrecognized descriptor: @at'],
  ['@reboot', 'unrecognized descriptor: @reboot'],
  ['@DAILY', 'unrecognized descriptor: @DAILY'],
  ['@daily ', 'unrecognized descriptor: @daily '],
  [
    '@at badtime',
    'failed to parse date @at badtime: parsing time "badtime" as "2006-01-02T15:04:05Z07:00": cannot parse "badtime" as "2006"',
  ],
  ['60 * * * * *', 'end of range (60) above maximum (59): 60'],
  ['0 0 24 * * *', 'end of range (24) above maximum (23): 24'],
  ['0 0 0 0 * *', 'beginning of range (0) below minimum (1): 0'],
  ['0 0 0 * * 7', 'end of range (7) above maximum (6): 7'],
  ['0 0 0 * * SAT-SUN', 'beginning of range (6) beyond end of range (0): SAT-SUN'],
  ['0 5-1 * * * *', 'beginning of range (5) beyond end of range (1): 5-1'],
  ['*/0 * * * * *', 'step of range should be a positive number: */0'],
  ['1-2-3 * * * * *', 'too many hyphens: 1-2-3'],
  ['*/2/3 * * * * *', 'too many slashes: */2/3'],
  ['a * * * * *', atoi('a')],
  ['0 0 0 15W * *', atoi('15W')],
  ['-1 * * * * *', atoi('', '')],
  ['CRON_TZ=Asia/Tokyo @minutely', 'unrecognized descriptor: @minutely'],
  ['CRON_TZ=Asia/Tokyo @manually', 'unrecognized descriptor: @manually'],
  ['CRON_TZ=Asia/Tokyo @at 2099-01-02T15:04:00Z', 'unrecognized descriptor: @at 2099-01-02T15:04:00Z'],
  ['TZ=Nope 0 0 1 * * *', 'provided bad location Nope: unknown time zone Nope'],
  [
    '18446744073709551616 * * * * *',
    'failed to parse int from 18446744073709551616: strconv.Atoi: parsing "18446744073709551616": value out of range',
  ],
];

const taken = [
  '* * * * * *',
  '? ? ? ? ? ?',
  '5/15 * * * * *',
  '50/15 * * * * *',
  '10-20/3 * * * * *',
  '*/60 * * * * *',
  '0 */90 * * * *',
  '0, * * * * *',
  ',,, * * * * *',
  '+5 * * * * *',
  '05 * * * * *',
  '*-5 * * * * *',
  '0 0 0 1 * ?',
  '0 0 0 * * sun-tue',
  '0 0 0 31 2 *',
  '@weekly',
  '@minutely',
  '@manually',
  '@every 0s',
  '@every -5s',
  '@every 1h30m10s',
  '@at 2018-01-02T15:04:00Z',
  '@at 2099-01-02T15:04:00.5+02:00',
  'CRON_TZ=Asia/Tokyo @daily',
  'TZ= 0 0 1 * * *',
  '  0 0 * * * *',
  // Extensions of Carillon.
  '0 0 0 L * *',
  '0 0 0 * * 5#3',
  '0 H H * * *',
];

describe('a schedule', () => {
  it.each(refused)('%j is refused', async (schedule, message) => {
    const answer = await node.create(definition({ schedule }));
    expect(answer.text).toBe(`Job validation failed: can't parse job schedule: ${message}.`);
    expect(answer.status).toBe(400);
  });

  it.each(['TZ=Europe/Madrid', 'CRON_TZ=UTC', 'TZ=', 'TZ'])(
    '%j, a prefix without fields, is refused',
    async (schedule) => {
      const answer = await node.create(definition({ schedule }));
      expect(answer.text).toMatch(/^Job validation failed: can't parse job schedule: .+\.$/s);
      expect(answer.status).toBe(400);
    },
  );

  it.each([
    ['10,000 fields', '* '.repeat(10_000)],
    ['a field of 100,000 items', `${'1,'.repeat(100_000)}1 * * * * *`],
    ['NUL', '\u0000 * * * * *'],
    ['a lone surrogate', '\ud800 * * * * *'],
    ['an endless duration', `@every ${'9'.repeat(5_000)}h`],
    ['a year beyond all', '@at 99999-01-01T00:00:00Z'],
    ['a huge step', `*/${'9'.repeat(400)} * * * * *`],
  ])('of %s gets an answer', async (_what, schedule) => {
    const answer = await node.create(definition({ schedule, disabled: true }));
    expect([201, 400, 413]).toContain(answer.status);
    if (answer.status === 201) await node.ask({ method: 'DELETE', path: '/v1/jobs/candidate' });
  });

  it.each(taken)('%j is taken', async (schedule) => {
    const answer = await node.create(definition({ schedule, disabled: true }));
    expect([answer.status, answer.text]).toEqual([201, expect.stringContaining('"name":"candidate"')]);
    expect((await node.ask({ method: 'DELETE', path: '/v1/jobs/candidate' })).status).toBe(200);
  });
});
