import { pipeline, type Readable } from 'node:stream';
import { domainToASCII } from 'node:url';
import { createGunzip } from 'node:zlib';
import type { Dispatcher } from 'undici';
import { limits } from '../../core/limits.ts';
import { quoteAsGo } from '../../core/schedule/go-text.ts';
import {
  basicAuthorization,
  formatGoUrl,
  type GoUrl,
  hostText,
  parseGoUrl,
  requestTarget,
  resolveGoUrl,
} from './go-url.ts';
import { type Headers, invalidHeader } from './headers.ts';
import { describeNetworkError } from './network-errors.ts';

export interface HttpRequest {
  readonly method: string;
  readonly url: GoUrl;
  readonly headers: Headers;
  /** Empty: none. */
  readonly body: Buffer;
}

export interface HttpResponse {
  readonly status: number;
  /** To be read to its end, or destroyed. */
  readonly body: Readable;
}

export interface ExchangeOptions {
  readonly dispatcher: Dispatcher;
  readonly userAgent: string;
  readonly signal: AbortSignal;
  /** Go's words for the end by `signal`. */
  readonly describeAbort: () => string;
}

/** An exchange failed; the message is that of Go's HTTP client: `Get "http://a/": EOF`. */
export class ExchangeError extends Error {
  override readonly name = 'ExchangeError';
}

const withoutBody = new Set([301, 302, 303]);
const withBody = new Set([307, 308]);
/** Not sent to another host than they were meant for. */
const credentials = new Set([
  'Authorization',
  'Www-Authenticate',
  'Cookie',
  'Cookie2',
  'Proxy-Authorization',
  'Proxy-Authenticate',
]);
const aboutBody = new Set(['Content-Encoding', 'Content-Language', 'Content-Location', 'Content-Type']);

/** Sends a request and follows redirects as Go's HTTP client does. */
export async function exchange(first: HttpRequest, options: ExchangeOptions): Promise<HttpResponse> {
  let request = first;
  let headers = first.headers;
  for (let sent = 1; ; sent += 1) {
    const response = await sendOne(request, first.method, options);
    const { statusCode, body } = response;
    const location = firstOf(response.headers.location);
    const keepsBody = withBody.has(statusCode);
    if (location === '' || !(keepsBody || withoutBody.has(statusCode))) {
      return { status: statusCode, body: decoded(response, request) };
    }
    const next = redirected(request, first, keepsBody, location);
    // What is taken away once stays away on all later hops.
    if (!keepsBody) headers = without(headers, aboutBody);
    if (!isSameOrSubdomain(next.url, first.url)) headers = without(headers, credentials);
    request = { ...next, headers: withReferer(headers, request.url, next.url) };
    // Read, so that the connection can be used again; beyond a little it is cheaper to drop it. Should this fail, the
    // next request tells why.
    await body.dump({ limit: 2_048 }).catch(() => undefined);
    if (sent === limits.httpRedirects) {
      throw failure(first.method, location, `stopped after ${limits.httpRedirects} redirects`);
    }
  }
}

async function sendOne(
  request: HttpRequest,
  firstMethod: string,
  options: ExchangeOptions,
): Promise<Dispatcher.ResponseData> {
  const { url, method, body } = request;
  const fail = (why: string): ExchangeError => failure(firstMethod, formatGoUrl(url, true), why);
  const impossible = whyImpossible(request);
  if (impossible !== null) throw fail(impossible);
  try {
    return await options.dispatcher.request({
      origin: `${url.scheme}://${asciiHost(url)}`,
      // The method is a token of any spelling; undici's type knows the registered ones.
      method: method as Dispatcher.HttpMethod,
      path: requestTarget(url).replaceAll(' ', '%20'),
      headers: sentHeaders(request, options.userAgent),
      body: body.length === 0 ? null : body,
      signal: options.signal,
    });
  } catch (error) {
    throw fail(options.signal.aborted ? options.describeAbort() : describeNetworkError(error));
  }
}

