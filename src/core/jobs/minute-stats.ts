import { limits } from '../limits.ts';
import { type JobName, type WallMs, type WallNs, wallMsOf } from '../units.ts';
import type { LedgerReader } from './ledger.ts';
import { OverlayTable } from './overlay.ts';
import { latenessNs } from './reads.ts';
import type { ExecutionRecord, LaunchNote } from './records.ts';

/** How some times were spread, in milliseconds. */
export interface Spread {
  readonly count: number;
  readonly sumMs: number;
  readonly maxMs: number;
  /** How many were at most the bound of `spreadBoundsMs` at the same place; the last one: beyond all. */
  readonly histogram: readonly number[];
}

/** Never changed: it gives the stored histograms their meaning. */
export const spreadBoundsMs = [
  5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000, 900_000, 3_600_000,
] as const;

/** What happened in one minute. */
export interface MinuteStats {
  /** Minutes since 1970. */
  readonly minute: number;
  /** Launches whose last execution has ended: counted then, since that writes the job's minute anyway. */
  readonly launches: number;
  /** Executions by their end, when it was recorded. A retry is one more. */
  readonly succeeded: number;
  readonly failed: number;
  readonly lost: number;
  /** Due times, by the last one of a range. */
  readonly skipped: number;
  readonly missed: number;
  /** From the due time to the start, of the first attempts of scheduled launches. */
  readonly lateness: Spread;
  /** From start to end, of executions whose end is known. */
  readonly duration: Spread;
}

/** One of a job's minutes with activity. */
export interface JobMinute {
  /** Of these minutes, counted from the job's first one. */
  readonly ordinal: number;
  readonly stats: MinuteStats;
}

const noSpread: Spread = { count: 0, sumMs: 0, maxMs: 0, histogram: Array.from({ length: 17 }, () => 0) };

export const emptyMinute = (minute: number): MinuteStats => ({
  minute,
  launches: 0,
  succeeded: 0,
  failed: 0,
  lost: 0,
  skipped: 0,
  missed: 0,
  lateness: noSpread,
  duration: noSpread,
});

export const minuteOf = (atMs: WallMs): number => Math.floor(atMs / 60_000);

/** The minutes of all jobs are a ring: a week later another one takes the place. */
export const minuteKey = (minute: number): string => String(minute % limits.statMinutes).padStart(5, '0');

/** The minute in which the job was active last. */
const latestKey = (job: JobName): string => `${job}\0latest`;
/** The ones before it are a ring, too. */
const earlierKey = (job: JobName, ordinal: number): string => `${job}\0${ordinal % (limits.statMinutesPerJob - 1)}`;

type Change = (stats: MinuteStats) => MinuteStats;

/** Counts while applying: by the clocks that stand in commands and records, in integers. */
export class StatsLedger {
  readonly #reader: LedgerReader;
  readonly #minutes: OverlayTable<MinuteStats>;
  readonly #jobMinutes: OverlayTable<JobMinute>;

  constructor(reader: LedgerReader) {
    this.#reader = reader;
    this.#minutes = new OverlayTable((key) => reader.minute(key));
    this.#jobMinutes = new OverlayTable((key) => reader.jobMinute(key));
  }

  launchEnded(job: JobName, nowNs: WallNs): void {
    this.#count(job, wallMsOf(nowNs), (stats) => ({ ...stats, launches: stats.launches + 1 }));
  }

  noted({ job, kind, toMs, count }: LaunchNote): void {
    this.#count(job, toMs, (stats) => ({ ...stats, [kind]: stats[kind] + count }));
  }

