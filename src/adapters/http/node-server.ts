import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { HttpAnswer, HttpHandler, HttpServer, ListenOutcome } from '../../api/http.ts';
import { limits } from '../../core/limits.ts';
import { BodyBudget, BodyIntake } from './body-intake.ts';
import { OneAnswer } from './one-answer.ts';

/** As uWebSockets.js: connections without a request are closed after this. */
const IDLE_TIMEOUT_MS = 12_000;
/** A request whose header or body comes slower than this is given up. */
const HEADERS_TIMEOUT_MS = 15_000;
const REQUEST_TIMEOUT_MS = 300_000;
const HEADER_BYTES = 8_192;
const NO_BODY = new Uint8Array(0);

/** HTTP on Node's own server: for platforms where uWebSockets.js has no binary. About twice the CPU a request. */
export class NodeServer implements HttpServer {
  readonly engine = 'node:http';
  readonly #handler: HttpHandler;
  readonly #server: Server;
  readonly #budget = new BodyBudget();
  #openRequests = 0;
  #drained: (() => void) | null = null;

  constructor(handler: HttpHandler) {
    this.#handler = handler;
    this.#server = createServer(
      {
        keepAliveTimeout: IDLE_TIMEOUT_MS,
        headersTimeout: HEADERS_TIMEOUT_MS,
        requestTimeout: REQUEST_TIMEOUT_MS,
        maxHeaderSize: HEADER_BYTES,
      },
      (request, response) => this.#serve(request, response),
    );
  }

  listen(host: string, port: number, done: (outcome: ListenOutcome) => void): void {
    const failed = (error: Error): void => done({ ok: false, error: error.message });
    const listening = (): void => {
      this.#server.off('error', failed);
      const address = this.#server.address() as AddressInfo;
      done({ ok: true, port: address.port });
    };
    this.#server.once('error', failed);
    if (host === '') this.#server.listen(port, listening);
    else this.#server.listen(port, host, listening);
  }

  drain(done: () => void): void {
    this.#server.close();
    this.#drained = done;
    this.#checkDrained();
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    this.#openRequests += 1;
    const one = new OneAnswer(
      (answer, closes) => send(response, answer, closes),
      () => {
        this.#openRequests -= 1;
        this.#checkDrained();
      },
    );
    response.on('close', () => one.aborted());
    // A client that goes away is no error here: `close` tells.
    request.on('error', () => undefined);
    try {
      this.#receive(request, one);
    } catch (error) {
      one.answer(this.#handler.failed(error));
    }
  }

  #receive(request: IncomingMessage, one: OneAnswer): void {
    const limitBytes = this.#handler.bodyLimit(request.method ?? '', request.url ?? '');
    const declaredBytes = Number(request.headers['content-length']) || 0;
    if (declaredBytes > limits.discardedBodyBytes && declaredBytes > limitBytes) {
      one.answer(this.#handler.refuseBody('too_large', limitBytes), true);
      request.resume();
      return;
    }
    const intake = new BodyIntake(limitBytes, this.#budget);
    one.onAborted(() => intake.release());
    request.on('data', (chunk: Buffer) => {
      intake.add(chunk);
      if (intake.isEndless) this.#received(request, intake, one, true);
    });
    request.on('end', () => this.#received(request, intake, one, false));
  }

  #received(request: IncomingMessage, intake: BodyIntake, one: OneAnswer, closes: boolean): void {
    if (!one.isOpen) return;
    if (intake.limitBytes === 0 && !closes) this.#handle(request, NO_BODY, one);
    else if (intake.refusal !== null) one.answer(this.#handler.refuseBody(intake.refusal, intake.limitBytes), closes);
    else this.#handle(request, intake.bytes(), one);
    intake.release();
  }

  #handle(request: IncomingMessage, body: Uint8Array, one: OneAnswer): void {
    try {
      this.#handler.handle(one.exchange(requestOf(request, body)));
    } catch (error) {
      one.answer(this.#handler.failed(error));
    }
  }

  #checkDrained(): void {
    if (this.#drained === null || this.#openRequests > 0) return;
    const done = this.#drained;
    this.#drained = null;
    done();
  }
}

function requestOf(request: IncomingMessage, body: Uint8Array) {
  const { host = '', origin = '', accept = '' } = request.headers;
  const contentType = request.headers['content-type'] ?? '';
  return {
    method: request.method ?? '',
    target: request.url ?? '',
    headers: { host, origin, accept, contentType },
    body,
  };
}

function send(response: ServerResponse, answer: HttpAnswer, closesConnection: boolean): void {
  const body = typeof answer.body === 'string' ? Buffer.from(answer.body) : answer.body;
  response.statusCode = answer.status;
  for (const [name, value] of answer.headers) response.setHeader(name, headerBytes(value));
  response.setHeader('Content-Length', body.length);
  if (closesConnection) response.setHeader('Connection', 'close');
  response.end(body);
}

/** Node takes one character a byte; control characters are refused by throwing. */
const headerBytes = (value: string): string => Buffer.from(value.replace(/\p{Cc}/gu, ' ')).toString('latin1');
