import { limits } from '../limits.ts';
import { cronTable } from './cron-table.ts';
import { replaceTildes } from './name-hash.ts';
import { type DayExtensions, type ParsedSpec, parseSpec } from './parse.ts';
import type { Schedule } from './schedule.ts';
import { checkTimezone, type ZoneSource } from './zone-table.ts';

export interface CompileOptions {
  /** For `~` and `H`. */
  readonly jobName: string;
  /** The job's `timezone`; '' is the server's own. */
  readonly timezone: string;
  readonly zones: ZoneSource;
  readonly extensions: DayExtensions;
}

/** `error` is Dkron's sentence, without what its API puts before it. */
export type CompileResult =
  | { readonly ok: true; readonly schedule: Schedule }
  | { readonly ok: false; readonly error: string };

/**
 * Compiles a job's schedule (dkron-v4 section 3). The job's timezone counts for cron fields that have no `TZ=` of
 * their own, and never for descriptors, as in Dkron.
 */
export function compileSchedule(spec: string, options: CompileOptions): CompileResult {
  const { jobName, timezone, zones, extensions } = options;
  const replaced = replaceTildes(spec, jobName);
  const zoneError = (name: string): string | null => checkTimezone(zones, utcIfEmpty(name));
  const parsed = parseSpec(replaced, { jobName, extensions, zoneError });
  if (!parsed.ok) return parsed;
  if (parsed.value.type !== 'cron') return { ok: true, schedule: plainSchedule(parsed.value) };
  const { fields, zoneName } = parsed.value;
  const jobZone = replaced.startsWith('@') ? '' : timezone;
  const found = zones.find(zoneName === null ? jobZone : utcIfEmpty(zoneName));
  if (!found.ok) return found;
  return { ok: true, schedule: { type: 'cron', table: cronTable(fields), zone: found.zone } };
}

/** In a prefix (`TZ= …`), no zone is UTC. */
const utcIfEmpty = (zoneName: string): string => (zoneName === '' ? 'UTC' : zoneName);

function plainSchedule(parsed: Exclude<ParsedSpec, { type: 'cron' }>): Schedule {
  return parsed.type === 'every' ? { type: 'every', periodSeconds: parsed.periodSeconds } : parsed;
}

/** Longer texts are lists that nobody shares; kept, they would make the bound by number a large one. */
const LONGEST_KEPT = 256;

/**
 * Compiles schedules once per (text, zone): a hundred thousand jobs have few different ones. Holds at most
 * `limits.compiledSchedules`; the one not asked for the longest goes first, and lives on in the jobs that have it.
 */
export class ScheduleInterner {
  readonly #zones: ZoneSource;
  readonly #extensions: DayExtensions;
  readonly #results = new Map<string, CompileResult>();

  constructor(zones: ZoneSource, extensions: DayExtensions) {
    this.#zones = zones;
    this.#extensions = extensions;
  }

  compile(spec: string, jobName: string, timezone: string): CompileResult {
    // Only these two signs make a schedule depend on the job's name.
    const named = spec.includes('~') || spec.includes('H');
    if (spec.length > LONGEST_KEPT) return this.#compile(spec, jobName, timezone);
    const key = `${timezone}\0${named ? jobName : ''}\0${spec}`;
    const known = this.#results.get(key);
    if (known !== undefined) {
      this.#results.delete(key);
      this.#results.set(key, known);
      return known;
    }
    const result = this.#compile(spec, jobName, timezone);
    for (const oldest of this.#results.keys()) {
      if (this.#results.size < limits.compiledSchedules) break;
      this.#results.delete(oldest);
    }
    this.#results.set(key, result);
    return result;
  }

  #compile(spec: string, jobName: string, timezone: string): CompileResult {
    return compileSchedule(spec, { jobName, timezone, zones: this.#zones, extensions: this.#extensions });
  }

  get size(): number {
    return this.#results.size;
  }
}
