import { isIPv4, isIPv6 } from 'node:net';
import { quoteAsGo } from '../../core/schedule/go-text.ts';
import { encodedFragment, encodedPath, escapePart, UrlError, unescapePart } from './url-escapes.ts';

/**
 * A URL as Go's net/url sees it, which differs from the WHATWG's in what it accepts and in how it writes it back:
 * Dkron's error texts show both. Strings hold one byte per character (see url-escapes.ts).
 */
export interface GoUrl {
  /** Lower case; empty: a relative reference. */
  readonly scheme: string;
  /** What follows the scheme when that isn't a slash. */
  readonly opaque: string;
  readonly user: { readonly name: string; readonly password: string | null } | null;
  /** Unescaped, with its port, and brackets around an IPv6 address. */
  readonly host: string;
  /** Encoded. */
  readonly path: string;
  /** As written, without its question mark; null: there is none. */
  readonly query: string | null;
  /** Encoded; empty: none. */
  readonly fragment: string;
  /** `scheme:/path`: no authority was written. */
  readonly omitHost: boolean;
}

export type ParsedUrl = { readonly ok: true; readonly url: GoUrl } | { readonly ok: false; readonly message: string };

const bytesOf = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');
const textOf = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('utf8');

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const control = /[\x00-\x1f\x7f]/;
const userInfo = /^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/;

/** url.Parse, with its error texts: `parse "ht!tp://": first path segment in URL cannot contain colon`. */
export function parseGoUrl(text: string): ParsedUrl {
  const [main, fragment] = cut(text, '#');
  let blamed = main;
  try {
    const url = parseMain(bytesOf(main));
    blamed = text;
    return { ok: true, url: { ...url, fragment: encodedFragment(bytesOf(fragment ?? '')) } };
  } catch (error) {
    if (!(error instanceof UrlError)) throw error;
    return { ok: false, message: `parse ${quoteAsGo(blamed)}: ${error.message}` };
  }
}

/** URL.String; with `hidePassword` as Go's HTTP client names a URL in its errors. */
export function formatGoUrl(url: GoUrl, hidePassword = false): string {
  let text = url.scheme === '' ? '' : `${url.scheme}:`;
  if (url.opaque !== '') text += url.opaque;
  else text += hierarchicalPart(url, text === '', hidePassword);
  if (url.query !== null) text += `?${url.query}`;
  if (url.fragment !== '') text += `#${url.fragment}`;
  return textOf(text);
}

/** What a request line names (URL.RequestURI), one byte per character. */
export function requestTarget(url: GoUrl): string {
  const query = url.query === null ? '' : `?${url.query}`;
  return `${url.path === '' ? '/' : url.path}${query}`;
}

/** The host as text, its port and brackets included. */
export const hostText = (url: GoUrl): string => textOf(url.host);

/** The value of an `Authorization` header for the URL's user; null: it names none. */
export function basicAuthorization({ user }: GoUrl): string | null {
  if (user === null) return null;
  const credentials = Buffer.from(`${user.name}:${user.password ?? ''}`, 'latin1');
  return `Basic ${credentials.toString('base64')}`;
}

/** URL.ResolveReference: where a `Location` leads (RFC 3986, section 5.2). */
export function resolveGoUrl(base: GoUrl, reference: GoUrl): GoUrl {
  const scheme = reference.scheme === '' ? base.scheme : reference.scheme;
  if (reference.scheme !== '' || reference.host !== '' || reference.user !== null) {
    return { ...reference, scheme, path: resolvePath(reference.path, '') };
  }
  if (reference.opaque !== '') return { ...reference, scheme };
  const samePage = reference.path === '' && reference.query === null;
  return {
    ...reference,
    scheme,
    host: base.host,
    user: base.user,
    omitHost: base.omitHost,
    path: resolvePath(base.path, reference.path),
    query: samePage ? base.query : reference.query,
    fragment: samePage && reference.fragment === '' ? base.fragment : reference.fragment,
  };
}

function parseMain(bytes: string): Omit<GoUrl, 'fragment'> {
  if (control.test(bytes)) throw new UrlError('net/url: invalid control character in URL');
  const empty = { scheme: '', opaque: '', user: null, host: '', path: '', query: null, omitHost: false };
  if (bytes === '*') return { ...empty, path: '*' };
  const { scheme, rest } = splitScheme(bytes);
  const [main, query] = cut(rest, '?');
  const url = { ...empty, scheme, query };
  if (!main.startsWith('/')) {
    if (scheme !== '') return { ...url, opaque: main };
    if (cut(main, '/')[0].includes(':')) throw new UrlError('first path segment in URL cannot contain colon');
  }
  if (main.startsWith('//') && (scheme !== '' || !main.startsWith('///'))) {
    const slash = main.indexOf('/', 2);
    const authority = slash < 0 ? main.slice(2) : main.slice(2, slash);
    const path = slash < 0 ? '' : main.slice(slash);
    return { ...url, ...parseAuthority(scheme, authority), path: encodedPath(path) };
  }
  return { ...url, path: encodedPath(main), omitHost: scheme !== '' };
}

