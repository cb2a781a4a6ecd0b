import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nextDueMs } from '../../src/core/schedule/schedule.ts';
import { wallMs } from '../../src/core/units.ts';
import {
  admitsMinute,
  fieldsOf,
  IntlClock,
  type LocalTime,
  type OracleField,
  type OracleSpec,
  robfigNext,
  textOf,
} from '../support/robfig-oracle.ts';
import { compiled } from '../support/schedules.ts';

/** Each with the years whose changes are looked at: recent ones, or those in which the zone still had some. */
const zones: readonly (readonly [name: string, firstYear: number, lastYear: number])[] = [
  ['Africa/Cairo', 2023, 2028],
  ['Africa/Casablanca', 2018, 2026],
  ['Africa/El_Aaiun', 2020, 2026],
  ['Africa/Tripoli', 2012, 2014],
  ['America/Adak', 2023, 2027],
  ['America/Anchorage', 2023, 2027],
  ['America/Argentina/San_Luis', 2004, 2010],
  ['America/Asuncion', 2018, 2023],
  ['America/Bogota', 1991, 1994],
  ['America/Caracas', 2007, 2017],
  ['America/Chicago', 2023, 2027],
  ['America/Halifax', 2023, 2027],
  ['America/Havana', 2023, 2028],
  ['America/Los_Angeles', 2023, 2027],
  ['America/Mexico_City', 2018, 2023],
  ['America/Montevideo', 2010, 2016],
  ['America/New_York', 2023, 2030],
  ['America/Noronha', 1999, 2003],
  ['America/Port-au-Prince', 2017, 2027],
  ['America/Santiago', 2019, 2027],
  ['America/Sao_Paulo', 2012, 2020],
  ['America/St_Johns', 2008, 2014],
  ['Antarctica/Troll', 2023, 2027],
  ['Asia/Amman', 2016, 2023],
  ['Asia/Baku', 2012, 2017],
  ['Asia/Beirut', 2019, 2022],
  ['Asia/Jerusalem', 2023, 2027],
  ['Asia/Kathmandu', 1985, 1988],
  ['Asia/Pyongyang', 2014, 2019],
  ['Asia/Tehran', 2017, 2023],
  ['Asia/Ulaanbaatar', 2014, 2018],
  ['Atlantic/Azores', 2023, 2027],
  ['Australia/Adelaide', 2023, 2027],
  ['Australia/Lord_Howe', 2022, 2029],
  ['Australia/Sydney', 2023, 2027],
  ['Europe/Berlin', 2022, 2030],
  ['Europe/Chisinau', 2017, 2021],
  ['Europe/Dublin', 2023, 2027],
  ['Europe/Istanbul', 2013, 2017],
  ['Europe/Lisbon', 2023, 2027],
  ['Europe/London', 2023, 2027],
  ['Pacific/Apia', 2012, 2022],
  ['Pacific/Auckland', 2023, 2027],
  ['Pacific/Chatham', 2022, 2028],
  ['Pacific/Easter', 2019, 2027],
  ['Pacific/Norfolk', 2014, 2026],
];

const DAY = 86_400;
const startOfYear = (year: number): number => Date.UTC(year, 0, 1) / 1000;
const range = (first: number, last: number, step = 1): number[] => {
  const values: number[] = [];
  for (let value = first; value <= last; value += step) values.push(value);
  return values;
};

const star = (first: number, last: number): OracleField => ({ text: '*', values: range(first, last), star: true });
const some = (first: number, last: number): fc.Arbitrary<OracleField> =>
  fc.uniqueArray(fc.integer({ min: first, max: last }), { minLength: 1, maxLength: 4 }).map((values) => ({
    text: values.join(','),
    values,
    star: false,
  }));
const stepped = (first: number, last: number): fc.Arbitrary<OracleField> =>
  fc
    .integer({ min: 2, max: last })
    .map((step) => ({ text: `*/${step}`, values: range(first, last, step), star: false }));
const bounded = (first: number, last: number): fc.Arbitrary<OracleField> =>
  fc.tuple(fc.integer({ min: first, max: last }), fc.integer({ min: first, max: last })).map(([a, b]) => ({
    text: `${Math.min(a, b)}-${Math.max(a, b)}`,
    values: range(Math.min(a, b), Math.max(a, b)),
    star: false,
  }));

const field = (first: number, last: number, starWeight: number): fc.Arbitrary<OracleField> =>
  fc.oneof(
    { weight: starWeight, arbitrary: fc.constant(star(first, last)) },
    { weight: 2, arbitrary: some(first, last) },
    { weight: 1, arbitrary: stepped(first, last) },
    { weight: 1, arbitrary: bounded(first, last) },
  );

