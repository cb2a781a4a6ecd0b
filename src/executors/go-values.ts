import { quoteAsGo } from '../core/schedule/go-text.ts';

/** Go's strconv on the strings of a job's config, with its error texts. */
export type Parsed<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly message: string };

const truths = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const falsehoods = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);

/** strconv.ParseBool. */
export function parseGoBool(text: string): Parsed<boolean> {
  if (truths.has(text)) return { ok: true, value: true };
  if (falsehoods.has(text)) return { ok: true, value: false };
  return { ok: false, message: `strconv.ParseBool: parsing ${quoteAsGo(text)}: invalid syntax` };
}

const largestInteger = (1n << 63n) - 1n;

/** strconv.Atoi on a 64-bit machine. */
export function parseGoInteger(text: string): Parsed<bigint> {
  const failed = (why: string): Parsed<bigint> => {
    return { ok: false, message: `strconv.Atoi: parsing ${quoteAsGo(text)}: ${why}` };
  };
  if (!/^[+-]?[0-9]+$/.test(text)) return failed('invalid syntax');
  const value = BigInt(text.replace(/^\+/, ''));
  if (value > largestInteger || value < -largestInteger - 1n) return failed('value out of range');
  return { ok: true, value };
}