function splitScheme(bytes: string): { readonly scheme: string; readonly rest: string } {
  const [, scheme, rest] = /^([A-Za-z][A-Za-z0-9+.-]*):(.*)$/s.exec(bytes) ?? [];
  if (scheme !== undefined && rest !== undefined) return { scheme: scheme.toLowerCase(), rest };
  if (bytes.startsWith(':')) throw new UrlError('missing protocol scheme');
  return { scheme: '', rest: bytes };
}

function parseAuthority(scheme: string, authority: string): Pick<GoUrl, 'user' | 'host'> {
  const at = authority.lastIndexOf('@');
  const host = parseHost(scheme, authority.slice(at + 1));
  if (at < 0) return { user: null, host };
  const info = authority.slice(0, at);
  if (!userInfo.test(info)) throw new UrlError('net/url: invalid userinfo');
  const [name, password] = cut(info, ':');
  return {
    user: { name: unescapePart(name, 'user'), password: password === null ? null : unescapePart(password, 'user') },
    host,
  };
}

function parseHost(scheme: string, host: string): string {
  const bracket = host.lastIndexOf('[');
  if (bracket > 0) throw new UrlError('invalid IP-literal');
  if (bracket === 0) return parseBracketed(host);
  const colon = scheme === 'http' || scheme === 'https' ? host.indexOf(':') : host.lastIndexOf(':');
  if (colon >= 0) checkPort(host.slice(colon));
  const name = unescapePart(host, 'host');
  // Go's HTTP client drops the colon of an empty port.
  return name.endsWith(':') ? name.slice(0, -1) : name;
}

/** An IPv6 address with an optional zone (RFC 6874) and port. */
function parseBracketed(host: string): string {
  const close = host.lastIndexOf(']');
  if (close < 0) throw new UrlError("missing ']' in host");
  const port = host.slice(close + 1);
  checkPort(port);
  const inside = host.slice(1, close);
  const zone = inside.indexOf('%25');
  const address = unescapePart(zone < 0 ? inside : inside.slice(0, zone), 'host');
  const zoned = zone < 0 ? address : address + unescapePart(inside.slice(zone), 'zone');
  if (isIPv4(address)) throw new UrlError('invalid IP-literal');
  if (!isIPv6(address)) throw new UrlError(`invalid host: ParseAddr(${quoteAsGo(textOf(zoned))}): unable to parse IP`);
  return `[${zoned}]${port === ':' ? '' : port}`;
}

function checkPort(port: string): void {
  if (!/^(:[0-9]*)?$/.test(port)) throw new UrlError(`invalid port ${quoteAsGo(textOf(port))} after host`);
}

function hierarchicalPart(url: GoUrl, isFirst: boolean, hidePassword: boolean): string {
  const { scheme, user, host, path } = url;
  let part = '';
  const hidesAuthority = url.omitHost && host === '' && user === null;
  if (!hidesAuthority && (host !== '' || user !== null || (scheme !== '' && path !== ''))) part += '//';
  if (user !== null) part += `${formatUser(user, hidePassword)}@`;
  part += escapePart(host, 'host');
  if (path !== '' && !path.startsWith('/') && host !== '') part += '/';
  if (isFirst && part === '' && cut(path, '/')[0].includes(':')) part += './';
  return part + path;
}

function formatUser(user: NonNullable<GoUrl['user']>, hidePassword: boolean): string {
  if (user.password === null) return escapePart(user.name, 'user');
  if (hidePassword) return `${user.name}:***`;
  return `${escapePart(user.name, 'user')}:${escapePart(user.password, 'user')}`;
}

/** Merges two encoded paths and removes their dot segments. */
function resolvePath(base: string, reference: string): string {
  let full = reference;
  if (reference === '') full = base;
  else if (!reference.startsWith('/')) full = base.slice(0, base.lastIndexOf('/') + 1) + reference;
  if (full === '') return '';
  const kept: string[] = [];
  const segments = full.split('/');
  if (full.startsWith('/')) segments.shift();
  for (const segment of segments) {
    if (segment === '..') kept.pop();
    else if (segment !== '.') kept.push(segment);
  }
  const last = segments.at(-1);
  if (last === '.' || last === '..') kept.push('');
  return `/${kept.join('/')}`;
}

/** The text before the first separator and the text after it; null: there is none. */
function cut(text: string, separator: string): readonly [before: string, after: string | null] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, null] : [text.slice(0, at), text.slice(at + 1)];
}
