import { CronExpressionParser } from 'cron-parser';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compiled, nextTimes } from '../support/schedules.ts';

const value = (least: number, most: number) => fc.integer({ min: least, max: most }).map(String);
const field = (least: number, most: number) =>
  fc.oneof(
    fc.constant('*'),
    value(least, most),
    fc.uniqueArray(value(least, most), { minLength: 2, maxLength: 3 }).map((values) => values.join(',')),
    fc
      .tuple(fc.integer({ min: least, max: most }), fc.integer({ min: least, max: most }))
      .map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
    fc.integer({ min: 2, max: most }).map((step) => `*/${step}`),
  );
const extendedDay = fc.constantFrom('L', '15,L', '1', '28-31', '*/9');
const extendedWeekday = fc.constantFrom('5L', 'MONL', '5#3', 'sun#1', '2#5', '0', 'MON-FRI', '1L,3');

/** Only one day field is restricted: with two, the parsers differ about which stars count. */
const days = fc.oneof(
  fc.tuple(fc.oneof(field(1, 31), extendedDay), fc.constant('*')),
  fc.tuple(fc.constant('*'), fc.oneof(field(0, 6), extendedWeekday)),
);

test('due times in UTC are those of cron-parser, extensions included', () => {
  const spec = fc
    .tuple(field(0, 59), field(0, 59), field(0, 23), days, field(1, 12))
    .map(([second, minute, hour, [day, weekday], month]) => `${second} ${minute} ${hour} ${day} ${month} ${weekday}`);
  const start = fc.date({ min: new Date('2020-01-01'), max: new Date('2040-01-01'), noInvalidDate: true });
  fc.assert(
    fc.property(spec, start, (text, from) => {
      const times = nextTimes(compiled(text), from.toISOString(), 3);
      // What never is, or not within five years, cron-parser refuses or finds later.
      fc.pre(!times.includes('never'));
      const other = CronExpressionParser.parse(text, { tz: 'UTC', currentDate: from });
      expect(times).toEqual(times.map(() => other.next().toDate().toISOString().replace('.000Z', 'Z')));
    }),
    { numRuns: 400 },
  );
});
