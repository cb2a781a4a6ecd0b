import { ScheduleInterner } from '../core/schedule/compile.ts';
import { parseGoDuration } from '../core/schedule/go-duration.ts';
import type { DayExtensions } from '../core/schedule/parse.ts';
import { nextInstant, plannedNext } from '../core/schedule/schedule.ts';
import { checkTimezone, type ZoneSource } from '../core/schedule/zone-table.ts';
import { compareInstants, type Instant, type WallMs, wallMs, wallMsOfInstant } from '../core/units.ts';
import { parseMemoryLimit } from '../executors/shell/memory-limit.ts';
import { parseSuccessCodes } from '../executors/shell/success-codes.ts';
import type { JobRules, Preview, Timing } from './job-rules.ts';
import { isWritable, type ZonedInstant } from './json/time.ts';

/** The rules of jobs by the schedules, zones and executors that this server has. */
export class ScheduleRules implements JobRules {
  readonly #zones: ZoneSource;
  readonly #schedules: ScheduleInterner;

  constructor(zones: ZoneSource, extensions: DayExtensions) {
    this.#zones = zones;
    this.#schedules = new ScheduleInterner(zones, extensions);
  }

  scheduleError({ name, schedule, timezone }: Pick<Timing, 'name' | 'schedule' | 'timezone'>): string | null {
    // A zone that does not exist is reported by `timezoneError`, in Dkron's order of checks.
    const zone = this.timezoneError(timezone) === null ? timezone : '';
    const compiled = this.#schedules.compile(schedule, name, zone);
    return compiled.ok ? null : compiled.error;
  }

  timezoneError(timezone: string): string | null {
    return checkTimezone(this.#zones, timezone);
  }

  duration(text: string): bigint | null {
    const parsed = parseGoDuration(text);
    return parsed.ok ? parsed.nanoseconds : null;
  }

  memoryLimitError(text: string): string | null {
    const parsed = parseMemoryLimit(text);
    return parsed.ok ? null : parsed.error;
  }

  successCodesError(text: string): string | null {
    const parsed = parseSuccessCodes(text);
    return parsed.ok ? null : parsed.error;
  }

  next(timing: Timing, anchorMs: WallMs, nowMs: WallMs): Instant | null {
    const compiled = this.#schedules.compile(timing.schedule, timing.name, timing.timezone);
    return compiled.ok ? plannedNext(timing, compiled.schedule, nowMs, anchorMs) : null;
  }

  preview(timing: Omit<Timing, 'startsAt'>, anchorMs: WallMs, after: Instant, count: number): Preview {
    const compiled = this.#schedules.compile(timing.schedule, timing.name, timing.timezone);
    if (!compiled.ok) return compiled;
    const { schedule } = compiled;
    const dueTimes: ZonedInstant[] = [];
    for (let from = wholeMsBefore(after); dueTimes.length < count; ) {
      const instant = nextInstant(schedule, from, anchorMs);
      if (instant === null) break;
      from = wallMsOfInstant(instant);
      if (compareInstants(instant, after) <= 0) continue;
      const offsetSeconds =
        schedule.type === 'cron' ? schedule.zone.offsetAt(instant[0]) : this.offsetSeconds(timing.timezone, instant);
      if (!isWritable({ instant, offsetSeconds })) break;
      dueTimes.push({ instant, offsetSeconds });
    }
    return { ok: true, dueTimes };
  }

  offsetSeconds(timezone: string, at: Instant): number {
    if (timezone === '') return 0;
    const found = this.#zones.find(timezone);
    return found.ok ? found.zone.offsetAt(at[0]) : 0;
  }
}

const wholeMsBefore = ([seconds, nanos]: Instant): WallMs => wallMs(seconds * 1000 + Math.floor(nanos / 1_000_000));
