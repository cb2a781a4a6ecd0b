import { describe, expect, test } from 'vitest';
import { zoneNames } from '../../../src/adapters/zone-names.ts';
import { IntlZones } from '../../../src/adapters/zones.ts';
import { checkTimezone, ZoneTable } from '../../../src/core/schedule/zone-table.ts';
import { compiled, errorOf, nextTimes, testZones } from '../../support/schedules.ts';

describe('names of time zones', () => {
  test.each([
    '',
    'Local',
    'UTC',
    'Europe/Berlin',
    'EST5EDT',
    'EST',
    'US/Eastern',
    'Etc/GMT+2',
    'GMT0',
    'Asia/Calcutta',
    'America/Argentina/ComodRivadavia',
  ])('%s is one', (name) => {
    expect(checkTimezone(testZones, name)).toBeNull();
  });

  test.each([
    '+02:00',
    'GMT+2',
    'utc',
    'local',
    'europe/berlin',
    'EUROPE/BERLIN',
    'Mars/Phobos',
    'PST',
    'Europe',
    'Europe/Berlin ',
    '__proto__',
    '日本',
  ])('%s is none', (name) => {
    expect(checkTimezone(testZones, name)).toBe(`unknown time zone ${name}`);
  });

  test.each(['../etc/passwd', 'a..b', '/etc/localtime', '\\x'])('%s could leave the directory of zones', (name) => {
    expect(checkTimezone(testZones, name)).toBe('time: invalid location name');
  });

  test('each name of the list is known to Node', () => {
    const unknown = [...zoneNames].filter((name) => checkTimezone(testZones, name) !== null);
    // The newest zone of the list may be missing in older Nodes.
    expect(unknown.filter((name) => name !== 'America/Coyhaique')).toEqual([]);
  });

  test("the server's own zone, and UTC where that has no name", () => {
    const berlin = new IntlZones('Europe/Berlin').find('Local');
    expect(berlin.ok && berlin.zone.name).toBe('Europe/Berlin');
    const odd = new IntlZones('Etc/Unknown').find('');
    expect(odd.ok && odd.zone.name).toBe('UTC');
  });
});

describe('tables of offsets', () => {
  test('agree with Intl, near and far', () => {
    for (const name of [
      'Europe/Berlin',
      'Australia/Lord_Howe',
      'Africa/Casablanca',
      'Asia/Gaza',
      'Pacific/Apia',
      'Africa/Monrovia',
    ]) {
      const found = testZones.find(name);
      if (!found.ok) throw new Error(found.error);
      const format = new Intl.DateTimeFormat('en-US', {
        timeZone: name,
        hourCycle: 'h23',
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
        second: 'numeric',
      });
      for (let year = 1970; year < 2200; year += year < 2040 ? 0.013 : 1.77) {
        const seconds = Math.floor((year - 1970) * 31_556_952);
        const parts = Object.fromEntries(
          format.formatToParts(seconds * 1000).map(({ type, value }) => [type, Number(value)]),
        );
        const { year: y = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = parts;
        const local = Date.UTC(y, month - 1, day, hour, minute, second) / 1000;
        expect(found.zone.offsetAt(seconds), `${name} ${new Date(seconds * 1000).toISOString()}`).toBe(local - seconds);
      }
    }
  });

  test('change at the right second', () => {
    const found = testZones.find('America/New_York');
    if (!found.ok) throw new Error(found.error);
    const change = Date.parse('2024-03-10T07:00:00Z') / 1000;
    expect([found.zone.offsetAt(change - 1), found.zone.offsetAt(change)]).toEqual([-18_000, -14_400]);
    found.zone.seek(change);
    expect(found.zone.start).toBe(change);
    expect(found.zone.end).toBe(Date.parse('2024-11-03T06:00:00Z') / 1000);
  });

  test('forget the oldest when somebody looks through millennia', () => {
    let probes = 0;
    const zone = new ZoneTable('Test/Steady', () => {
      probes += 1;
      return 3600;
    });
    for (let year = 0; year < 3_000; year += 1) expect(zone.offsetAt(year * 31_556_952)).toBe(3600);
    const before = probes;
    expect(zone.offsetAt(0)).toBe(3600);
    expect(probes).toBeGreaterThan(before);
  });
});

describe('the timezone of a job (dkron-v4 3.5)', () => {
  const from = '2024-01-15T10:20:30Z';

  test('counts for fields, also for the first due time, which Dkron gets wrong', () => {
    expect(nextTimes(compiled('0 0 12 * * *', { timezone: 'America/New_York' }), from, 1)).toEqual([
      '2024-01-15T17:00:00Z',
    ]);
  });

  test('gives way to a zone in the schedule', () => {
    const schedule = compiled('CRON_TZ=Asia/Tokyo 0 0 0 * * *', { timezone: 'America/New_York' });
    expect(nextTimes(schedule, from, 1)).toEqual(['2024-01-15T15:00:00Z']);
  });

  test('does not count for descriptors', () => {
    expect(nextTimes(compiled('@daily', { timezone: 'America/New_York' }), from, 1)).toEqual(['2024-01-16T00:00:00Z']);
  });

  test('must exist', () => {
    expect(errorOf('0 0 0 * * *', { timezone: 'Mars/Phobos' })).toBe('unknown time zone Mars/Phobos');
  });
});
