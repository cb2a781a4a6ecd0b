import { limits } from '../../core/limits.ts';
import { quoteAsGo } from '../../core/schedule/go-text.ts';
import { parseGoUrl } from './go-url.ts';
import { isToken, parseHeaders } from './headers.ts';
import { type HttpRequest, httpRequest } from './request.ts';

/** The work failed; the message is what Dkron records as the first line of its output. */
export class RunFailed extends Error {
  override readonly name = 'RunFailed';
}

export interface PreparedRequest {
  readonly request: HttpRequest;
  /** A line of output about headers that could not be used; empty: none. */
  readonly warning: string;
}

type Config = Readonly<Record<string, string>>;

/**
 * Requests by the config that they are made from. Jobs run again and again, and checking and writing out a request takes as
 * long as sending it. The one not used for longest goes when there are too many (limits.httpRequests).
 */
export class PreparedRequests {
  readonly userAgent: string;
  readonly #known = new Map<string, PreparedRequest>();

  constructor(userAgent: string) {
    this.userAgent = userAgent;
  }

  get size(): number {
    return this.#known.size;
  }

  /** Raises `RunFailed` for a config that makes no request. */
  of(config: Config): PreparedRequest {
    const { url = '', method = '', headers = '', body = '' } = config;
    const length = url.length + method.length + headers.length + body.length;
    if (length > limits.httpRequestChars) return this.#prepare(config);
    // With lengths: no text can look like two.
    const key = `${method.length},${url.length},${headers.length} ${method}${url}${headers}${body}`;
    const prepared = this.#known.get(key) ?? this.#prepare(config);
    // Iteration is in the order of insertion: the first is the one not used for longest.
    this.#known.delete(key);
    this.#known.set(key, prepared);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= limits.httpRequests) break;
      this.#known.delete(oldest);
    }
    return prepared;
  }

  /** The checks of Dkron and of Go's http.NewRequest, in their order. */
  #prepare({ url = '', method = '', headers = '', body = '' }: Config): PreparedRequest {
    if (url === '') throw new RunFailed('url is empty');
    if (method === '') throw new RunFailed('method is empty');
    if (!isToken(method)) throw new RunFailed(`net/http: invalid method ${quoteAsGo(method)}`);
    const parsedUrl = parseGoUrl(url);
    if (!parsedUrl.ok) throw new RunFailed(parsedUrl.message);
    const parsedHeaders = parseHeaders(headers);
    if (!parsedHeaders.ok) throw new RunFailed(parsedHeaders.message);
    const parts = { method, url: parsedUrl.url, headers: parsedHeaders.headers, body: Buffer.from(body) };
    return { request: httpRequest(parts, this.userAgent), warning: parsedHeaders.warning };
  }
}
