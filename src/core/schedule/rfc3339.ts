import type { Instant } from '../units.ts';
import { dayNumber, daysInMonth, SECONDS_PER_DAY } from './civil.ts';
import { quoteAsGoTime } from './go-text.ts';

const LAYOUT = '2006-01-02T15:04:05Z07:00';

/** `error` is Go's sentence, which Dkron shows to users. */
export type ParsedInstant =
  | { readonly ok: true; readonly instant: Instant }
  | { readonly ok: false; readonly error: string };

/** One piece of the layout: what stands before it, its name in error texts, its digits, its bounds. */
interface Piece {
  readonly prefix: string;
  readonly name: string;
  readonly digits: RegExp;
  /** Name in "… out of range"; null: any value is taken here. */
  readonly range: { readonly name: string; readonly least: number; readonly most: number } | null;
}

const pieces: readonly Piece[] = [
  { prefix: '', name: '2006', digits: /^[0-9]{4}/, range: null },
  { prefix: '-', name: '01', digits: /^[0-9]{2}/, range: { name: 'month', least: 1, most: 12 } },
  { prefix: '-', name: '02', digits: /^[0-9]{2}/, range: null },
  // Go takes an hour of one digit too.
  { prefix: 'T', name: '15', digits: /^[0-9]{1,2}/, range: { name: 'hour', least: 0, most: 23 } },
  { prefix: ':', name: '04', digits: /^[0-9]{2}/, range: { name: 'minute', least: 0, most: 59 } },
  { prefix: ':', name: '05', digits: /^[0-9]{2}/, range: { name: 'second', least: 0, most: 59 } },
];

/**
 * Reads an instant as Go's time.Parse(time.RFC3339, text) does, with its error texts: a fraction may follow the
 * seconds (`.` or `,`, at most nine digits count), offsets reach 24:60.
 */
export function parseRfc3339(text: string): ParsedInstant {
  const values: number[] = [];
  let rest = text;
  for (const { prefix, name, digits, range } of pieces) {
    if (!rest.startsWith(prefix)) return cannotParse(text, rest, prefix);
    rest = rest.slice(prefix.length);
    const [found] = digits.exec(rest) ?? [];
    if (found === undefined) return cannotParse(text, rest, name);
    const value = Number(found);
    if (range !== null && (value < range.least || value > range.most)) return outOfRange(text, range.name);
    values.push(value);
    rest = rest.slice(found.length);
  }
  const [fraction = '', fractionDigits = ''] = /^[.,]([0-9]+)/.exec(rest) ?? [];
  rest = rest.slice(fraction.length);
  const offset = parseOffset(text, rest);
  if (!offset.ok) return offset;
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = values;
  if (day < 1 || day > daysInMonth(year, month)) return outOfRange(text, 'day');
  const seconds = dayNumber(year, month, day) * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second - offset.seconds;
  return { ok: true, instant: [seconds, Number(fractionDigits.slice(0, 9).padEnd(9, '0'))] };
}

type Offset = { readonly ok: true; readonly seconds: number } | Extract<ParsedInstant, { ok: false }>;

function parseOffset(text: string, rest: string): Offset {
  const utc = rest.startsWith('Z');
  const [found, sign, hours, minutes] = /^(.)([0-9]{2}):([0-9]{2})/s.exec(rest) ?? [];
  if (!utc && found === undefined) return cannotParse(text, rest, 'Z07:00');
  if (!utc && Number(minutes) > 60) return outOfRange(text, 'time zone offset minute');
  if (!utc && Number(hours) > 24) return outOfRange(text, 'time zone offset hour');
  if (!utc && sign !== '+' && sign !== '-') return cannotParse(text, rest, 'Z07:00');
  const extra = rest.slice(utc ? 1 : found?.length);
  if (extra !== '') return failure(`parsing time ${quoteAsGoTime(text)}: extra text: ${quoteAsGoTime(extra)}`);
  const seconds = utc ? 0 : (Number(hours) * 60 + Number(minutes)) * 60;
  return { ok: true, seconds: sign === '-' ? -seconds : seconds };
}

type Failure = Extract<ParsedInstant, { ok: false }>;
const failure = (error: string): Failure => ({ ok: false, error });

const outOfRange = (text: string, name: string): Failure =>
  failure(`parsing time ${quoteAsGoTime(text)}: ${name} out of range`);

const cannotParse = (text: string, rest: string, piece: string): Failure =>
  failure(
    `parsing time ${quoteAsGoTime(text)} as ${quoteAsGoTime(LAYOUT)}: cannot parse ${quoteAsGoTime(rest)} as ${quoteAsGoTime(piece)}`,
  );
