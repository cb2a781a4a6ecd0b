import { CronExpressionParser } from 'cron-parser';
import type { DayExtensions, MonthRelativeDays } from '../core/schedule/parse.ts';

/**
 * `L` and `#` in the day fields, read by cron-parser. It is shown one field at a time, and only fields that Dkron's
 * grammar refuses, so that what Dkron accepts keeps Dkron's meaning.
 */
export const cronExtensions: DayExtensions = {
  parseDays(field, text) {
    // One list item of the wrong shape is all that cron-parser's own checks let through (`5#3x`).
    if (text.includes('#') && !/#[1-5]$/.test(text)) return null;
    try {
      return field === 'dayOfMonth' ? daysOfMonth(text) : daysOfWeek(text);
    } catch {
      // Its errors are of no use here: the caller reports Dkron's.
      return null;
    }
  },
};

const nothing: MonthRelativeDays = { days: [], weekdays: [], lastDay: false, lastWeekdays: [], nthWeekdays: [] };

/** cron-parser's values: numbers, `L`, and weekdays such as `5L`. */
const numbersOf = (values: readonly (number | string)[]): number[] =>
  values.filter((value) => typeof value === 'number');

function daysOfMonth(text: string): MonthRelativeDays {
  const { values, hasLastChar } = CronExpressionParser.parse(`0 0 0 ${text} * *`).fields.dayOfMonth;
  return { ...nothing, days: numbersOf(values), lastDay: hasLastChar };
}

function daysOfWeek(text: string): MonthRelativeDays {
  const { values, nthDay } = CronExpressionParser.parse(`0 0 0 * * ${text}`).fields.dayOfWeek;
  const weekdays = numbersOf(values).map((value) => value % 7);
  if (nthDay > 0) return { ...nothing, nthWeekdays: weekdays.map((weekday) => ({ weekday, nth: nthDay })) };
  const last = values.flatMap((value) => (typeof value === 'string' ? [Number.parseInt(value, 10) % 7] : []));
  return { ...nothing, weekdays, lastWeekdays: last };
}
