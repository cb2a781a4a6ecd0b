import { type CivilDay, civilDay, dayNumber, daysInMonth, SECONDS_PER_DAY, weekday } from './civil.ts';
import { HORIZON_YEARS, nextLocalSecond } from './cron-local.ts';
import { type CronTable, daysIndex, hasOfSixty } from './cron-table.ts';
import type { ZoneTable } from './zone-table.ts';

/** Longer than any overlap or gap of a zone: that far from a change, local time is plain arithmetic. */
export const MARGIN_SECONDS = SECONDS_PER_DAY;
/** A walk takes some hundred steps (months, days, hours, minutes and seconds, and their wraps). */
const MOST_STEPS = 20_000;

/**
 * robfig/cron v3's search for a due time, step by step: each step moves to where Go's `time` package would land, so
 * that around a change of the zone's offset the same times are skipped and repeated. In one case robfig never comes
 * back: at a calendar day that a zone left out (Apia, 2011-12-30). That day is stepped over.
 */
export class CronWalk {
  readonly #table: CronTable;
  readonly #zone: ZoneTable;
  readonly #date: CivilDay = { year: 0, month: 0, day: 0 };
  readonly #lastYear: number;
  #utc = 0;
  #dayNumber = 0;
  #secondOfDay = 0;
  /** The position has been cut to the start of the first unit that didn't match. */
  #cut = false;
  #stepsLeft = MOST_STEPS;

  /** Starts at an instant, which counts as a candidate: seconds since 1970. */
  constructor(table: CronTable, zone: ZoneTable, from: number) {
    this.#table = table;
    this.#zone = zone;
    this.#moveTo(from);
    this.#lastYear = this.#date.year + HORIZON_YEARS;
  }

  /** The first due time at or after the start; -1: none within the horizon. */
  find(): number {
    while (this.#date.year <= this.#lastYear && this.#stepsLeft > 0) {
      // Each of these is false when it wrapped into the next larger unit: the search starts over from there.
      if (this.#months() && this.#days() && this.#hours() && this.#minutes() && this.#seconds()) return this.#utc;
    }
    return -1;
  }

  #moveTo(utc: number): void {
    const local = utc + this.#zone.offsetAt(utc);
    this.#utc = utc;
    this.#dayNumber = Math.floor(local / SECONDS_PER_DAY);
    this.#secondOfDay = local - this.#dayNumber * SECONDS_PER_DAY;
    civilDay(this.#dayNumber, this.#date);
  }

  /**
   * Go's time.Date: a local time that exists twice or not at all gets the offset found at the same number read as
   * UTC, corrected once.
   */
  #moveToLocal(local: number): void {
    const guess = this.#zone.offsetAt(local);
    this.#moveTo(guess === 0 ? local : local - this.#zone.offsetAt(local - guess));
  }

  #months(): boolean {
    while (!this.#admitsMonth(this.#date.month)) {
      if (!this.#step()) return false;
      this.#cutTo((this.#dayNumber - this.#date.day + 1) * SECONDS_PER_DAY);
      const { year, month, day } = this.#date;
      const next = month === 12 ? dayNumber(year + 1, 1, day) : dayNumber(year, month + 1, day);
      this.#moveToLocal(next * SECONDS_PER_DAY + this.#secondOfDay);
      if (this.#date.month === 1 || this.#leap()) return false;
    }
    return true;
  }

  #days(): boolean {
    while (!this.#admitsDay()) {
      if (!this.#step()) return false;
      this.#cutTo(this.#dayNumber * SECONDS_PER_DAY);
      const before = this.#utc;
      const next = (this.#dayNumber + 1) * SECONDS_PER_DAY + this.#secondOfDay;
      this.#moveToMidnightNear(next);
      if (this.#utc <= before) this.#moveToMidnightNear(next + SECONDS_PER_DAY);
      if (this.#date.day === 1 || this.#leap()) return false;
    }
    return true;
  }

  /**
   * Spares the walk the days on which it can't go astray: from a midnight away from changes of the offset to the next
   * due time, or to the last midnight before the next change comes near. True: it moved. (A month that doesn't match is
   * walked from its first day; if a change of the offset made the walk miss that day, no leap.)
   */
  #leap(): boolean {
    if (this.#date.day !== 1 && !this.#admitsMonth(this.#date.month)) return false;
    const zone = this.#zone;
    zone.seek(this.#utc);
    const end = zone.end - MARGIN_SECONDS;
    if (this.#secondOfDay !== 0 || this.#utc < zone.start + MARGIN_SECONDS || this.#utc >= end) return false;
    const due = nextLocalSecond(this.#table, this.#utc + zone.offset, this.#lastYear);
    const local = due !== -1 && due - zone.offset < end ? due : this.#lastStopBefore(end + zone.offset);
    if (local - zone.offset <= this.#utc) return false;
    this.#moveTo(local - zone.offset);
    return true;
  }

  /** The last midnight up to a local time at which the walk stops: in months that don't match, the first one. */
  #lastStopBefore(local: number): number {
    const day = Math.floor(local / SECONDS_PER_DAY);
    const date = civilDay(day, { year: 0, month: 0, day: 0 });
    return (this.#admitsMonth(date.month) ? day : day - date.day + 1) * SECONDS_PER_DAY;
  }

  /** Where midnight doesn't exist: from the hour that Go finds back, or on, to midnight in elapsed time. */
  #moveToMidnightNear(local: number): void {
    this.#moveToLocal(local);
    const hour = Math.trunc(this.#secondOfDay / 3600);
    if (hour > 12) this.#moveTo(this.#utc + (24 - hour) * 3600);
    else if (hour > 0) this.#moveTo(this.#utc - hour * 3600);
  }

  #hours(): boolean {
    while ((this.#table.hours & (1 << Math.trunc(this.#secondOfDay / 3600))) === 0) {
      if (!this.#step()) return false;
      this.#cutTo(this.#dayNumber * SECONDS_PER_DAY + this.#secondOfDay - (this.#secondOfDay % 3600));
      this.#moveTo(this.#utc + 3600);
      if (this.#secondOfDay < 3600) return false;
    }
    return true;
  }

  #minutes(): boolean {
    while (!hasOfSixty(this.#table.minutes, Math.trunc(this.#secondOfDay / 60) % 60)) {
      if (!this.#step()) return false;
      // Minutes and seconds are cut in elapsed time, unlike the larger units.
      const start = this.#cut ? this.#utc : Math.floor(this.#utc / 60) * 60;
      this.#cut = true;
      this.#moveTo(start + 60);
      if (this.#secondOfDay % 3600 < 60) return false;
    }
    return true;
  }

  #seconds(): boolean {
    while (!hasOfSixty(this.#table.seconds, this.#secondOfDay % 60)) {
      if (!this.#step()) return false;
      this.#cut = true;
      this.#moveTo(this.#utc + 1);
      if (this.#secondOfDay % 60 === 0) return false;
    }
    return true;
  }

  #admitsMonth(month: number): boolean {
    return (this.#table.months & (1 << (month - 1))) !== 0;
  }

  #admitsDay(): boolean {
    const { year, month, day } = this.#date;
    const index = daysIndex(daysInMonth(year, month), weekday(this.#dayNumber - day + 1));
    return ((this.#table.days[index] ?? 0) & (1 << (day - 1))) !== 0;
  }

  #cutTo(local: number): void {
    if (this.#cut) return;
    this.#cut = true;
    this.#moveToLocal(local);
  }

  #step(): boolean {
    this.#stepsLeft -= 1;
    return this.#stepsLeft > 0;
  }
}
