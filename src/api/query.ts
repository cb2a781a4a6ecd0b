import type { Instant } from '../core/units.ts';
import { decodeUtf8 } from './json/string-literal.ts';
import { readTime } from './json/time.ts';

/** A query as Go's net/url reads it: pairs with a bad escape or a semicolon are dropped, `+` is a blank. */
export class Query {
  readonly #values: ReadonlyMap<string, string>;
  /** The first pair that was dropped, as it was written; null: none was. */
  readonly dropped: string | null;

  /** `text` is what stands behind the `?`. */
  constructor(text: string) {
    const values = new Map<string, string>();
    let dropped: string | null = null;
    for (const pair of text.split('&')) {
      if (pair === '') continue;
      const equals = pair.includes('=') ? pair.indexOf('=') : pair.length;
      const key = decodePercent(pair.slice(0, equals), true);
      const value = decodePercent(pair.slice(equals + 1), true);
      if (pair.includes(';') || key === null || value === null) dropped ??= pair;
      // Of a repeated key Dkron looks at the first value.
      else if (!values.has(key)) values.set(key, value);
    }
    this.#values = values;
    this.dropped = dropped;
  }

  has(key: string): boolean {
    return this.#values.has(key);
  }

  get(key: string): string | undefined {
    return this.#values.get(key);
  }

  /** Pairs of `name[key]=value`. */
  map(name: string): readonly (readonly [key: string, value: string])[] {
    const pairs: (readonly [string, string])[] = [];
    for (const [key, value] of this.#values) {
      const close = key.indexOf(']', name.length + 1);
      if (key.startsWith(`${name}[`) && close > name.length + 1) pairs.push([key.slice(name.length + 1, close), value]);
    }
    return pairs;
  }
}

/** Null: an escape is broken. Bytes that are not UTF-8 become U+FFFD. */
export function decodePercent(text: string, plusIsBlank: boolean): string | null {
  if (!/[%+]/.test(text)) return text;
  if (/%(?![0-9a-fA-F]{2})/.test(text)) return null;
  const blanks = plusIsBlank ? text.replaceAll('+', ' ') : text;
  if (!blanks.includes('%')) return blanks;
  const bytes: Buffer[] = [];
  let from = 0;
  for (const { 0: escapes, index } of blanks.matchAll(/(?:%[0-9a-fA-F]{2})+/g)) {
    bytes.push(Buffer.from(blanks.slice(from, index)), Buffer.from(escapes.replaceAll('%', ''), 'hex'));
    from = index + escapes.length;
  }
  bytes.push(Buffer.from(blanks.slice(from)));
  return decodeUtf8(Buffer.concat(bytes));
}

/** A whole number of our own routes; `otherwise` when it is not given or empty. A text says what is wrong with it. */
export function wholeNumber<Otherwise>(
  query: Query,
  key: string,
  otherwise: Otherwise,
  [least, most]: readonly [least: number, most: number],
): number | Otherwise | string {
  const text = query.get(key) ?? '';
  if (text === '') return otherwise;
  const value = /^[0-9]+$/.test(text) ? Number(text) : Number.NaN;
  return value >= least && value <= most ? value : `${key} must be a whole number within ${least} and ${most}`;
}

/** As `wholeNumber`, of a time. A `+` that was not escaped has become a blank. */
export function instantIn<Otherwise>(query: Query, key: string, otherwise: Otherwise): Instant | Otherwise | string {
  const text = query.get(key) ?? '';
  if (text === '') return otherwise;
  const read = readTime(text.replace(/(T.*) (?=[0-9]{2}:[0-9]{2}$)/, '$1+'));
  return read.ok ? read.time.instant : `${key}: ${read.error}`;
}

/** strconv.Atoi with its error thrown away: 0 for what is no integer, the nearest one for what is too large. */
export function looseInteger(text: string): number {
  if (!/^[+-]?[0-9]+$/.test(text)) return 0;
  return Math.max(Math.min(Number(text), Number.MAX_SAFE_INTEGER), Number.MIN_SAFE_INTEGER);
}
