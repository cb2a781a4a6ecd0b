import { STATUS_CODES } from 'node:http';
import type { AnswerHead, HttpAnswer, HttpHandler, HttpServer, ListenOutcome, RequestHeaders } from '../../api/http.ts';
import { limits } from '../../core/limits.ts';
import type { BodySink, Carrier, OneAnswer } from './one-answer.ts';
import { RequestDesk } from './request-desk.ts';
import type { Uws, UwsApp, UwsListenSocket, UwsRequest, UwsResponse } from './uws-module.ts';
import { socketBehavior } from './uws-sockets.ts';

interface DeclaredBody {
  /** 0 for chunks. */
  readonly declaredBytes: number;
  readonly isExpected: boolean;
}

interface Head {
  readonly method: string;
  readonly target: string;
  readonly headers: RequestHeaders;
  /** Declared length of the body; 0 when none is declared; null when it is declared in a way that can't be trusted. */
  readonly body: DeclaredBody | null;
}

/**
 * HTTP on uWebSockets.js. What would abort the process there is kept in this file (measured-facts 1): each request has
 * its abort listener before anything else, nothing thrown reaches the library, a listening socket is looked at before
 * it is used, and the end of the thread closes the app. A thread that holds one must never be terminated.
 */
export class UwsServer implements HttpServer {
  readonly engine = 'uWebSockets.js';
  readonly #uws: Uws;
  readonly #handler: HttpHandler;
  readonly #app: UwsApp;
  readonly #desk: RequestDesk;
  readonly #onExit = (): void => this.close();
  #listening: UwsListenSocket | null = null;
  #connections = 0;
  #isClosed = false;

