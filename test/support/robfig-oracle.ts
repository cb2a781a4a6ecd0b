/**
 * Due times computed the slow way, with nothing of the product: local time is what Intl says it is.
 */

export interface LocalTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly weekday: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

/** One zone, through Intl alone. */
export class IntlClock {
  readonly #format: Intl.DateTimeFormat;

  constructor(timeZone: string) {
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  }

  /** Local time written as if it were UTC: seconds since 1970. */
  local(seconds: number): number {
    const numbers =
      this.#format
        .format(seconds * 1000)
        .match(/\d+/g)
        ?.map(Number) ?? [];
    const [month = 0, day = 0, year = 0, hour = 0, minute = 0, second = 0] = numbers;
    return Date.UTC(year, month - 1, day, hour, minute, second) / 1000;
  }

  offset(seconds: number): number {
    return this.local(seconds) - seconds;
  }

  at(seconds: number): LocalTime {
    return fieldsOf(this.local(seconds));
  }

  /** Go's time.Date. */
  fromLocal(local: number): number {
    const guess = this.offset(local);
    return guess === 0 ? local : local - this.offset(local - guess);
  }

  /** Instants in [from, to) at which the offset changes, seen hour by hour. */
  changes(from: number, to: number): number[] {
    const found: number[] = [];
    let before = this.offset(from);
    for (let day = from; day < to; day += 86_400) {
      if (this.offset(day + 86_400) === before) continue;
      let [low, high] = [day, day + 86_400];
      while (high - low > 1) {
        const middle = Math.floor((low + high) / 2);
        if (this.offset(middle) === before) low = middle;
        else high = middle;
      }
      found.push(high);
      before = this.offset(day + 86_400);
    }
    return found;
  }
}

export function fieldsOf(local: number): LocalTime {
  const date = new Date(local * 1000);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    weekday: date.getUTCDay(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
  };
}

/** A field as a text and as what it means. */
export interface OracleField {
  readonly text: string;
  readonly values: readonly number[];
  readonly star: boolean;
}

export interface OracleSpec {
  readonly second: OracleField;
  readonly minute: OracleField;
  readonly hour: OracleField;
  readonly day: OracleField;
  readonly month: OracleField;
  readonly weekday: OracleField;
}

export const textOf = (spec: OracleSpec): string =>
  [spec.second, spec.minute, spec.hour, spec.day, spec.month, spec.weekday].map((field) => field.text).join(' ');

export function admitsDay(spec: OracleSpec, time: LocalTime): boolean {
  const day = spec.day.values.includes(time.day);
  const weekday = spec.weekday.values.includes(time.weekday);
  return spec.day.star || spec.weekday.star ? day && weekday : day || weekday;
}

export const admitsMinute = (spec: OracleSpec, time: LocalTime): boolean =>
  spec.minute.values.includes(time.minute) &&
  spec.hour.values.includes(time.hour) &&
  spec.month.values.includes(time.month) &&
  admitsDay(spec, time);

/** The walk that robfig/cron v3's SpecSchedule.Next makes, with a clock by Intl. Null: none within five years. */
export function robfigNext(spec: OracleSpec, clock: IntlClock, after: number): number | null {
  let at = after + 1;
  let cut = false;
  const lastYear = clock.at(at).year + 5;
  const cutTo = (local: (time: LocalTime) => number): void => {
    if (!cut) at = clock.fromLocal(local(clock.at(at)));
    cut = true;
  };
  const move = (seconds: number): LocalTime => {
    at = seconds;
    return clock.at(at);
  };
  wrap: while (clock.at(at).year <= lastYear) {
    while (!spec.month.values.includes(clock.at(at).month)) {
      cutTo((time) => Date.UTC(time.year, time.month - 1, 1) / 1000);
      const { year, month, day, hour, minute, second } = clock.at(at);
      if (move(clock.fromLocal(Date.UTC(year, month, day, hour, minute, second) / 1000)).month === 1) continue wrap;
    }
    while (!admitsDay(spec, clock.at(at))) {
      cutTo((time) => Date.UTC(time.year, time.month - 1, time.day) / 1000);
      const { hour } = move(clock.fromLocal(clock.local(at) + 86_400));
      if (hour !== 0) move(at + (hour > 12 ? 24 - hour : -hour) * 3600);
      if (clock.at(at).day === 1) continue wrap;
    }
    while (!spec.hour.values.includes(clock.at(at).hour)) {
      cutTo((time) => Date.UTC(time.year, time.month - 1, time.day, time.hour) / 1000);
      if (move(at + 3600).hour === 0) continue wrap;
    }
    while (!spec.minute.values.includes(clock.at(at).minute)) {
      if (!cut) at -= at % 60;
      cut = true;
      if (move(at + 60).minute === 0) continue wrap;
    }
    while (!spec.second.values.includes(clock.at(at).second)) {
      cut = true;
      if (move(at + 1).second === 0) continue wrap;
    }
    return at;
  }
  return null;
}
