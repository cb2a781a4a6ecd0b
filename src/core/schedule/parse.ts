import type { Instant } from '../units.ts';
import { type FieldName, type FieldValues, fieldKinds, parseField } from './field.ts';
import { parseGoDuration } from './go-duration.ts';
import { splitAtBlanks, trimBlanks } from './go-text.ts';
import { replaceHashItems } from './name-hash.ts';
import { parseRfc3339 } from './rfc3339.ts';

/** Days that depend on the month: the extensions `L` and `#`. Weekdays: 0 is Sunday. */
export interface MonthRelativeDays {
  readonly days: readonly number[];
  readonly weekdays: readonly number[];
  /** The last day of the month. */
  readonly lastDay: boolean;
  /** The last such weekday of the month. */
  readonly lastWeekdays: readonly number[];
  /** The n-th (1 to 5) such weekday of the month. */
  readonly nthWeekdays: readonly { readonly weekday: number; readonly nth: number }[];
}

/** Reads the day fields that Dkron's grammar refuses; the parser behind it lives outside the core. */
export interface DayExtensions {
  /** Null: no valid field in the extended grammar either. */
  parseDays(field: 'dayOfMonth' | 'dayOfWeek', text: string): MonthRelativeDays | null;
}

export interface CronFields {
  readonly second: FieldValues;
  readonly minute: FieldValues;
  readonly hour: FieldValues;
  readonly dayOfMonth: FieldValues;
  readonly month: FieldValues;
  readonly dayOfWeek: FieldValues;
  readonly monthRelative: readonly MonthRelativeDays[];
}

/** What a schedule's text means. `zoneName` of the text's own `TZ=` prefix; null: it has none. */
export type ParsedSpec =
  | { readonly type: 'manually' }
  | { readonly type: 'at'; readonly at: Instant }
  | { readonly type: 'every'; readonly periodSeconds: number; readonly zoneName: string | null }
  | { readonly type: 'cron'; readonly fields: CronFields; readonly zoneName: string | null };

export type SpecResult<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: string };

export interface ParseOptions {
  /** For `H`. */
  readonly jobName: string;
  readonly extensions: DayExtensions;
  /** Dkron looks a zone up before it reads on: the first error is the zone's. Null: it exists. */
  readonly zoneError: (zoneName: string) => string | null;
}

const fail = (error: string): { readonly ok: false; readonly error: string } => ({ ok: false, error });
const done = <Value>(value: Value): SpecResult<Value> => ({ ok: true, value });

/** Reads a schedule whose `~` have been replaced, in Dkron's grammar (dkron-v4 3.1) with Dkron's error texts. */
export function parseSpec(spec: string, options: ParseOptions): SpecResult<ParsedSpec> {
  // These three are recognised only without a zone before them.
  if (spec === '@manually') return done({ type: 'manually' });
  if (spec === '@minutely') return parseCron('0 * * * * *', null, options);
  if (spec.startsWith('@at ')) return parseAt(spec);
  if (spec === '') return fail('empty spec string');
  if (!spec.startsWith('TZ=') && !spec.startsWith('CRON_TZ=')) return parseUnzoned(spec, null, options);
  const blankAt = spec.indexOf(' ');
  // Dkron panics here (dkron-v4 13.1 #33).
  if (blankAt === -1) return fail(`expected a blank and a schedule after the time zone: ${spec}`);
  const zoneName = spec.slice(spec.indexOf('=') + 1, blankAt);
  const error = options.zoneError(zoneName);
  if (error !== null) return fail(`provided bad location ${zoneName}: ${error}`);
  return parseUnzoned(trimBlanks(spec.slice(blankAt)), zoneName, options);
}

function parseAt(spec: string): SpecResult<ParsedSpec> {
  const parsed = parseRfc3339(spec.slice('@at '.length));
  return parsed.ok ? done({ type: 'at', at: parsed.instant }) : fail(`failed to parse date ${spec}: ${parsed.error}`);
}

const descriptors: ReadonlyMap<string, string> = new Map([
  ['@yearly', '0 0 0 1 1 *'],
  ['@annually', '0 0 0 1 1 *'],
  ['@monthly', '0 0 0 1 * *'],
  ['@weekly', '0 0 0 * * 0'],
  ['@daily', '0 0 0 * * *'],
  ['@midnight', '0 0 0 * * *'],
  ['@hourly', '0 0 * * * *'],
]);

function parseUnzoned(spec: string, zoneName: string | null, options: ParseOptions): SpecResult<ParsedSpec> {
  if (!spec.startsWith('@')) return parseCron(spec, zoneName, options);
  const fields = descriptors.get(spec);
  if (fields !== undefined) return parseCron(fields, zoneName, options);
  if (!spec.startsWith('@every ')) return fail(`unrecognized descriptor: ${spec}`);
  const duration = parseGoDuration(spec.slice('@every '.length));
  if (!duration.ok) return fail(`failed to parse duration ${spec}: ${duration.error}`);
  const seconds = Number(duration.nanoseconds / 1_000_000_000n);
  return done({ type: 'every', periodSeconds: Math.max(1, seconds), zoneName });
}

const fieldOrder = [
  'second',
  'minute',
  'hour',
  'dayOfMonth',
  'month',
  'dayOfWeek',
] as const satisfies readonly FieldName[];

function parseCron(spec: string, zoneName: string | null, options: ParseOptions): SpecResult<ParsedSpec> {
  const texts = splitAtBlanks(spec);
  if (texts.length !== fieldOrder.length) {
    return fail(`expected exactly 6 fields, found ${texts.length}: [${texts.join(' ')}]`);
  }
  const plain: Partial<Record<FieldName, FieldValues>> = {};
  const monthRelative: MonthRelativeDays[] = [];
  for (const [index, name] of fieldOrder.entries()) {
    const parsed = parseCronField(texts[index] ?? '', name, options);
    if (!parsed.ok) return parsed;
    plain[name] = parsed.value.values;
    if (parsed.value.relative !== null) monthRelative.push(parsed.value.relative);
  }
  const { second, minute, hour, dayOfMonth, month, dayOfWeek } = plain;
  if (!second || !minute || !hour || !dayOfMonth || !month || !dayOfWeek) return fail('empty spec string');
  return done({
    type: 'cron',
    fields: { second, minute, hour, dayOfMonth, month, dayOfWeek, monthRelative },
    zoneName,
  });
}

interface CronField {
  readonly values: FieldValues;
  readonly relative: MonthRelativeDays | null;
}

/** A field of Dkron's grammar means what it means there; only one that Dkron refuses is read as an extension. */
function parseCronField(text: string, name: FieldName, options: ParseOptions): SpecResult<CronField> {
  const plain = parseField(text, fieldKinds[name]);
  if (plain.ok) return done({ values: plain.field, relative: null });
  const unhashed = replaceHashItems(text, name, options.jobName) ?? text;
  const hashed = parseField(unhashed, fieldKinds[name]);
  if (hashed.ok) return done({ values: hashed.field, relative: null });
  if ((name === 'dayOfMonth' || name === 'dayOfWeek') && /[L#]/.test(unhashed)) {
    const relative = options.extensions.parseDays(name, unhashed);
    if (relative !== null) return done({ values: { values: [], star: false }, relative });
  }
  return fail(plain.error);
}
