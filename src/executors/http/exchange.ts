import type { Dispatcher } from 'undici';
import { limits } from '../../core/limits.ts';
import { quoteAsGo } from '../../core/schedule/go-text.ts';
import type { TailBuffer } from '../tail-buffer.ts';
import { type AnswerHead, BodyBroken, type BodyTaker, Call, type Interruption } from './call.ts';
import { formatGoUrl, type GoUrl, parseGoUrl, resolveGoUrl } from './go-url.ts';
import type { Headers } from './headers.ts';
import { describeNetworkError } from './network-errors.ts';
import { asciiHost, type HttpRequest, httpRequest } from './request.ts';
import { keeping, skipping, unpacking } from './takers.ts';

export interface ExchangeOptions {
  readonly dispatcher: Dispatcher;
  readonly userAgent: string;
  readonly interruption: Interruption;
  /** Go's words for the end by `interruption` before there is an answer. */
  readonly describeInterruption: () => string;
  /** Takes the body of the answer. */
  readonly body: TailBuffer;
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

/** What of the body of a redirect is read: beyond a little it is cheaper to drop the connection. */
const skippedBytes = 2_048;

/**
 * Sends a request and follows redirects as Go's HTTP client does. The status of the answer; raises `BodyBroken` when its
 * body, of which nothing is to be kept then, broke off.
 */
export async function exchange(first: HttpRequest, options: ExchangeOptions): Promise<number> {
  let request = first;
  let headers = first.headers;
  for (let sent = 1; ; sent += 1) {
    const { status, location } = await sendOne(request, first.method, options);
    if (!isRedirect(status, location)) return status;
    const keepsBody = withBody.has(status);
    const next = redirected(request, first, keepsBody, location);
    // What is taken away once stays away on all later hops.
    if (!keepsBody) headers = without(headers, aboutBody);
    if (!isSameOrSubdomain(next.url, first.url)) headers = without(headers, credentials);
    request = httpRequest({ ...next, headers: withReferer(headers, request.url, next.url) }, options.userAgent);
    if (sent === limits.httpRedirects) {
      throw failure(first.method, location, `stopped after ${limits.httpRedirects} redirects`);
    }
  }
}

const isRedirect = (status: number, location: string): boolean =>
  location !== '' && (withBody.has(status) || withoutBody.has(status));

async function sendOne(request: HttpRequest, firstMethod: string, options: ExchangeOptions): Promise<AnswerHead> {
  const fail = (why: string): ExchangeError => failure(firstMethod, formatGoUrl(request.url, true), why);
  if (request.wire.impossible !== null) throw fail(request.wire.impossible);
  const { interruption } = options;
  const seen: { redirect: AnswerHead | null } = { redirect: null };
  try {
    if (interruption.isUp) throw new Error('interrupted before');
    return await send(request, options, (head) => {
      if (isRedirect(head.status, head.location)) seen.redirect = head;
    });
  } catch (error) {
    // Should the rest of a redirect fail, the next request tells why.
    if (seen.redirect !== null) return seen.redirect;
    if (error instanceof BodyBroken) throw error;
    throw fail(interruption.isUp ? options.describeInterruption() : describeNetworkError(error));
  } finally {
    interruption.watch(null);
  }
}

function send(
  { method, body, wire }: HttpRequest,
  { dispatcher, interruption, body: kept }: ExchangeOptions,
  begun: (head: AnswerHead) => void,
): Promise<AnswerHead> {
  const takerOf = (head: AnswerHead): BodyTaker => {
    begun(head);
    if (isRedirect(head.status, head.location)) return skipping(skippedBytes);
    return wire.unpacks && head.encoding.toLowerCase() === 'gzip' ? unpacking(kept) : keeping(kept);
  };
  return new Promise((resolve, reject) => {
    const call = new Call(takerOf, resolve, reject);
    interruption.watch((error) => call.fail(error));
    dispatcher.dispatch(
      {
        origin: wire.origin,
        // The method is a token of any spelling; undici's type knows the registered ones.
        method: method as Dispatcher.HttpMethod,
        path: wire.path,
        headers: wire.headers as string[],
        body: body.length === 0 ? null : body,
      },
      call,
    );
  });
}

type Redirected = Omit<HttpRequest, 'headers' | 'wire'>;

function redirected(request: HttpRequest, first: HttpRequest, keepsBody: boolean, location: string): Redirected {
  const parsed = parseGoUrl(location);
  if (!parsed.ok) {
    const why = `failed to parse Location header ${quoteAsGo(location)}: ${parsed.message}`;
    throw failure(first.method, formatGoUrl(request.url, true), why);
  }
  const url = resolveGoUrl(request.url, parsed.url);
  if (keepsBody) return { method: request.method, url, body: request.body };
  const method = request.method === 'HEAD' ? 'HEAD' : 'GET';
  return { method, url, body: Buffer.alloc(0) };
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

function failure(method: string, url: string, why: string): ExchangeError {
  // Go writes the method of the first request as a word: "Get".
  const operation = method.slice(0, 1) + method.slice(1).toLowerCase();
  return new ExchangeError(`${operation} ${quoteAsGo(url)}: ${why}`);
}
