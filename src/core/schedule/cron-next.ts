import { SECONDS_PER_DAY } from './civil.ts';
import { nextLocalSecond } from './cron-local.ts';
import type { CronTable } from './cron-table.ts';
import { CronWalk, MARGIN_SECONDS } from './cron-walk.ts';
import type { ZoneTable } from './zone-table.ts';

const ALL_MONTHS = 0xfff;

/**
 * The first due time strictly after an instant, both in whole seconds since 1970; -1: none within the horizon.
 * Exactly robfig/cron v3's results, around changes of the zone's offset too (dkron-v4 3.3).
 *
 * Away from such changes its walk over months, days, hours, minutes and seconds is the same as the next match in
 * local time, which bit masks find in about 0.1 us; near them the walk itself is made, step by step, since where its
 * steps land decides what is skipped and what is due twice.
 */
export function nextCronSecond(table: CronTable, zone: ZoneTable, afterSeconds: number): number {
  if (table.empty) return -1;
  const from = afterSeconds + 1;
  zone.seek(from);
  const { start, end, offset } = zone;
  const local = nextLocalSecond(table, from + offset);
  if (end === Number.POSITIVE_INFINITY) return local === -1 ? -1 : local - offset;
  // The walk first goes back to the start of the day, or of a month that doesn't match.
  const back = table.months === ALL_MONTHS ? MARGIN_SECONDS : 31 * SECONDS_PER_DAY;
  const plain = local !== -1 && from >= start + back + MARGIN_SECONDS && local - offset < end - MARGIN_SECONDS;
  return plain ? local - offset : walkFrom(table, zone, from);
}

/**
 * Where a zone goes back within an hour (Chatham, 03:45 to 02:45), robfig cuts to the hour's first occurrence and may
 * return a time before the one it was asked from, for ever; then the search goes on from the next minute.
 */
function walkFrom(table: CronTable, zone: ZoneTable, from: number): number {
  let start = from;
  for (;;) {
    const found = new CronWalk(table, zone, start).find();
    if (found === -1 || found >= from) return found;
    start = (Math.floor(start / 60) + 1) * 60;
  }
}
