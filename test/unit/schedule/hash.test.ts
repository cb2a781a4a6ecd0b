import { describe, expect, test } from 'vitest';
import { fieldKinds, parseField } from '../../../src/core/schedule/field.ts';
import { replaceHashItems, replaceTildes } from '../../../src/core/schedule/name-hash.ts';
import { compiled, errorOf, nextTimes } from '../../support/schedules.ts';

describe('~ (dkron-v4 3.4)', () => {
  test.each([
    ['test_job', '0 0 ~ * * *', '0 0 18 * * *'],
    ['test_job', '~ ~ ~ ~ ~ ~', '18 18 18 19 7 4'],
    ['test_job', 'TZ=Europe/Madrid 0 0 1 * ~ *', 'TZ=Europe/Madrid 0 0 1 * 7 *'],
    ['a', '~ ~ ~ ~ ~ ~', '37 37 1 14 2 6'],
    ['ñ', '~ ~ ~ ~ ~ ~', '1 1 1 18 2 3'],
    ['job1', '0 ~/15 * * * *', '0 4/15 * * * *'],
    ['job1', 'CRON_TZ=UTC 0 ~ ~ * * *', 'CRON_TZ=UTC 0 4 4 * * *'],
    ['job-b', '0  ~ * * * *', '0  2 * * * *'],
    ['a', '* @~ ~', '* @~ ~'],
    ['a', '@every 1h', '@every 1h'],
  ])('%s: %s', (name, spec, replaced) => {
    expect(replaceTildes(spec, name)).toBe(replaced);
  });

  test('counts code points, not halves of them', () => {
    expect(replaceTildes('~ * * * * *', '\u{1F600}')).toBe(`${0x1f600 % 60} * * * * *`);
  });

  test('recorded: the job `sched`', () => {
    expect(errorOf('0 5~10 * * * *', { jobName: 'sched' })).toBe('end of range (53910) above maximum (59): 53910');
    expect(nextTimes(compiled('0 0-~ * * * *', { jobName: 'sched' }), '2026-11-21T07:05:30Z', 1)).toEqual([
      '2026-11-21T07:06:00Z',
    ]);
    expect(nextTimes(compiled('0 0 ~ * * *', { jobName: 'sched' }), '2026-11-21T07:05:30Z', 1)).toEqual([
      '2026-11-21T15:00:00Z',
    ]);
  });
});

