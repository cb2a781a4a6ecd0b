import { limits } from '../limits.ts';
import { type WallMs, wallMs } from '../units.ts';
import { civilDay, daysInMonth, SECONDS_PER_DAY, weekday } from './civil.ts';
import { nextCronSecond } from './cron-next.ts';
import { type CronTable, daysIndex, hasOfSixty, type SixtyBits } from './cron-table.ts';
import { MARGIN_SECONDS } from './cron-walk.ts';
import { nextDueMs, type Schedule } from './schedule.ts';
import type { ZoneTable } from './zone-table.ts';

/** A schedule with what its `@every` counts from. */
export interface AnchoredSchedule {
  readonly schedule: Schedule;
  readonly anchorMs: WallMs;
}

/** The first due times in (afterMs, untilMs], at most `most`. */
export function firstDueTimes(of: AnchoredSchedule, afterMs: WallMs, untilMs: WallMs, most: number): WallMs[] {
  const found: WallMs[] = [];
  for (let atMs = afterMs; found.length < most; ) {
    const nextMs = nextDueMs(of.schedule, atMs, of.anchorMs);
    if (nextMs === null || nextMs > untilMs) break;
    found.push(nextMs);
    atMs = nextMs;
  }
  return found;
}

/** The last due times in (afterMs, untilMs], at most `most`, ascending: all of them are walked over. */
export function lastDueTimes(of: AnchoredSchedule, afterMs: WallMs, untilMs: WallMs, most: number): WallMs[] {
  let found: WallMs[] = [];
  for (let atMs = afterMs; ; ) {
    const nextMs = nextDueMs(of.schedule, atMs, of.anchorMs);
    if (nextMs === null || nextMs > untilMs) break;
    found.push(nextMs);
    if (found.length >= 2 * most) found = found.slice(-most);
    atMs = nextMs;
  }
  return found.slice(-most);
}

/** The last due time in (afterMs, untilMs], found by bisection; null: there is none. */
export function lastDueMs(of: AnchoredSchedule, afterMs: WallMs, untilMs: WallMs): WallMs | null {
  let foundMs: WallMs | null = null;
  let low: number = afterMs;
  let high: number = untilMs;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const nextMs = nextDueMs(of.schedule, wallMs(middle), of.anchorMs);
    if (nextMs === null || nextMs > untilMs) high = middle;
    else {
      foundMs = nextMs;
      low = nextMs;
    }
  }
  return foundMs;
}

/**
 * How many due times lie in (afterMs, untilMs], in time that doesn't grow with their number. Around changes of the
 * zone's offset they are walked over, up to `limits.countedDueTimes`; beyond that, the count may be off by what such
 * a change skips or repeats.
 */
export function countDueTimes(of: AnchoredSchedule, afterMs: WallMs, untilMs: WallMs): number {
  const { schedule, anchorMs } = of;
  if (untilMs <= afterMs) return 0;
  if (schedule.type === 'cron') {
    return countCron(schedule.table, schedule.zone, Math.floor(afterMs / 1000), Math.floor(untilMs / 1000));
  }
  const firstMs = nextDueMs(schedule, afterMs, anchorMs);
  if (firstMs === null || firstMs > untilMs) return 0;
  return schedule.type === 'every' ? Math.floor((untilMs - firstMs) / (schedule.periodSeconds * 1000)) + 1 : 1;
}

function countCron(table: CronTable, zone: ZoneTable, after: number, until: number): number {
  if (table.empty) return 0;
  let count = 0;
  let walked = 0;
  for (let at = after; at < until; ) {
    zone.seek(at + 1);
    const { start, end, offset } = zone;
    const exhausted = walked >= limits.countedDueTimes;
    const plainFrom = exhausted ? start : start + MARGIN_SECONDS;
    const plainTo = exhausted ? end : end - MARGIN_SECONDS;
    if (at + 1 >= plainFrom && at + 1 < plainTo) {
      const last = Math.min(until, plainTo - 1);
      count += countLocal(table, at + offset, last + offset);
      at = last;
      continue;
    }
    const next = nextCronSecond(table, zone, at);
    if (next === -1 || next > until) break;
    // Nothing due up to the end of the margin: go on with plain counting there, behind it.
    at = next;
    count += 1;
    walked += 1;
  }
  return count;
}

/** Matches in (after, until], in local seconds of a clock that never changes. */
function countLocal(table: CronTable, after: number, until: number): number {
  const firstDay = Math.floor(after / SECONDS_PER_DAY);
  const lastDay = Math.floor(until / SECONDS_PER_DAY);
  return (
    admittedDays(table, firstDay, lastDay) * table.perDay -
    matchesOfDay(table, firstDay, after - firstDay * SECONDS_PER_DAY) +
    matchesOfDay(table, lastDay, until - lastDay * SECONDS_PER_DAY)
  );
}

/** Admitted days in [first, beyond). */
function admittedDays(table: CronTable, first: number, beyond: number): number {
  let count = 0;
  for (let day = first; day < beyond; ) {
    const date = civilDay(day, { year: 0, month: 0, day: 0 });
    const length = daysInMonth(date.year, date.month);
    const firstOfMonth = day - date.day + 1;
    const stop = Math.min(beyond, firstOfMonth + length);
    if ((table.months & (1 << (date.month - 1))) !== 0) {
      const mask = table.days[daysIndex(length, weekday(firstOfMonth))] ?? 0;
      count += bitCount(mask & bitsFrom(date.day - 1) & ~bitsFrom(stop - firstOfMonth));
    }
    day = stop;
  }
  return count;
}

/** Matches in a day up to a second of it, inclusive. */
function matchesOfDay(table: CronTable, day: number, secondOfDay: number): number {
  if (admittedDays(table, day, day + 1) === 0) return 0;
  const hour = Math.trunc(secondOfDay / 3600);
  const minute = Math.trunc(secondOfDay / 60) % 60;
  const seconds = countOfSixty(table.seconds, 60);
  const minutes = countOfSixty(table.minutes, 60);
  let count = bitCount(table.hours & ~bitsFrom(hour)) * minutes * seconds;
  if ((table.hours & (1 << hour)) === 0) return count;
  count += countOfSixty(table.minutes, minute) * seconds;
  if (!hasOfSixty(table.minutes, minute)) return count;
  return count + countOfSixty(table.seconds, (secondOfDay % 60) + 1);
}

/** Values below a bound. */
const countOfSixty = (set: SixtyBits, below: number): number =>
  below <= 30 ? bitCount(set.low & ~bitsFrom(below)) : bitCount(set.low) + bitCount(set.high & ~bitsFrom(below - 30));

const bitsFrom = (index: number): number => (index > 31 ? 0 : -1 << index);

function bitCount(mask: number): number {
  let count = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}
