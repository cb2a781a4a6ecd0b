import { type CivilDay, civilDay, SECONDS_PER_DAY } from '../../core/schedule/civil.ts';
import { parseRfc3339 } from '../../core/schedule/rfc3339.ts';
import type { Instant } from '../../core/units.ts';
import { decodeStringLiteral } from './string-literal.ts';

/** An instant with the offset it was written in, so that an answer can echo it; Go keeps both too. */
export interface ZonedInstant {
  readonly instant: Instant;
  /** East positive. */
  readonly offsetSeconds: number;
}

export type DecodedTime =
  | { readonly ok: true; readonly time: ZonedInstant }
  | { readonly ok: false; readonly error: string };

const failure = (error: string): DecodedTime => ({ ok: false, error });

/** Years that RFC 3339, and with it Go's encoder, can write. */
const FIRST_SECOND = -62_167_219_200;
const LAST_SECOND = 253_402_300_799;

/**
 * A JSON value as Go's time.Time takes it: `literal` is the value as it is written. Go does not decode escapes here. What it
 * could read but not write again (offsets of a day and more, years beyond 9999) is refused.
 */
export function decodeTime(literal: string): DecodedTime {
  if (!literal.startsWith('"')) return failure('Time.UnmarshalJSON: input is not a JSON string');
  return readTime(literal.slice(1, -1));
}

/** As `decodeTime`, of the bare text. */
export function readTime(text: string): DecodedTime {
  const parsed = parseRfc3339(text);
  if (!parsed.ok) return failure(parsed.error);
  const time = { instant: parsed.instant, offsetSeconds: writtenOffset(text) };
  if (Math.abs(time.offsetSeconds) >= SECONDS_PER_DAY) return failure('timezone hour outside of range [0,23]');
  return isWritable(time) ? { ok: true, time } : failure('year outside of range [0,9999]');
}

/** Whether RFC 3339 has a form for it: its year is within 0 and 9999, in UTC and as written. */
export function isWritable({ instant: [seconds], offsetSeconds }: ZonedInstant): boolean {
  const local = seconds + offsetSeconds;
  return Math.min(seconds, local) >= FIRST_SECOND && Math.max(seconds, local) <= LAST_SECOND;
}

/**
 * As `decodeTime`, for Dkron's nullable times: also what an HTML datetime-local input gives, `2006-01-02T15:04`, as UTC
 * (dkron-v4 2.3). When neither fits, the error is that of the full form.
 */
export function decodeNullableTime(literal: string): DecodedTime {
  const decoded = decodeTime(literal);
  if (decoded.ok || !literal.startsWith('"')) return decoded;
  const text = decodeStringLiteral(literal);
  if (!/^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{1,2}:[0-9]{2}$/.test(text)) return decoded;
  const parsed = parseRfc3339(`${text}:00Z`);
  return parsed.ok ? { ok: true, time: { instant: parsed.instant, offsetSeconds: 0 } } : decoded;
}

/** Offset of a text that `parseRfc3339` accepted. */
function writtenOffset(text: string): number {
  if (text.endsWith('Z')) return 0;
  const [hours = 0, minutes = 0] = text.slice(-5).split(':').map(Number);
  const seconds = (hours * 60 + minutes) * 60;
  return text.at(-6) === '-' ? -seconds : seconds;
}

const pad = (value: number, digits: number): string => value.toString().padStart(digits, '0');

/** RFC 3339 as Go writes it: nanoseconds without trailing zeros, `Z` for UTC. */
export function formatInstant([seconds, nanos]: Instant, offsetSeconds = 0): string {
  const local = seconds + offsetSeconds;
  const dayNumber = Math.floor(local / SECONDS_PER_DAY);
  const second = local - dayNumber * SECONDS_PER_DAY;
  const date: CivilDay = civilDay(dayNumber, { year: 0, month: 0, day: 0 });
  const fraction = nanos === 0 ? '' : `.${pad(nanos, 9).replace(/0+$/, '')}`;
  const time = `${pad(Math.floor(second / 3600), 2)}:${pad(Math.floor(second / 60) % 60, 2)}:${pad(second % 60, 2)}`;
  return `${pad(date.year, 4)}-${pad(date.month, 2)}-${pad(date.day, 2)}T${time}${fraction}${formatOffset(offsetSeconds)}`;
}

/** Go cuts seconds off an offset (zones before standard time have them). */
function formatOffset(offsetSeconds: number): string {
  const minutes = Math.trunc(Math.abs(offsetSeconds) / 60);
  if (offsetSeconds === 0) return 'Z';
  return `${offsetSeconds < 0 ? '-' : '+'}${pad(Math.floor(minutes / 60), 2)}:${pad(minutes % 60, 2)}`;
}