/** What Go refuses to send, in the order of its checks. */
function whyImpossible({ url, headers }: HttpRequest): string | null {
  const isHttp = url.scheme === 'http' || url.scheme === 'https';
  if (!isHttp) return `unsupported protocol scheme ${quoteAsGo(url.scheme)}`;
  const bad = invalidHeader(headers);
  if (bad !== null) return bad;
  if (url.host === '') return 'http: no Host in request URL';
  const [, name = '', port = ''] = /^(.*?)(?::([0-9]*))?$/.exec(url.host) ?? [];
  if (Number(port) > 65_535) return `dial tcp: address ${Number(port)}: invalid port`;
  if (asciiHost(url) === '') return `dial tcp: lookup ${Buffer.from(name, 'latin1').toString()}: no such host`;
  return null;
}

/** Name and value by turns, each one byte per character. */
function sentHeaders({ method, url, headers }: HttpRequest, userAgent: string): string[] {
  const sent = new Map<string, string>([['Host', asciiHost(url)]]);
  sent.set('User-Agent', userAgent);
  for (const [name, value] of headers) sent.set(name, value);
  if (sent.get('User-Agent') === '') sent.delete('User-Agent');
  const authorization = basicAuthorization(url);
  if (authorization !== null && !sent.has('Authorization')) sent.set('Authorization', authorization);
  if (asksForGzip(method, headers)) sent.set('Accept-Encoding', 'gzip');
  return [...sent].flatMap(([name, value]) => [name, Buffer.from(value).toString('latin1')]);
}

/** Go asks for gzip, and unpacks it, where the user says nothing else. */
const asksForGzip = (method: string, headers: Headers): boolean =>
  method !== 'HEAD' && !headers.has('Accept-Encoding') && !headers.has('Range');

function decoded({ headers, body }: Dispatcher.ResponseData, request: HttpRequest): Readable {
  const isGzip = firstOf(headers['content-encoding']).toLowerCase() === 'gzip';
  if (!isGzip || !asksForGzip(request.method, request.headers)) return body;
  // An error reaches the reader through the last stream; the callback has nothing to add.
  return pipeline(body, createGunzip(), () => undefined);
}

function redirected(request: HttpRequest, first: HttpRequest, keepsBody: boolean, location: string): HttpRequest {
  const parsed = parseGoUrl(location);
  if (!parsed.ok) {
    const why = `failed to parse Location header ${quoteAsGo(location)}: ${parsed.message}`;
    throw failure(first.method, formatGoUrl(request.url, true), why);
  }
  const url = resolveGoUrl(request.url, parsed.url);
  if (keepsBody) return { ...request, url };
  const method = request.method === 'HEAD' ? 'HEAD' : 'GET';
  return { ...request, url, method, body: Buffer.alloc(0) };
}

const without = (headers: Headers, names: ReadonlySet<string>): Headers =>
  new Map([...headers].filter(([name]) => !names.has(name)));

/** The page that led to the next one, unless that would tell of a TLS page in the clear. */
function withReferer(headers: Headers, previous: GoUrl, next: GoUrl): Headers {
  if (headers.has('Referer') || (previous.scheme === 'https' && next.scheme === 'http')) return headers;
  return new Map([...headers, ['Referer', formatGoUrl({ ...previous, user: null })]]);
}

function isSameOrSubdomain(url: GoUrl, parent: GoUrl): boolean {
  const [name, parentName] = [hostName(url), hostName(parent)];
  return name === parentName || (!name.includes(':') && name.endsWith(`.${parentName}`));
}

const hostName = (url: GoUrl): string => asciiHost(url).replace(/:[0-9]*$/, '');

/** Host and port as they go over the wire: international names in ASCII. Empty: no name of a host. */
function asciiHost(url: GoUrl): string {
  const text = hostText(url);
  const [, name = '', port = ''] = /^(.*?)(:[0-9]*)?$/s.exec(text) ?? [];
  if (name.startsWith('[')) return text;
  const ascii = /^[\x21-\x7e]*$/.test(name) ? name : domainToASCII(name);
  return ascii === '' || !URL.canParse(`http://${ascii}`) ? '' : `${ascii}${port}`;
}

function failure(method: string, url: string, why: string): ExchangeError {
  // Go writes the method of the first request as a word: "Get".
  const operation = method.slice(0, 1) + method.slice(1).toLowerCase();
  return new ExchangeError(`${operation} ${quoteAsGo(url)}: ${why}`);
}

const firstOf = (value: string | readonly string[] | undefined): string =>
  (typeof value === 'string' ? value : value?.[0]) ?? '';
