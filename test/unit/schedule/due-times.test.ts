import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cronExtensions } from '../../../src/adapters/cron-extensions.ts';
import type { CatchupPolicy } from '../../../src/core/jobs/records.ts';
import { limits } from '../../../src/core/limits.ts';
import { type DueBounds, firstDueMs, planDue } from '../../../src/core/schedule/catchup.ts';
import { ScheduleInterner } from '../../../src/core/schedule/compile.ts';
import {
  type AnchoredSchedule,
  countDueTimes,
  firstDueTimes,
  lastDueMs,
  lastDueTimes,
} from '../../../src/core/schedule/due-times.ts';
import { nextDueMs, nextInstant, plannedNext } from '../../../src/core/schedule/schedule.ts';
import { instantOfMs, wallMs } from '../../../src/core/units.ts';
import { compiled, testZones } from '../../support/schedules.ts';

const at = (time: string) => wallMs(Date.parse(time));
const T0 = at('2024-01-15T10:20:30Z');
const later = (ms: number) => wallMs(T0 + ms);
const anchored = (spec: string, anchorMs = T0): AnchoredSchedule => ({ schedule: compiled(spec), anchorMs });

describe('@every', () => {
  test('counts whole periods from the whole second of its anchor', () => {
    const { schedule } = anchored('@every 10s');
    const anchorMs = wallMs(T0 + 700);
    expect(nextDueMs(schedule, anchorMs, anchorMs)).toBe(T0 + 10_000);
    expect(nextDueMs(schedule, later(10_000), anchorMs)).toBe(T0 + 20_000);
    expect(nextDueMs(schedule, later(3_600_003), anchorMs)).toBe(T0 + 3_610_000);
  });

  test('is not due before its first period', () => {
    const { schedule } = anchored('@every 10s');
    expect(nextDueMs(schedule, later(-86_400_000), T0)).toBe(T0 + 10_000);
  });

  test('keeps its phase for centuries', () => {
    const { schedule } = anchored('@every 2562047h');
    expect(nextDueMs(schedule, T0, T0)).toBe(T0 + 2_562_047 * 3_600_000);
  });
});

describe('@at', () => {
  const spec = '@at 2024-01-15T10:20:31.000000001Z';

  test('keeps its nanoseconds, and is due in the millisecond after them', () => {
    expect(nextInstant(compiled(spec), T0, T0)).toEqual([T0 / 1000 + 1, 1]);
    expect(nextDueMs(compiled(spec), T0, T0)).toBe(T0 + 1_001);
  });

  test('is due once', () => {
    expect(nextDueMs(compiled(spec), later(1_001), T0)).toBeNull();
    expect(nextInstant(compiled(spec), later(1_001), T0)).toBeNull();
    expect(nextInstant(compiled(spec), later(1_000), T0)).not.toBeNull();
  });
});

describe('what is shown as the next run', () => {
  const schedule = compiled('0 0 * * * *');

  test('is the start of a job that is still to start', () => {
    expect(plannedNext({ startsAt: [T0 / 1000 + 5, 7] }, schedule, T0, T0)).toEqual([T0 / 1000 + 5, 7]);
  });

  test('is the next due time of one that has started', () => {
    const next = instantOfMs(at('2024-01-15T11:00:00Z'));
    expect(plannedNext({ startsAt: [T0 / 1000, 0] }, schedule, T0, T0)).toEqual(next);
    expect(plannedNext({ startsAt: null }, schedule, T0, T0)).toEqual(next);
    expect(plannedNext({ startsAt: null }, compiled('@manually'), T0, T0)).toBeNull();
  });
});

