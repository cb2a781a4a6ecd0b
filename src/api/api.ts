import { assertNever } from '../core/assert.ts';
import { badTarget, emptyError, ownError, pageNotFound, redirect, textError } from './answers.ts';
import { Call } from './call.ts';
import { sentenceOf } from './errors.ts';
import type { BodyRefusal, Exchange, Header, HttpAnswer, HttpHandler, HttpRequest } from './http.ts';
import { decodePercent, Query } from './query.ts';
import { Router } from './router.ts';
import type { Services } from './services.ts';

/** The API of one node: from a request to its answer. Does no I/O; everything comes from, and goes to, `services`. */
export class Api implements HttpHandler {
  readonly #services: Services;
  readonly #router: Router;

  constructor(services: Services) {
    this.#services = services;
    this.#router = new Router(services.node.ui);
  }

  bodyLimit(method: string, target: string): number {
    const path = decodePercent(splitTarget(target).path, false);
    const match = path === null ? null : this.#router.match(method, path);
    return match?.type === 'route' ? match.route.bodyBytes : 0;
  }

  refuseBody(reason: BodyRefusal, limitBytes: number): HttpAnswer {
    switch (reason) {
      case 'overloaded':
        return textError('overloaded', 'Too many request bodies are waiting: try again in a moment.');
      case 'malformed':
        return textError('bad_framing', sentenceOf('bad_framing'));
      case 'too_large':
        return textError('body_too_large', `Unable to parse payload: the body is larger than ${limitBytes} bytes.`);
      default:
        return assertNever(reason);
    }
  }

  failed(error: unknown): HttpAnswer {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#services.warn('a request failed: this is an error in Carillon', { error: text });
    return ownError('internal_error');
  }

  handle(exchange: Exchange): void {
    const { request } = exchange;
    const { path: rawPath, query } = splitTarget(request.target);
    const path = isClean(request.target) ? decodePercent(rawPath, false) : null;
    if (path === null || !path.startsWith('/')) {
      exchange.answer(badTarget());
      return;
    }
    const match = this.#router.match(request.method, path);
    if (match.type === 'none') {
      exchange.answer(pageNotFound());
    } else if (match.type === 'redirect') {
      exchange.answer(
        redirect(
          request.method === 'GET' ? 301 : 307,
          request.method,
          otherSlash(rawPath) + request.target.slice(rawPath.length),
        ),
      );
    } else if (!match.route.isVital && !this.#services.hasRoom()) {
      exchange.answer(emptyError('overloaded', 'Too many requests come at once: try again in a moment.'));
    } else {
      const { route, parameters } = match;
      const headers = route.isGrouped ? this.#groupHeaders(request) : [];
      const call = new Call(this.#services, exchange, new Query(query), parameters, headers);
      const { dropped } = call.query;
      if (route.isQueryStrict && dropped !== null) call.refuse({ code: 'query_invalid', message: unreadable(dropped) });
      else route.handle(call);
    }
  }

  /** Dkron's rule: any other origin may read everything (dkron-v4 1.1). */
  #groupHeaders({ headers: { origin, host } }: HttpRequest): Header[] {
    const headers: Header[] = [['X-Whom', this.#services.node.name]];
    if (origin !== '' && origin !== `http://${host}` && origin !== `https://${host}`) {
      headers.push(['Access-Control-Allow-Origin', '*'], ['Access-Control-Expose-Headers', '*']);
    }
    return headers;
  }
}

function splitTarget(target: string): { readonly path: string; readonly query: string } {
  const at = target.indexOf('?');
  return at < 0 ? { path: target, query: '' } : { path: target.slice(0, at), query: target.slice(at + 1) };
}

const shownPairCharacters = 60;

const unreadable = (pair: string): string =>
  `${pair.slice(0, shownPairCharacters)} can't be read: write % as %25 and ; as %3B`;

/** Go takes no control characters in a target. */
const isClean = (target: string): boolean => !/[\p{Cc} ]/u.test(target);

const otherSlash = (rawPath: string): string => (rawPath.endsWith('/') ? rawPath.slice(0, -1) : `${rawPath}/`);
