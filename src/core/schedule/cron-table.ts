import { assert } from '../assert.ts';
import type { FieldValues } from './field.ts';
import type { CronFields } from './parse.ts';

/** Sixty bits in two integers: 0 to 29 and 30 to 59. */
export interface SixtyBits {
  readonly low: number;
  readonly high: number;
}

/** A cron schedule as bits. Shared by all jobs that have it; never changed. */
export interface CronTable {
  readonly seconds: SixtyBits;
  readonly minutes: SixtyBits;
  readonly hours: number;
  /** Bit 0 is January. */
  readonly months: number;
  /** Admitted days (bit 0 is the first) of a month, by its length and the weekday of its first day. */
  readonly days: Int32Array;
  readonly firstSecond: number;
  readonly firstMinute: number;
  readonly firstHour: number;
  /** Due times in an admitted day that has 24 hours. */
  readonly perDay: number;
  /** A field admits nothing: never due. */
  readonly empty: boolean;
}

export const daysIndex = (length: number, firstWeekday: number): number => (length - 28) * 7 + firstWeekday;

export function cronTable(fields: CronFields): CronTable {
  const seconds = sixtyBits(fields.second);
  const minutes = sixtyBits(fields.minute);
  const hours = bits(fields.hour.values);
  const months = bits(fields.month.values.map((month) => month - 1));
  const days = dayMasks(fields);
  const table: CronTable = {
    seconds,
    minutes,
    hours,
    months,
    days,
    firstSecond: nextOfSixty(seconds, 0),
    firstMinute: nextOfSixty(minutes, 0),
    firstHour: nextBit(hours, 0),
    perDay: fields.second.values.length * fields.minute.values.length * fields.hour.values.length,
    empty: false,
  };
  const empty =
    table.firstSecond < 0 ||
    table.firstMinute < 0 ||
    table.firstHour < 0 ||
    months === 0 ||
    days.every((day) => day === 0);
  return { ...table, empty };
}

function bits(values: readonly number[]): number {
  let mask = 0;
  for (const value of values) {
    assert(value >= 0 && value < 31, `a bit of a positive integer, not ${value}`);
    mask |= 1 << value;
  }
  return mask;
}

const sixtyBits = (field: FieldValues): SixtyBits => ({
  low: bits(field.values.filter((value) => value < 30)),
  high: bits(field.values.filter((value) => value >= 30).map((value) => value - 30)),
});

function dayMasks(fields: CronFields): Int32Array {
  const masks = new Int32Array(28);
  for (let length = 28; length <= 31; length += 1) {
    for (let firstWeekday = 0; firstWeekday < 7; firstWeekday += 1) {
      let mask = 0;
      for (let day = 1; day <= length; day += 1) {
        if (admits(fields, day, length, (firstWeekday + day - 1) % 7)) mask |= 1 << (day - 1);
      }
      masks[daysIndex(length, firstWeekday)] = mask;
    }
  }
  return masks;
}

/** Day of month and weekday both have to match when one of them is a bare star; else one suffices (dkron-v4 3.1). */
function admits(fields: CronFields, day: number, length: number, weekday: number): boolean {
  const { dayOfMonth, dayOfWeek, monthRelative } = fields;
  const byDay =
    dayOfMonth.values.includes(day) ||
    monthRelative.some(({ days, lastDay }) => days.includes(day) || (lastDay && day === length));
  const nth = Math.ceil(day / 7);
  const byWeekday =
    dayOfWeek.values.includes(weekday) ||
    monthRelative.some(
      ({ weekdays, lastWeekdays, nthWeekdays }) =>
        weekdays.includes(weekday) ||
        (day + 7 > length && lastWeekdays.includes(weekday)) ||
        nthWeekdays.some((wanted) => wanted.weekday === weekday && wanted.nth === nth),
    );
  return dayOfMonth.star || dayOfWeek.star ? byDay && byWeekday : byDay || byWeekday;
}

/** Index of the lowest bit set at or above `from` (0 to 31); -1: none. */
export function nextBit(mask: number, from: number): number {
  const rest = from > 31 ? 0 : mask & (-1 << from);
  return rest === 0 ? -1 : 31 - Math.clz32(rest & -rest);
}

/** As `nextBit`, over 60 bits. */
export function nextOfSixty(set: SixtyBits, from: number): number {
  if (from < 30) {
    const inLow = nextBit(set.low, from);
    if (inLow >= 0) return inLow;
  }
  const inHigh = nextBit(set.high, from < 30 ? 0 : from - 30);
  return inHigh < 0 ? -1 : inHigh + 30;
}

export const hasOfSixty = (set: SixtyBits, value: number): boolean =>
  value < 30 ? (set.low & (1 << value)) !== 0 : (set.high & (1 << (value - 30))) !== 0;
