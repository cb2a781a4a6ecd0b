import { civilDay, daysInMonth, SECONDS_PER_DAY, weekday } from './civil.ts';
import { type CronTable, daysIndex, hasOfSixty, nextBit, nextOfSixty } from './cron-table.ts';

/** Dkron gives up after the fifth year that follows: such a schedule counts as never due. */
export const HORIZON_YEARS = 5;

/**
 * The first match at or after a local time (seconds of a clock that never changes), as robfig/cron finds it where the
 * zone's offset is constant. -1: none up to the end of `lastYear`, which is the horizon unless given.
 */
export function nextLocalSecond(table: CronTable, local: number, lastYear?: number): number {
  const day = Math.floor(local / SECONDS_PER_DAY);
  const secondOfDay = local - day * SECONDS_PER_DAY;
  const { year, month, day: dayOfMonth } = civilDay(day, { year: 0, month: 0, day: 0 });
  const firstDay = day - dayOfMonth + 1;
  if ((table.months & (1 << (month - 1))) === 0) {
    return nextDay(table, year, month, dayOfMonth, firstDay, lastYear ?? year + HORIZON_YEARS);
  }
  const admitted = table.days[daysIndex(daysInMonth(year, month), weekday(firstDay))] ?? 0;
  if ((admitted & (1 << (dayOfMonth - 1))) === 0) {
    return nextDay(table, year, month, dayOfMonth, firstDay, lastYear ?? year + HORIZON_YEARS);
  }
  const within = nextSecondOfDay(table, secondOfDay);
  if (within >= 0) return day * SECONDS_PER_DAY + within;
  return nextDay(table, year, month, dayOfMonth, firstDay, lastYear ?? year + HORIZON_YEARS);
}

function nextSecondOfDay(table: CronTable, secondOfDay: number): number {
  const hour = (secondOfDay / 3600) | 0;
  if ((table.hours & (1 << hour)) !== 0) {
    const minute = ((secondOfDay / 60) | 0) % 60;
    if (hasOfSixty(table.minutes, minute)) {
      const second = nextOfSixty(table.seconds, secondOfDay % 60);
      if (second >= 0) return hour * 3600 + minute * 60 + second;
    }
    const later = nextOfSixty(table.minutes, minute + 1);
    if (later >= 0) return hour * 3600 + later * 60 + table.firstSecond;
  }
  const laterHour = nextBit(table.hours, hour + 1);
  return laterHour < 0 ? -1 : laterHour * 3600 + table.firstMinute * 60 + table.firstSecond;
}

/** The first due second of the first admitted day after a day; `firstDay` is the number of its month's first day. */
function nextDay(
  table: CronTable,
  fromYear: number,
  fromMonth: number,
  afterDay: number,
  firstDay: number,
  lastYear: number,
): number {
  let year = fromYear;
  let month = fromMonth;
  let passed = afterDay;
  let first = firstDay;
  while (year <= lastYear) {
    const length = daysInMonth(year, month);
    if ((table.months & (1 << (month - 1))) !== 0) {
      const day = nextBit(table.days[daysIndex(length, weekday(first))] ?? 0, passed);
      if (day >= 0) {
        return (first + day) * SECONDS_PER_DAY + table.firstHour * 3600 + table.firstMinute * 60 + table.firstSecond;
      }
    }
    passed = 0;
    first += length;
    month += 1;
    if (month > 12) {
      month = 1;
      year += 1;
    }
  }
  return -1;
}
