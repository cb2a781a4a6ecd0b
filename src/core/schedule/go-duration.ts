import { quoteAsGoTime } from './go-text.ts';

/** `error` is Go's sentence, which Dkron shows to users. */
export type GoDuration =
  | { readonly ok: true; readonly nanoseconds: bigint }
  | { readonly ok: false; readonly error: string };

/** Both micro signs, U+00B5 and U+03BC, are units. */
const unitNanoseconds: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n],
  ['us', 1_000n],
  ['\u00b5s', 1_000n],
  ['\u03bcs', 1_000n],
  ['ms', 1_000_000n],
  ['s', 1_000_000_000n],
  ['m', 60_000_000_000n],
  ['h', 3_600_000_000_000n],
]);

/** Durations are 64-bit; on the way, one more than the largest is allowed, so that the smallest can be written. */
const LARGEST = (1n << 63n) - 1n;
const DIGITS_OF_LARGEST = 19;

/**
 * Reads a duration exactly as Go's time.ParseDuration does: `1h30m`, `-1.5s`, `.5m`, `0`; with its error texts.
 */
export function parseGoDuration(text: string): GoDuration {
  const negative = text.startsWith('-');
  const unsigned = negative || text.startsWith('+') ? text.slice(1) : text;
  if (unsigned === '0') return { ok: true, nanoseconds: 0n };
  if (unsigned === '') return invalid(text);
  let total = 0n;
  for (let rest = unsigned; rest !== ''; ) {
    const [number = '', whole = '', fraction = ''] = /^([0-9]*)(?:\.([0-9]*))?/.exec(rest) ?? [];
    if (whole === '' && fraction === '') return invalid(text);
    const wholeValue = boundedInteger(whole);
    if (wholeValue === null) return invalid(text);
    const [unit = ''] = /^[^.0-9]*/.exec(rest.slice(number.length)) ?? [];
    if (unit === '') return failure(`time: missing unit in duration ${quoteAsGoTime(text)}`);
    const nanoseconds = unitNanoseconds.get(unit);
    if (nanoseconds === undefined) {
      return failure(`time: unknown unit ${quoteAsGoTime(unit)} in duration ${quoteAsGoTime(text)}`);
    }
    total += wholeValue * nanoseconds + fractionOf(fraction, nanoseconds);
    if (total > LARGEST + 1n) return invalid(text);
    rest = rest.slice(number.length + unit.length);
  }
  if (negative) return { ok: true, nanoseconds: -total };
  return total > LARGEST ? invalid(text) : { ok: true, nanoseconds: total };
}

/** In whole milliseconds, what is less dropped; null: not a duration. */
export function goDurationMs(text: string): number | null {
  const parsed = parseGoDuration(text);
  return parsed.ok ? Number(parsed.nanoseconds / 1_000_000n) : null;
}

/** Null: beyond 64 bits, whatever the unit. */
function boundedInteger(digits: string): bigint | null {
  const significant = digits.replace(/^0+/, '');
  if (significant.length > DIGITS_OF_LARGEST) return null;
  const value = BigInt(significant === '' ? '0' : significant);
  return value > LARGEST + 1n ? null : value;
}

/** Go computes fractions in floating point, with at most 63 bits of digits; the results are its, to the nanosecond. */
function fractionOf(digits: string, unit: bigint): bigint {
  let value = 0n;
  let scale = 1;
  for (const digit of digits) {
    if (value > LARGEST / 10n) break;
    const next = value * 10n + BigInt(digit);
    if (next > LARGEST + 1n) break;
    value = next;
    scale *= 10;
  }
  return BigInt(Math.trunc(Number(value) * (Number(unit) / scale)));
}

const failure = (error: string): GoDuration => ({ ok: false, error });
const invalid = (text: string): GoDuration => failure(`time: invalid duration ${quoteAsGoTime(text)}`);

/** Writes a duration as Go's Duration.String does: `1h30m0s`, `1.5s`, `2µs`, `0s`. */
export function formatGoDuration(nanoseconds: bigint): string {
  const sign = nanoseconds < 0n ? '-' : '';
  const size = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  if (size === 0n) return '0s';
  if (size < 1_000n) return `${sign}${size}ns`;
  if (size < 1_000_000n) return `${sign}${decimal(size, 1_000n)}\u00b5s`;
  if (size < 1_000_000_000n) return `${sign}${decimal(size, 1_000_000n)}ms`;
  const minutes = size / 60_000_000_000n;
  const seconds = `${decimal(size % 60_000_000_000n, 1_000_000_000n)}s`;
  if (minutes === 0n) return `${sign}${seconds}`;
  if (minutes < 60n) return `${sign}${minutes}m${seconds}`;
  return `${sign}${minutes / 60n}h${minutes % 60n}m${seconds}`;
}

function decimal(value: bigint, unit: bigint): string {
  const digits = unit.toString().length - 1;
  const fraction = (value % unit).toString().padStart(digits, '0').replace(/0+$/, '');
  const whole = (value / unit).toString();
  return fraction === '' ? whole : `${whole}.${fraction}`;
}