describe('due times of a range', () => {
  const specs = [
    '* * * * * *',
    '*/7 */3 * * * *',
    '0 30 2 * * *',
    '0 */20 * * * MON-FRI',
    '5 5 5 * * *',
    '30 15 3 * 3,10 SUN',
    '0 0 0 L * *',
    '0 0 12 * * 5#3',
    '@every 7m',
    '@every 1s',
    '0 0 0 31 2 *',
  ];
  const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe'];
  const range = fc
    .tuple(
      fc.constantFrom(...specs),
      fc.constantFrom(...zones),
      fc.integer({ min: -200, max: 200 }),
      fc.oneof(fc.nat(7_200), fc.nat(12 * 86_400)),
    )
    .map(([spec, zone, day, seconds]) => ({
      of: { schedule: compiled(`CRON_TZ=${zone} ${spec}`), anchorMs: at('2023-01-01T00:00:00Z') },
      afterMs: wallMs(at('2024-03-20T01:23:45Z') + day * 86_400_000),
      seconds,
    }));

  test('are counted as they are walked', () => {
    fc.assert(
      fc.property(range, fc.nat(999), ({ of, afterMs, seconds }, extraMs) => {
        const untilMs = wallMs(
          afterMs + Math.min(seconds, of.schedule.type === 'cron' ? 5_000 : 50_000) * 1000 + extraMs,
        );
        const walked = firstDueTimes(of, afterMs, untilMs, 100_000);
        expect(countDueTimes(of, afterMs, untilMs)).toBe(walked.length);
        expect(lastDueMs(of, afterMs, untilMs)).toBe(walked.at(-1) ?? null);
        expect(lastDueTimes(of, afterMs, untilMs, 5)).toEqual(walked.slice(-5));
      }),
      { numRuns: 300 },
    );
  });

  test('are counted over days and months', () => {
    const sparse = fc.constantFrom(
      '0 30 2 * * *',
      '0 */20 * * * MON-FRI',
      '5 5 5 * * *',
      '30 15 3 * 3,10 SUN',
      '0 0 0 L * *',
    );
    fc.assert(
      fc.property(sparse, fc.constantFrom(...zones.slice(0, 3)), fc.nat(400), (spec, zone, days) => {
        const of = anchored(`CRON_TZ=${zone} ${spec}`);
        const untilMs = wallMs(T0 + days * 86_400_000);
        expect(countDueTimes(of, T0, untilMs)).toBe(firstDueTimes(of, T0, untilMs, 1_000_000).length);
      }),
      { numRuns: 60 },
    );
  });

  test('are counted over a year of seconds without walking over them', () => {
    const year = 366 * 86_400;
    expect(countDueTimes(anchored('* * * * * *'), T0, later(year * 1000))).toBe(year);
    expect(countDueTimes(anchored('CRON_TZ=Europe/Berlin * * * * * *'), T0, later(year * 1000))).toBe(year);
    expect(countDueTimes(anchored('@every 1s'), T0, later(year * 1000))).toBe(year);
    expect(countDueTimes(anchored(',,, * * * * *'), T0, later(year * 1000))).toBe(0);
    expect(countDueTimes(anchored('* * * * * *'), T0, T0)).toBe(0);
  });
});

