import { quoteAsGo } from '../../core/schedule/go-text.ts';

/** Names in Go's canonical form; a later entry of the same name wins. Values as text. */
export type Headers = ReadonlyMap<string, string>;

export type ParsedHeaders =
  | { readonly ok: true; readonly headers: Headers; readonly warning: string }
  | { readonly ok: false; readonly message: string };

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const badValue = /[\x00-\x08\x0a-\x1f\x7f]/;

export const isToken = (text: string): boolean => token.test(text);

/** Set by the HTTP client itself, or of no meaning beyond one connection; Go takes none of the first four either. */
const ownHeaders = new Set([
  'Host',
  'Content-Length',
  'Transfer-Encoding',
  'Trailer',
  'Connection',
  'Keep-Alive',
  'Upgrade',
  'Expect',
]);

/**
 * Reads a job's `headers`: a JSON array of `"Name: value"`. What isn't one is skipped with a warning, as in Dkron. A
 * value is all that follows the first colon: Dkron ends it at the second, and an entry without a colon ends Dkron's
 * plugin (dkron-v4 2.6.2, 13.1 #14); here such an execution fails.
 */
export function parseHeaders(json: string): ParsedHeaders {
  const { entries, complete } = readEntries(json);
  const headers = new Map<string, string>();
  for (const entry of entries) {
    if (entry === '') continue;
    const colon = entry.indexOf(':');
    if (colon < 0) return { ok: false, message: `header ${quoteAsGo(entry)} has no colon: write "Name: value"` };
    const name = canonicalName(entry.slice(0, colon).trim());
    if (!ownHeaders.has(name)) headers.set(name, entry.slice(colon + 1).trim());
  }
  return { ok: true, headers, warning: complete ? '' : 'Error: parsing headers failed\n' };
}

/** What Go says of headers that can't be sent; null: all can. */
export function invalidHeader(headers: Headers): string | null {
  for (const [name, value] of headers) {
    if (!isToken(name)) return `net/http: invalid header field name ${quoteAsGo(name)}`;
    if (badValue.test(value)) return `net/http: invalid header field value for ${quoteAsGo(name)}`;
  }
  return null;
}

function readEntries(json: string): { readonly entries: readonly string[]; readonly complete: boolean } {
  if (json === '') return { entries: [], complete: true };
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return { entries: [], complete: false };
  }
  if (value === null) return { entries: [], complete: true };
  if (!Array.isArray(value)) return { entries: [], complete: false };
  const items: readonly unknown[] = value;
  return {
    entries: items.filter((item) => typeof item === 'string'),
    complete: items.every((item) => typeof item === 'string' || item === null),
  };
}

/** `x-api-KEY` is `X-Api-Key`; a name that isn't a token stays as it is. */
function canonicalName(name: string): string {
  if (!isToken(name)) return name;
  return name.toLowerCase().replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}
