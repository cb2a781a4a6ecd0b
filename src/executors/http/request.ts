import { domainToASCII } from 'node:url';
import { quoteAsGo } from '../../core/schedule/go-text.ts';
import { basicAuthorization, type GoUrl, hostText, requestTarget } from './go-url.ts';
import { type Headers, invalidHeader } from './headers.ts';

export interface HttpRequest {
  readonly method: string;
  readonly url: GoUrl;
  readonly headers: Headers;
  /** Empty: none. */
  readonly body: Buffer;
  readonly wire: Wire;
}

/** A request as it is sent. */
export interface Wire {
  /** Why it can't be, in Go's words; null: it can. */
  readonly impossible: string | null;
  readonly origin: string;
  readonly path: string;
  /** Name and value by turns, each one byte per character. */
  readonly headers: readonly string[];
  /** An answer that is packed is one that was asked for packed. */
  readonly unpacks: boolean;
}

export function httpRequest(parts: Omit<HttpRequest, 'wire'>, userAgent: string): HttpRequest {
  return { ...parts, wire: wireOf(parts, userAgent) };
}

type Parts = Omit<HttpRequest, 'wire'>;

function wireOf(request: Parts, userAgent: string): Wire {
  const { url, method, headers } = request;
  const impossible = whyImpossible(request);
  if (impossible !== null) return { impossible, origin: '', path: '', headers: [], unpacks: false };
  return {
    impossible,
    origin: `${url.scheme}://${asciiHost(url)}`,
    path: requestTarget(url).replaceAll(' ', '%20'),
    headers: sentHeaders(request, userAgent),
    unpacks: asksForGzip(method, headers),
  };
}

/** What Go refuses to send, in the order of its checks. */
function whyImpossible({ url, headers, method }: Parts): string | null {
  const isHttp = url.scheme === 'http' || url.scheme === 'https';
  if (!isHttp) return `unsupported protocol scheme ${quoteAsGo(url.scheme)}`;
  const bad = invalidHeader(headers);
  if (bad !== null) return bad;
  if (url.host === '') return 'http: no Host in request URL';
  const [, name = '', port = ''] = /^(.*?)(?::([0-9]*))?$/.exec(url.host) ?? [];
  if (Number(port) > 65_535) return `dial tcp: address ${Number(port)}: invalid port`;
  if (asciiHost(url) === '') return `dial tcp: lookup ${Buffer.from(name, 'latin1').toString()}: no such host`;
  // What follows it is no HTTP any more.
  return method === 'CONNECT' ? 'invalid method' : null;
}

function sentHeaders({ method, url, headers }: Parts, userAgent: string): string[] {
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

/** Host and port as they go over the wire: international names in ASCII. Empty: no name of a host. */
export function asciiHost(url: GoUrl): string {
  const text = hostText(url);
  const [, name = '', port = ''] = /^(.*?)(:[0-9]*)?$/s.exec(text) ?? [];
  if (name.startsWith('[')) return text;
  const ascii = /^[\x21-\x7e]*$/.test(name) ? name : domainToASCII(name);
  return ascii === '' || !URL.canParse(`http://${ascii}`) ? '' : `${ascii}${port}`;
}
