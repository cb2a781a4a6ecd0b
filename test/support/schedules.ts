import { cronExtensions } from '../../src/adapters/cron-extensions.ts';
import { IntlZones } from '../../src/adapters/zones.ts';
import { type CompileResult, compileSchedule } from '../../src/core/schedule/compile.ts';
import { nextInstant, type Schedule } from '../../src/core/schedule/schedule.ts';
import { type Instant, wallMs } from '../../src/core/units.ts';

/** A server in UTC. */
export const testZones = new IntlZones('UTC');

interface Options {
  readonly jobName?: string;
  readonly timezone?: string;
}

export const compile = (spec: string, options: Options = {}): CompileResult =>
  compileSchedule(spec, { jobName: 'job', timezone: '', zones: testZones, extensions: cronExtensions, ...options });

export function compiled(spec: string, options: Options = {}): Schedule {
  const result = compile(spec, options);
  if (!result.ok) throw new Error(result.error);
  return result.schedule;
}

export function errorOf(spec: string, options: Options = {}): string {
  const result = compile(spec, options);
  return result.ok ? 'accepted' : result.error;
}

export const isoOf = ([seconds, nanos]: Instant): string => new Date(seconds * 1000 + nanos / 1e6).toISOString();

/** The next due times as ISO texts; `never` ends the list. */
export function nextTimes(schedule: Schedule, from: string, count: number): string[] {
  const times: string[] = [];
  const anchorMs = wallMs(Date.parse(from));
  for (let atMs = anchorMs; times.length < count; ) {
    const next = nextInstant(schedule, atMs, anchorMs);
    if (next === null) return [...times, 'never'];
    times.push(isoOf(next).replace('.000Z', 'Z'));
    atMs = wallMs(next[0] * 1000 + Math.ceil(next[1] / 1e6));
  }
  return times;
}
