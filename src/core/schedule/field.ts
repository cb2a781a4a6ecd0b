import { quoteAsGo } from './go-text.ts';

/** One of the six fields of a schedule: its bounds and names (dkron-v4 3.1). */
export interface FieldKind {
  readonly least: number;
  readonly most: number;
  /** Where `H` may point: days that exist in each month only. */
  readonly hashMost: number;
  readonly names: ReadonlyMap<string, number>;
}

const names = (text: string, first: number): ReadonlyMap<string, number> =>
  new Map(text.split(' ').map((name, index) => [name, first + index]));
const none: ReadonlyMap<string, number> = new Map();

export const fieldKinds = {
  second: { least: 0, most: 59, hashMost: 59, names: none },
  minute: { least: 0, most: 59, hashMost: 59, names: none },
  hour: { least: 0, most: 23, hashMost: 23, names: none },
  dayOfMonth: { least: 1, most: 31, hashMost: 28, names: none },
  month: { least: 1, most: 12, hashMost: 12, names: names('jan feb mar apr may jun jul aug sep oct nov dec', 1) },
  dayOfWeek: { least: 0, most: 6, hashMost: 6, names: names('sun mon tue wed thu fri sat', 0) },
} as const satisfies Record<string, FieldKind>;

export type FieldName = keyof typeof fieldKinds;

/** What a field admits: its values, ascending, and whether one of its items is an unrestricted `*` or `?`. */
export interface FieldValues {
  readonly values: readonly number[];
  readonly star: boolean;
}

/** `error` is Dkron's sentence. */
export type ParsedField =
  | { readonly ok: true; readonly field: FieldValues }
  | { readonly ok: false; readonly error: string };

/** Reads one field in Dkron's grammar: a comma list of `*`, `?`, `N` or `N-M`, each with an optional `/step`. */
export function parseField(text: string, kind: FieldKind): ParsedField {
  const admitted = new Uint8Array(kind.most + 1);
  let star = false;
  for (const item of text.split(',')) {
    // An empty item is nothing; a field of commas only is accepted and admits no value.
    if (item === '') continue;
    const parsed = parseItem(item, kind);
    if (typeof parsed === 'string') return { ok: false, error: parsed };
    star ||= parsed.star;
    if (parsed.step === 1) admitted.fill(1, parsed.from, parsed.to + 1);
    else for (let value = parsed.from; value <= parsed.to; value += parsed.step) admitted[value] = 1;
  }
  const values = [...admitted.keys()].filter((value) => admitted[value] === 1);
  return { ok: true, field: { values, star } };
}

interface Item {
  readonly from: number;
  readonly to: number;
  readonly step: number;
  readonly star: boolean;
}

/** A string is the error. Checks come in Dkron's order, since only the first one is reported. */
function parseItem(item: string, kind: FieldKind): Item | string {
  const [range = '', stepText, ...moreSteps] = item.split('/');
  const bounds = parseBounds(item, range, kind);
  if (typeof bounds === 'string') return bounds;
  let { from, to } = bounds;
  let step = 1n;
  if (moreSteps.length > 0) return `too many slashes: ${item}`;
  if (stepText !== undefined) {
    const parsed = parseInteger(stepText);
    if (typeof parsed === 'string') return parsed;
    step = parsed;
    // `N/step` runs to the end of the field.
    if (!range.includes('-')) to = BigInt(kind.most);
  }
  if (from < kind.least) return `beginning of range (${from}) below minimum (${kind.least}): ${item}`;
  if (to > kind.most) return `end of range (${to}) above maximum (${kind.most}): ${item}`;
  if (from > to) return `beginning of range (${from}) beyond end of range (${to}): ${item}`;
  if (step === 0n) return `step of range should be a positive number: ${item}`;
  return { from: Number(from), to: Number(to), step: Number(step), star: bounds.wild && step === 1n };
}

interface Bounds {
  readonly from: bigint;
  readonly to: bigint;
  readonly wild: boolean;
}

function parseBounds(item: string, range: string, kind: FieldKind): Bounds | string {
  const [low = '', high, ...more] = range.split('-');
  // What follows the hyphen of `*-5` is never looked at.
  if (low === '*' || low === '?') return { from: BigInt(kind.least), to: BigInt(kind.most), wild: true };
  const from = parseValue(low, kind);
  if (typeof from === 'string') return from;
  if (high === undefined) return { from, to: from, wild: false };
  if (more.length > 0) return `too many hyphens: ${item}`;
  const to = parseValue(high, kind);
  return typeof to === 'string' ? to : { from, to, wild: false };
}

function parseValue(text: string, kind: FieldKind): bigint | string {
  const named = kind.names.get(text.toLowerCase());
  return named === undefined ? parseInteger(text) : BigInt(named);
}

const LARGEST_INTEGER = (1n << 63n) - 1n;

/** strconv.Atoi, and a negative number refused: only a step can be one, since a hyphen splits a range. */
function parseInteger(text: string): bigint | string {
  if (!/^[+-]?[0-9]+$/.test(text)) return notAnInteger(text, 'invalid syntax');
  const digits = text.replace(/^[+-]?0*/, '');
  const size = digits.length > 19 ? 2n * LARGEST_INTEGER : BigInt(`0${digits}`);
  const value = text.startsWith('-') ? -size : size;
  if (value > LARGEST_INTEGER || value < -LARGEST_INTEGER - 1n) return notAnInteger(text, 'value out of range');
  return value < 0n ? `negative number (${value}) not allowed: ${text}` : value;
}

const notAnInteger = (text: string, reason: string): string =>
  `failed to parse int from ${text}: strconv.Atoi: parsing ${quoteAsGo(text)}: ${reason}`;