describe('what is launched of what is due', () => {
  const bounds = (floorMs = T0): DueBounds => ({ floorMs, startsAt: null, expiresAt: null });
  const all = (window: string, cap: number): CatchupPolicy => ({ policy: 'all', window, cap });
  const plan = (spec: string, policy: CatchupPolicy | null, lateMs: number, limit: DueBounds = bounds()) =>
    planDue(anchored(spec), limit, policy, later(lateMs));

  test('one due time, on time', () => {
    expect(plan('@every 10s', null, 10_003)).toEqual({ missed: null, launches: [T0 + 10_000] });
    expect(plan('@every 10s', null, 9_999)).toEqual({ missed: null, launches: [] });
  });

  test('by default: the last minute, the rest is missed', () => {
    const { missed, launches } = plan('@every 10s', null, 3_600_000);
    expect(launches).toEqual(
      [3_540_000, 3_550_000, 3_560_000, 3_570_000, 3_580_000, 3_590_000, 3_600_000].map((ms) => T0 + ms),
    );
    expect(missed).toEqual({ fromMs: T0 + 10_000, toMs: T0 + 3_530_000, count: 353 });
  });

  test('never more than the cap', () => {
    const { missed, launches } = plan('* * * * * *', all('1h', 3), 60_000);
    expect(launches).toEqual([T0 + 58_000, T0 + 59_000, T0 + 60_000]);
    expect(missed).toEqual({ fromMs: T0 + 1_000, toMs: T0 + 57_000, count: 57 });
    expect(plan('* * * * * *', all('24h', 1_000_000), 7_200_000).launches).toHaveLength(limits.catchupCapAtMost);
  });

  test('`once`: the last one of the window', () => {
    const once: CatchupPolicy = { policy: 'once', window: '1h', cap: 100 };
    expect(plan('@every 10m', once, 3_600_000 + 5_000)).toEqual({
      missed: { fromMs: T0 + 600_000, toMs: T0 + 3_000_000, count: 5 },
      launches: [T0 + 3_600_000],
    });
    expect(plan('@every 2h', once, 3 * 3_600_000 + 1)).toEqual({
      missed: { fromMs: T0 + 7_200_000, toMs: T0 + 7_200_000, count: 1 },
      launches: [],
    });
  });

  test('`skip`: only what is on time', () => {
    const skip: CatchupPolicy = { policy: 'skip', window: '1h', cap: 100 };
    expect(plan('@every 10s', skip, 10_900).launches).toEqual([T0 + 10_000]);
    expect(plan('@every 10s', skip, 11_100)).toEqual({
      missed: { fromMs: T0 + 10_000, toMs: T0 + 10_000, count: 1 },
      launches: [],
    });
  });

  test('a window shorter than punctuality still launches what is on time', () => {
    expect(plan('@every 10s', all('0s', 0), 10_900).launches).toEqual([T0 + 10_000]);
    expect(plan('@every 10s', all('broken', 5), 10_900).launches).toEqual([T0 + 10_000]);
  });

  test('a year of seconds is counted, not walked', () => {
    const { missed, launches } = plan('* * * * * *', null, 365 * 86_400_000);
    expect(launches).toHaveLength(61);
    expect(missed?.count).toBe(365 * 86_400 - 61);
    expect(missed?.toMs).toBe((launches[0] ?? 0) - 1_000);
  });

  test('start and end of the job count, inclusively', () => {
    const limit: DueBounds = { floorMs: T0, startsAt: [T0 / 1000 + 20, 0], expiresAt: [T0 / 1000 + 40, 0] };
    expect(plan('@every 10s', null, 60_000, limit).launches).toEqual([20_000, 30_000, 40_000].map((ms) => T0 + ms));
    expect(firstDueMs(anchored('@every 10s'), limit)).toBe(T0 + 20_000);
    expect(firstDueMs(anchored('@every 10s'), { ...limit, floorMs: later(40_000) })).toBeNull();
    expect(firstDueMs(anchored('@every 10s'), { ...limit, startsAt: [T0 / 1000 + 20, 1] })).toBe(T0 + 30_000);
  });
});

describe('compiled schedules are shared', () => {
  const interner = (): ScheduleInterner => new ScheduleInterner(testZones, cronExtensions);
  const scheduleOf = (of: ScheduleInterner, spec: string, name: string, zone = '') => {
    const result = of.compile(spec, name, zone);
    return result.ok ? result.schedule : result.error;
  };

  test('by jobs with the same text and zone', () => {
    const shared = interner();
    expect(scheduleOf(shared, '0 0 * * * *', 'a')).toBe(scheduleOf(shared, '0 0 * * * *', 'b'));
    expect(scheduleOf(shared, '0 0 * * * *', 'a', 'Europe/Berlin')).not.toBe(scheduleOf(shared, '0 0 * * * *', 'a'));
    expect(scheduleOf(shared, '0 ~ * * * *', 'a')).not.toBe(scheduleOf(shared, '0 ~ * * * *', 'b'));
    expect(scheduleOf(shared, '0 H * * * *', 'a')).not.toBe(scheduleOf(shared, '0 H * * * *', 'b'));
    expect(scheduleOf(shared, 'x', 'a')).toBe('expected exactly 6 fields, found 1: [x]');
  });

  test('and never grow in number beyond the limit', () => {
    const shared = interner();
    for (let index = 0; index < limits.compiledSchedules + 500; index += 1)
      shared.compile('0 ~ * * * *', `job${index}`, '');
    expect(shared.size).toBe(limits.compiledSchedules);
    shared.compile(`${'*,'.repeat(500)} * * * * *`, 'a', '');
    expect(shared.size).toBe(limits.compiledSchedules);
  });
});
