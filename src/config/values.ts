import { parseGoDuration } from '../core/schedule/go-duration.ts';
import type { FlagDefinition } from './flag-table.ts';

/** Durations are in milliseconds. */
export type SettingValue = string | number | boolean | readonly string[];
export type Parsed<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly expected: string };

/** Longer timers than this don't exist in Node (2^31 - 1 ms, almost 597 hours). */
const longestDurationMs = 500 * 3_600_000;

const trueWords = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const falseWords = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);

/** Reads a value from a flag or an environment variable. Lists come as one text per occurrence of the flag. */
export function parseTexts(flag: FlagDefinition, texts: readonly string[]): Parsed<SettingValue> {
  const last = texts.at(-1) ?? '';
  switch (flag.kind) {
    case 'string':
      return { ok: true, value: last };
    case 'bool':
      return parseBool(last);
    case 'int':
      return parseInteger(last);
    case 'duration':
      return parseDuration(last);
    case 'list':
      return parseList(texts);
  }
}

/** Reads a value of a configuration file: what YAML, JSON or TOML made of it. */
export function parseFileValue(flag: FlagDefinition, value: unknown): Parsed<SettingValue> {
  if (flag.kind === 'list') {
    if (Array.isArray(value)) return scalars(value);
    const text = scalarText(value);
    return text === undefined ? failed('a list') : { ok: true, value: splitUnquoted(flag.name, text) };
  }
  const text = scalarText(value);
  return text === undefined ? failed('a single value') : parseTexts(flag, [text]);
}

/**
 * Lists outside of flags have no quoting: Dkron's library splits them at commas, and `tag`, which it reads in another
 * way, at white space (dkron-v4 5.3).
 */
export function splitUnquoted(flagName: string, text: string): readonly string[] {
  if (flagName === 'tag') return text.split(/\s+/).filter((item) => item !== '');
  return text === '' ? [] : text.split(',').map((item) => item.trim());
}

/** Text of a scalar from a file; undefined for maps and lists. */
export function scalarText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  return value instanceof Date ? value.toISOString() : undefined;
}

function failed(expected: string): Parsed<never> {
  return { ok: false, expected };
}

function parseBool(text: string): Parsed<boolean> {
  if (trueWords.has(text)) return { ok: true, value: true };
  return falseWords.has(text) ? { ok: true, value: false } : failed('true or false');
}

function parseInteger(text: string): Parsed<number> {
  const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value) ? { ok: true, value } : failed('a whole number');
}

function parseDuration(text: string): Parsed<number> {
  const parsed = parseGoDuration(text);
  if (!parsed.ok) return failed(`a duration such as 90s or 1h30m (${parsed.error})`);
  const milliseconds = Number(parsed.nanoseconds / 1_000_000n);
  if (parsed.nanoseconds < 0n || milliseconds > longestDurationMs) return failed('a duration from 0s to 500h');
  return { ok: true, value: milliseconds };
}

function scalars(values: readonly unknown[]): Parsed<readonly string[]> {
  const texts = values.map(scalarText);
  const known = texts.filter((text) => text !== undefined);
  return known.length === texts.length ? { ok: true, value: known } : failed('a list of single values');
}

function parseList(texts: readonly string[]): Parsed<readonly string[]> {
  const items: string[] = [];
  for (const text of texts) {
    const fields = parseCsvLine(text);
    if (fields === undefined) return failed('comma-separated values, with " only around a whole value');
    items.push(...fields);
  }
  return { ok: true, value: items };
}

/** One line of comma-separated values as Go's encoding/csv reads it; undefined when a quote is out of place. */
function parseCsvLine(line: string): readonly string[] | undefined {
  if (line === '') return [];
  const fields: string[] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y;
  for (;;) {
    const match = field.exec(line);
    if (match === null) return undefined;
    fields.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    if (match[3] !== ',') return fields;
  }
}