describe('H', () => {
  const names = Array.from({ length: 6_000 }, (_, index) => `job${index}`);

  test('spreads jobs evenly over each field', () => {
    for (const field of ['second', 'minute', 'hour', 'dayOfMonth', 'month', 'dayOfWeek'] as const) {
      const { least, hashMost } = fieldKinds[field];
      const counts = new Map<number, number>();
      for (const name of names) {
        const value = Number(replaceHashItems('H', field, name));
        expect(value).toBeGreaterThanOrEqual(least);
        expect(value).toBeLessThanOrEqual(hashMost);
        counts.set(value, (counts.get(value) ?? 0) + 1);
      }
      const even = names.length / (hashMost - least + 1);
      expect(counts.size).toBe(hashMost - least + 1);
      for (const count of counts.values()) expect(Math.abs(count - even)).toBeLessThan(6 * Math.sqrt(even));
    }
  });

  test('fields of one job do not move together', () => {
    const same = names.filter(
      (name) => replaceHashItems('H', 'second', name) === replaceHashItems('H', 'minute', name),
    );
    expect(same.length).toBeLessThan(200);
  });

  test('keeps the values that jobs have once been given', () => {
    const fields = ['second', 'minute', 'hour', 'dayOfMonth', 'month', 'dayOfWeek'] as const;
    const valuesOf = (name: string): string => fields.map((field) => replaceHashItems('H', field, name)).join(' ');
    expect(['backup', 'a', 'ñ'].map(valuesOf)).toEqual(['0 23 14 12 11 3', '55 19 10 28 3 3', '19 17 15 10 8 3']);
  });

  test('a step begins anywhere in the first step, and keeps its distance', () => {
    for (const name of names.slice(0, 200)) {
      const parsed = parseField(replaceHashItems('H/15', 'minute', name) ?? '', fieldKinds.minute);
      if (!parsed.ok) throw new Error(parsed.error);
      const [first = -1, ...rest] = parsed.field.values;
      expect(first).toBeLessThan(15);
      expect(rest).toEqual([first + 15, first + 30, first + 45]);
    }
  });

  test('stays in its range', () => {
    for (const name of names.slice(0, 200)) {
      expect([1, 2, 3, 4, 5]).toContain(Number(replaceHashItems('H(1-5)', 'hour', name)));
      expect(replaceHashItems('H(0-29)/10', 'minute', name)).toMatch(/^[0-9]-29\/10$/);
    }
    expect(replaceHashItems('H(3-3),7', 'hour', 'a')).toBe('3,7');
  });

  test('what the field can not have is refused as Dkron refuses it', () => {
    const refused = (text: string): string =>
      `failed to parse int from ${text}: strconv.Atoi: parsing "${text}": invalid syntax`;
    expect(errorOf('0 H(5-1) * * * *')).toBe(
      'failed to parse int from H(5: strconv.Atoi: parsing "H(5": invalid syntax',
    );
    expect(errorOf('0 H/0 * * * *')).toBe(refused('H'));
    expect(errorOf('0 0 0 H(0-5) * *')).toBe(
      'failed to parse int from H(0: strconv.Atoi: parsing "H(0": invalid syntax',
    );
    expect(errorOf('0 h * * * *')).toBe(refused('h'));
    expect(errorOf('0 HH * * * *')).toBe(refused('HH'));
  });

  test('a job gets its own schedule', () => {
    const first = nextTimes(compiled('H H H * * *', { jobName: 'one' }), '2024-01-01T00:00:00Z', 3);
    const second = nextTimes(compiled('H H H * * *', { jobName: 'two' }), '2024-01-01T00:00:00Z', 3);
    expect(first).not.toEqual(second);
    expect(nextTimes(compiled('H H H * * *', { jobName: 'one' }), '2024-01-01T00:00:00Z', 3)).toEqual(first);
  });
});

describe('L and #', () => {
  test.each([
    ['0 0 0 L * *', '2024-02-29', '2024-03-31', '2024-04-30'],
    ['0 0 0 15,L * *', '2024-02-15', '2024-02-29', '2024-03-15'],
    ['0 0 0 * * 5L', '2024-02-23', '2024-03-29', '2024-04-26'],
    ['0 0 0 * * FRIL', '2024-02-23', '2024-03-29', '2024-04-26'],
    ['0 0 0 * * 5#3', '2024-02-16', '2024-03-15', '2024-04-19'],
    ['0 0 0 * * MON#1', '2024-02-05', '2024-03-04', '2024-04-01'],
    ['0 0 0 * * 4#5', '2024-02-29', '2024-05-30', '2024-08-29'],
    ['0 0 0 L 2 *', '2024-02-29', '2025-02-28', '2026-02-28'],
    ['0 0 0 L * 1', '2024-02-05', '2024-02-12', '2024-02-19'],
    ['0 0 0 1 * 5L', '2024-02-01', '2024-02-23', '2024-03-01'],
  ])('%s', (spec, ...days) => {
    const times = nextTimes(compiled(spec), '2024-01-31T12:00:00Z', days.length);
    expect(times).toEqual(days.map((day) => `${day}T00:00:00Z`));
  });

  test.each([
    '0 0 0 L-3 * *',
    '0 0 0 L/2 * *',
    '0 0 0 32,L * *',
    '0 0 0 * * 8L',
    '0 0 0 * * 5#6',
    '0 0 0 * * 5#3x',
    '0 0 0 * * 5#3,1',
    '0 0 0 5#3 * *',
    '0 L * * * *',
    '0 0 0 * * #',
  ])('%s is no extension', (spec) => {
    expect(errorOf(spec)).toMatch(/^failed to parse int from |^end of range \(32\)/);
  });

  test("the first error that is Dkron's is reported beside an extension", () => {
    expect(errorOf('0 0 0 L 13 *')).toBe('end of range (13) above maximum (12): 13');
  });
});
