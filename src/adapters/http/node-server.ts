import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type {
  AnswerHead,
  HttpAnswer,
  HttpHandler,
  HttpServer,
  ListenOutcome,
  WebSocketListener,
} from '../../api/http.ts';
import { limits } from '../../core/limits.ts';
import { answerOfUpgrade, NodeSockets } from './node-sockets.ts';
import type { BodySink, Carrier, OneAnswer } from './one-answer.ts';
import { RequestDesk } from './request-desk.ts';

/** As uWebSockets.js: connections without a request are closed after this. */
const IDLE_TIMEOUT_MS = 12_000;
/** A request whose header or body comes slower than this is given up. */
const HEADERS_TIMEOUT_MS = 15_000;
const REQUEST_TIMEOUT_MS = 300_000;

/** HTTP on Node's own server: for platforms where uWebSockets.js has no binary. About twice the CPU a request. */
export class NodeServer implements HttpServer {
  readonly engine = 'node:http';
  readonly #handler: HttpHandler;
  readonly #server: Server;
  readonly #desk: RequestDesk;
  readonly #sockets = new NodeSockets();
  readonly #upgrading = new Set<Duplex>();

  constructor(handler: HttpHandler, mostConnections: number = limits.connections) {
    this.#handler = handler;
    this.#desk = new RequestDesk(handler);
    this.#server = createServer(
      {
        keepAliveTimeout: IDLE_TIMEOUT_MS,
        headersTimeout: HEADERS_TIMEOUT_MS,
        requestTimeout: REQUEST_TIMEOUT_MS,
        maxHeaderSize: limits.requestHeaderBytes,
      },
      (request, response) => {
        const one = this.#open(request, response, null);
        this.#desk.guard(one, () => this.#receive(request, one));
      },
    );
    this.#server.maxConnections = mostConnections;
    this.#server.on('upgrade', (request, socket, head) => this.#serveUpgrade(request, socket, head));
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
    this.#desk.drain(done);
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
    // Connections that Node gave away for an upgrade are none of its own any more.
    for (const socket of this.#upgrading) socket.destroy();
    this.#sockets.close();
  }

  /** Node gives away the connection of any request for an upgrade, whatever to. */
  #serveUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => undefined);
    this.#upgrading.add(socket);
    socket.on('close', () => this.#upgrading.delete(socket));
    const response = answerOfUpgrade(request, socket);
    const asksForSocket = request.headers.upgrade?.toLowerCase() === 'websocket';
    const upgrade = (listener: WebSocketListener): void => {
      response.detachSocket(socket as Socket);
      this.#sockets.upgrade(request, socket, head, listener);
    };
    const one = this.#open(request, response, asksForSocket ? upgrade : null);
    this.#desk.guard(one, () => this.#receiveUpgrade(request, one));
  }

  #open(request: IncomingMessage, response: ServerResponse, upgrade: Carrier['upgrade']): OneAnswer {
    const one = this.#desk.open({
      send: (answer, closes) => send(response, answer, closes),
      begin: (head) => begin(response, head),
      upgrade,
    });
    response.on('close', () => one.aborted());
    // A client that goes away is no error here: `close` tells.
    request.on('error', () => undefined);
    return one;
  }

  /** The body of a request for an upgrade, if there were one, is where nobody reads it. */
  #receiveUpgrade(request: IncomingMessage, one: OneAnswer): void {
    const { 'content-length': length = '0', 'transfer-encoding': encoding = '' } = request.headers;
    if (encoding === '' && Number(length) === 0) this.#desk.handle(one, headOf(request));
    else one.answer(this.#handler.refuseBody('malformed', 0), true);
  }

  #receive(request: IncomingMessage, one: OneAnswer): void {
    const limitBytes = this.#handler.bodyLimit(request.method ?? '', request.url ?? '');
    const declaredBytes = Number(request.headers['content-length']) || 0;
    if (this.#desk.refuseDeclared(one, declaredBytes, limitBytes)) {
      request.resume();
      return;
    }
    const intake = this.#desk.intake(one, limitBytes);
    request.on('data', (chunk: Buffer) => this.#desk.receive(one, intake, chunk));
    request.on('end', () => this.#desk.received(one, intake, () => headOf(request)));
  }
}

function headOf(request: IncomingMessage) {
  const { host = '', origin = '', accept = '' } = request.headers;
  const contentType = request.headers['content-type'] ?? '';
  return {
    method: request.method ?? '',
    target: request.url ?? '',
    headers: { host, origin, accept, contentType },
  };
}

function send(response: ServerResponse, answer: HttpAnswer, closesConnection: boolean): void {
  const body = typeof answer.body === 'string' ? Buffer.from(answer.body) : answer.body;
  setHead(response, answer);
  response.setHeader('Content-Length', body.length);
  if (closesConnection) response.setHeader('Connection', 'close');
  response.end(body);
}

function begin(response: ServerResponse, head: AnswerHead): BodySink {
  setHead(response, head);
  // A follower waits for output that may be long in coming: it should see the head now.
  response.flushHeaders();
  return {
    write: (chunk) => void response.write(chunk),
    get isBehind() {
      return response.writableNeedDrain;
    },
    onDrained: (drained) => void response.once('drain', drained),
    end: () => void response.end(),
    cut: () => void response.destroy(),
  };
}

function setHead(response: ServerResponse, { status, headers }: AnswerHead): void {
  response.statusCode = status;
  for (const [name, value] of headers) response.setHeader(name, headerBytes(value));
}

/** Node takes one character a byte; control characters are refused by throwing. */
const headerBytes = (value: string): string => Buffer.from(value.replace(/\p{Cc}/gu, ' ')).toString('latin1');