/** Few seconds, so that a window of days holds a bounded number of due times. */
const spec: fc.Arbitrary<OracleSpec> = fc.record({
  second: fc.oneof(
    { weight: 3, arbitrary: fc.constant({ text: '0', values: [0], star: false }) },
    {
      weight: 1,
      arbitrary: some(0, 59).map(({ values: [value = 0] }) => ({ text: `${value}`, values: [value], star: false })),
    },
  ),
  minute: fc.oneof(
    some(0, 59),
    fc.constant({ text: '0', values: [0], star: false }),
    fc.constant({ text: '*/15', values: [0, 15, 30, 45], star: false }),
  ),
  hour: field(0, 23, 3),
  day: field(1, 31, 6),
  month: field(1, 12, 9),
  weekday: field(0, 6, 6),
});

/** robfig's walk is the same as looking at each minute where whole hours change on a full hour, away from midnight. */
function isPlain(clock: IntlClock, change: number): boolean {
  const [before, after] = [clock.local(change - 1) + 1, clock.local(change)];
  if ((after - before) % 3600 !== 0 || before % 3600 !== 0) return false;
  return Math.floor((Math.min(before, after) - 1) / DAY) === Math.floor((Math.max(before, after) + 1) / DAY);
}

/** Every minute of a window with its local time: computed once, since Intl is slow. */
interface Window {
  readonly from: number;
  readonly to: number;
  readonly minutes: readonly { readonly at: number; readonly time: LocalTime }[];
}

function windowAround(clock: IntlClock, change: number): Window {
  const from = Math.floor(change / 3600) * 3600 - 30 * 3600;
  const to = from + 60 * 3600;
  const minutes = range(from, to - 60, 60).map((at) => ({ at, time: clock.at(at) }));
  return { from, to, minutes };
}

const minuteByMinute = (wanted: OracleSpec, { minutes }: Window): number[] =>
  minutes
    .filter(({ time }) => admitsMinute(wanted, time))
    .flatMap(({ at }) => [...wanted.second.values].sort((a, b) => a - b).map((second) => at + second));

describe('due times around changes of the offset', () => {
  test('at least 40 zones are looked at', () => {
    expect(new Set(zones.map(([name]) => name)).size).toBeGreaterThanOrEqual(40);
  });

  test.each(zones)('%s, %i to %i: minute by minute', (name, firstYear, lastYear) => {
    const clock = new IntlClock(name);
    const changes = clock.changes(startOfYear(firstYear), startOfYear(lastYear + 1));
    expect(changes.length).toBeGreaterThan(0);
    for (const change of changes) {
      const window = windowAround(clock, change);
      const plain = isPlain(clock, change);
      fc.assert(
        fc.property(spec, (wanted) => {
          const schedule = compiled(`CRON_TZ=${name} ${textOf(wanted)}`);
          const next = (after: number): number => {
            const dueMs = nextDueMs(schedule, wallMs(after * 1000), wallMs(0));
            return dueMs === null ? Number.POSITIVE_INFINITY : dueMs / 1000;
          };
          const found: number[] = [];
          for (let at = next(window.from - 1); at < window.to; at = next(at)) {
            expect(at, `${textOf(wanted)} goes on`).toBeGreaterThan(found.at(-1) ?? window.from - 1);
            found.push(at);
          }
          if (plain) expect(found, textOf(wanted)).toEqual(minuteByMinute(wanted, window));
        }),
        { numRuns: 12 },
      );
    }
  });

  test.each(zones)('%s: the walk of robfig/cron, from anywhere', (name, firstYear, lastYear) => {
    const clock = new IntlClock(name);
    const changes = clock.changes(startOfYear(firstYear), startOfYear(lastYear + 1));
    const start = fc.tuple(fc.constantFrom(...changes), fc.integer({ min: -40 * DAY, max: 2 * DAY }));
    const near = fc.tuple(fc.constantFrom(...changes), fc.integer({ min: -7200, max: 7200 }));
    fc.assert(
      fc.property(spec, fc.oneof(start, near), (wanted, [change, distance]) => {
        const schedule = compiled(`CRON_TZ=${name} ${textOf(wanted)}`);
        const after = change + distance;
        const dueMs = nextDueMs(schedule, wallMs(after * 1000), wallMs(0));
        const expected = robfigNext(wanted, clock, after);
        // Chatham: robfig itself goes back, and would never get out of the hour.
        if (expected !== null && expected <= after) expect(dueMs).toBeGreaterThan(after * 1000);
        else
          expect(dueMs === null ? null : new Date(dueMs).toISOString()).toBe(
            expected === null ? null : new Date(expected * 1000).toISOString(),
          );
      }),
      { numRuns: 100 },
    );
  });

  test('the oracle reads local time as it should', () => {
    expect(fieldsOf(new IntlClock('Asia/Kathmandu').local(Date.parse('2024-01-01T00:00:00Z') / 1000))).toEqual({
      year: 2024,
      month: 1,
      day: 1,
      weekday: 1,
      hour: 5,
      minute: 45,
      second: 0,
    });
  });
});