  constructor(uws: Uws, handler: HttpHandler, mostConnections: number = limits.connections) {
    this.#uws = uws;
    this.#handler = handler;
    this.#desk = new RequestDesk(handler);
    const sockets = socketBehavior(
      (response, request, upgrade) => this.#serve(response, request, upgrade),
      (error) => void handler.failed(error),
      // The filter below counts a WebSocket when it connects, and hears of its end no more.
      () => {
        this.#connections -= 1;
      },
    );
    this.#app = uws
      .App()
      .ws('/*', sockets)
      .any('/*', (response, request) => this.#serve(response, request, null));
    const connected = (response: UwsResponse, change: number): void => {
      this.#connections += change;
      if (change > 0 && this.#connections > mostConnections) response.close();
    };
    this.#app.filter(connected);
    process.on('exit', this.#onExit);
  }

  /** Exclusively: uWebSockets.js would otherwise share a port with another process of this user without a word. */
  listen(host: string, port: number, done: (outcome: ListenOutcome) => void): void {
    const exclusive = this.#uws.LIBUS_LISTEN_EXCLUSIVE_PORT;
    const listening = (socket: UwsListenSocket | false): void => {
      if (socket === false) {
        done({ ok: false, error: 'the address is in use, or is none of this machine' });
        return;
      }
      this.#listening = socket;
      done({ ok: true, port: this.#uws.us_socket_local_port(socket) });
    };
    if (host === '') this.#app.listen(port, exclusive, listening);
    else this.#app.listen(host, port, exclusive, listening);
  }

  drain(done: () => void): void {
    if (this.#listening !== null) this.#uws.us_listen_socket_close(this.#listening);
    this.#listening = null;
    this.#desk.drain(done);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    process.off('exit', this.#onExit);
    this.#app.close();
  }

  #serve(response: UwsResponse, request: UwsRequest, upgrade: Carrier['upgrade']): void {
    const one = this.#desk.open({
      send: (answer, closes) => send(response, answer, head?.method === 'HEAD', closes),
      begin: (answerHead) => begin(response, answerHead),
      upgrade,
    });
    response.onAborted(() => one.aborted());
    let head: Head | null = null;
    this.#desk.guard(one, () => {
      head = readHead(request);
      this.#receive(head, response, one);
    });
  }

  /** A body is read to its end before the answer, or the client would find its connection closed while it sends. */
  #receive(head: Head, response: UwsResponse, one: OneAnswer): void {
    const limitBytes = this.#handler.bodyLimit(head.method, head.target);
    if (head.body === null) {
      one.answer(this.#handler.refuseBody('malformed', limitBytes), true);
      return;
    }
    if (this.#desk.refuseDeclared(one, head.body.declaredBytes, limitBytes)) return;
    if (limitBytes === 0 && !head.body.isExpected) {
      this.#desk.handle(one, headOf(head));
      return;
    }
    const intake = this.#desk.intake(one, limitBytes);
    response.onData((chunk, isLast) => {
      const isAnswered = this.#desk.receive(one, intake, new Uint8Array(chunk));
      if (isLast && !isAnswered) this.#desk.received(one, intake, () => headOf(head));
    });
  }
}

const headOf = ({ method, target, headers }: Head) => ({ method, target, headers });

/** Copies what is needed: the request is gone after this turn. One walk over all header lines costs less than asking for each. */
function readHead(request: UwsRequest): Head {
  const query = request.getQuery();
  const lines = { host: '', origin: '', accept: '', 'content-type': '', 'content-length': '', 'transfer-encoding': '' };
  let lengths = 0;
  request.forEach((name, value) => {
    if (name === 'content-length') lengths += 1;
    if (isWanted(name, lines) && lines[name] === '') lines[name] = value;
  });
  return {
    method: request.getCaseSensitiveMethod(),
    target: query === undefined || query === '' ? request.getUrl() : `${request.getUrl()}?${query}`,
    headers: {
      host: lines.host,
      origin: lines.origin,
      accept: lines.accept,
      contentType: lines['content-type'],
    },
    body: declaredBody(lines['content-length'], lengths, lines['transfer-encoding']),
  };
}

const isWanted = <Name extends string>(name: string, lines: Readonly<Record<Name, string>>): name is Name =>
  Object.hasOwn(lines, name);

/** The library looks at the first length only, and takes any transfer encoding for chunks. */
function declaredBody(length: string, lengths: number, encoding: string): DeclaredBody | null {
  if (encoding !== '') {
    return encoding.toLowerCase() === 'chunked' && length === '' ? { declaredBytes: 0, isExpected: true } : null;
  }
  if (length === '') return { declaredBytes: 0, isExpected: false };
  if (lengths !== 1 || !/^[0-9]+$/.test(length)) return null;
  return { declaredBytes: Number(length), isExpected: Number(length) > 0 };
}

/** A HEAD gets no body and, since the library counts a stated length as owed bytes, a length of 0. */
function send(response: UwsResponse, answer: HttpAnswer, isHead: boolean, closesConnection: boolean): void {
  response.cork(() => {
    writeHead(response, answer);
    response.end(isHead ? '' : answer.body, closesConnection);
  });
}

function begin(response: UwsResponse, head: AnswerHead): BodySink {
  let isBehind = false;
  let listeners: (() => void)[] = [];
  response.cork(() => {
    writeHead(response, head);
    response.beginWrite?.();
  });
  response.onWritable(() => {
    isBehind = false;
    const waiting = listeners;
    listeners = [];
    for (const drained of waiting) drained();
    return true;
  });
  return {
    write: (chunk) => {
      // Nothing at all would be the end of the body.
      if (chunk.length === 0) return;
      response.cork(() => {
        isBehind = !response.write(chunk);
      });
    },
    get isBehind() {
      return isBehind;
    },
    onDrained: (drained) => void listeners.push(drained),
    end: () => void response.cork(() => void response.end('', false)),
    cut: () => void response.close(),
  };
}

function writeHead(response: UwsResponse, { status, headers }: AnswerHead): void {
  response.writeStatus(`${status} ${STATUS_CODES[status] ?? 'Unknown'}`);
  for (const [name, value] of headers) response.writeHeader(name, withoutBreaks(value));
}

/** The library writes header lines as they are given. */
export const withoutBreaks = (value: string): string => value.replace(/[\r\n\0]/g, ' ');