  /** `nowNs`: when the end was recorded. */
  ended(record: ExecutionRecord, nowNs: WallNs): void {
    const { outcome } = record;
    if (outcome === 'running') return;
    const key = outcome === 'success' ? 'succeeded' : outcome;
    const isTimed = record.cause === 'schedule' && record.attempt === 1;
    this.#count(record.job, wallMsOf(nowNs), (stats) => ({
      ...stats,
      [key]: stats[key] + 1,
      lateness: isTimed ? withTime(stats.lateness, latenessNs(record)) : stats.lateness,
      duration:
        outcome === 'lost' ? stats.duration : withTime(stats.duration, record.finishedAtNs - record.startedAtNs),
    }));
  }

  /** The job's own minutes go; those of all jobs stay. */
  forget(job: JobName): void {
    const keys: string[] = [];
    this.#jobMinutes.visit(
      (each) => this.#reader.scanJobMinutes(job, each),
      (key) => key.startsWith(`${job}\0`),
      (key) => keys.push(key) > 0,
    );
    for (const key of keys) this.#jobMinutes.delete(key);
  }

  drain(): {
    readonly minutes: readonly (readonly [key: string, value: MinuteStats | null])[];
    readonly jobMinutes: readonly (readonly [key: string, value: JobMinute | null])[];
  } {
    return { minutes: this.#minutes.drain(), jobMinutes: this.#jobMinutes.drain() };
  }

  /** As `Ledger.forgetKept`. */
  forgetKept(): void {
    this.#minutes.forgetKept();
    this.#jobMinutes.forgetKept();
  }

  #count(job: JobName, atMs: WallMs, change: Change): void {
    const minute = minuteOf(atMs);
    const all = this.#minutes.get(minuteKey(minute));
    this.#minutes.put(minuteKey(minute), change(all?.minute === minute ? all : emptyMinute(minute)));
    const latest = this.#jobMinutes.get(latestKey(job));
    if (latest?.stats.minute === minute) {
      this.#jobMinutes.put(latestKey(job), { ...latest, stats: change(latest.stats) });
      return;
    }
    if (latest !== undefined) this.#jobMinutes.put(earlierKey(job, latest.ordinal), latest);
    const ordinal = latest === undefined ? 0 : latest.ordinal + 1;
    this.#jobMinutes.put(latestKey(job), { ordinal, stats: change(emptyMinute(minute)) });
  }
}

/** Clocks of nodes differ: what would be negative counts as nothing. */
function withTime({ count, sumMs, maxMs, histogram }: Spread, ns: bigint): Spread {
  const ms = ns > 0n ? Number(ns / 1_000_000n) : 0;
  const found = spreadBoundsMs.findIndex((bound) => ms <= bound);
  const place = found < 0 ? spreadBoundsMs.length : found;
  const counted = histogram.slice();
  counted[place] = (counted[place] ?? 0) + 1;
  return { count: count + 1, sumMs: sumMs + ms, maxMs: Math.max(maxMs, ms), histogram: counted };
}

export function addStats(a: MinuteStats, b: MinuteStats): MinuteStats {
  return {
    minute: a.minute,
    launches: a.launches + b.launches,
    succeeded: a.succeeded + b.succeeded,
    failed: a.failed + b.failed,
    lost: a.lost + b.lost,
    skipped: a.skipped + b.skipped,
    missed: a.missed + b.missed,
    lateness: addSpread(a.lateness, b.lateness),
    duration: addSpread(a.duration, b.duration),
  };
}

const addSpread = (a: Spread, b: Spread): Spread => ({
  count: a.count + b.count,
  sumMs: a.sumMs + b.sumMs,
  maxMs: Math.max(a.maxMs, b.maxMs),
  histogram: a.histogram.map((times, at) => times + (b.histogram[at] ?? 0)),
});

/** What so many in a thousand were at most: a bound of the histogram, or the largest where that is less. */
export function permilleMs({ count, maxMs, histogram }: Spread, permille: number): number {
  let left = Math.ceil((count * permille) / 1000);
  for (const [at, bound] of spreadBoundsMs.entries()) {
    left -= histogram[at] ?? 0;
    if (left <= 0) return Math.min(bound, maxMs);
  }
  return maxMs;
}
