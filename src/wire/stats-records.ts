import { type JobMinute, type MinuteStats, minuteKey, type Spread, spreadBoundsMs } from '../core/jobs/minute-stats.ts';
import { limits } from '../core/limits.ts';
import type { JobName } from '../core/units.ts';
import type { Store } from '../runtime/ports.ts';
import { FieldReader } from './fields.ts';
import { DecodeError, decodePlain, encodeStored, type Plain } from './msgpack.ts';
import { jobRange, tableKey, tableRange } from './state-keys.ts';

/** Version of these records; the first field of each. */
const VERSION = 1;

function plainMinute(stats: MinuteStats): Plain {
  const { minute, launches, succeeded, failed, lost, skipped, missed, lateness, duration } = stats;
  const counts = [minute, launches, succeeded, failed, lost, skipped, missed];
  return [...counts, plainSpread(lateness), plainSpread(duration)];
}

/** The histogram without the zeros at its end. */
function plainSpread({ count, sumMs, maxMs, histogram }: Spread): Plain {
  return [count, sumMs, maxMs, histogram.slice(0, histogram.findLastIndex((times) => times > 0) + 1)];
}

function readMinute(reader: FieldReader): MinuteStats {
  return {
    minute: reader.number(),
    launches: reader.number(),
    succeeded: reader.number(),
    failed: reader.number(),
    lost: reader.number(),
    skipped: reader.number(),
    missed: reader.number(),
    lateness: readSpread(reader.tuple('lateness')),
    duration: readSpread(reader.tuple('duration')),
  };
}

function readSpread(reader: FieldReader): Spread {
  const [count, sumMs, maxMs] = [reader.number(), reader.number(), reader.number()];
  const histogram = reader.list((times) => times.number());
  while (histogram.length <= spreadBoundsMs.length) histogram.push(0);
  return { count, sumMs, maxMs, histogram };
}

function open(bytes: Uint8Array): FieldReader {
  const reader = new FieldReader(decodePlain(bytes), 'minute');
  const version = reader.number();
  if (version !== VERSION) throw new DecodeError(`minute: record version ${version} is not known`);
  return reader;
}

export const encodeMinute = (stats: MinuteStats): Uint8Array => encodeStored([VERSION, plainMinute(stats)]);
export const decodeMinute = (bytes: Uint8Array): MinuteStats => readMinute(open(bytes).tuple('stats'));

export const encodeJobMinute = ({ ordinal, stats }: JobMinute): Uint8Array =>
  encodeStored([VERSION, ordinal, plainMinute(stats)]);

export function decodeJobMinute(bytes: Uint8Array): JobMinute {
  const reader = open(bytes);
  return { ordinal: reader.number(), stats: readMinute(reader.tuple('stats')) };
}

/** Minutes with activity in [from, to), in no order; of a job a minute may come in parts. */
export function minutesBetween(store: Store, job: JobName | null, from: number, to: number): MinuteStats[] {
  const found: MinuteStats[] = [];
  const take = (stats: MinuteStats): boolean => {
    if (stats.minute >= from && stats.minute < to) found.push(stats);
    return true;
  };
  if (job !== null) {
    store.range(jobRange('jobMinutes', job), (_, bytes) => take(decodeJobMinute(bytes).stats));
    return found;
  }
  const ring = tableRange('minutes');
  const [first, end] = [tableKey('minutes', minuteKey(from)), tableKey('minutes', minuteKey(to))];
  const isWhole = to - from >= limits.statMinutes;
  const wraps = !isWhole && from % limits.statMinutes > to % limits.statMinutes;
  const ranges = isWhole
    ? [ring]
    : wraps
      ? [
          { from: first, to: ring.to },
          { from: ring.from, to: end },
        ]
      : [{ from: first, to: end }];
  for (const range of ranges) store.range(range, (_, bytes) => take(decodeMinute(bytes)));
  return found;
}
