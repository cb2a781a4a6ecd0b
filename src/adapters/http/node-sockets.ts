import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { WebSocketListener, WebSocketPort } from '../../api/http.ts';
import { limits } from '../../core/limits.ts';
import { loadWs, type WsServer, type WsSocket } from './ws-module.ts';

/** A stale socket is found after one to two of these. */
const PING_MS = limits.socketIdleMs / 2;

const GOING_AWAY = 1001;

/** WebSockets beside Node's HTTP server, which has none: by the library `ws`. */
export class NodeSockets {
  #server: WsServer | null = null;
  readonly #open = new Set<NodeSocketPort>();
  readonly #pings: NodeJS.Timeout;

  constructor() {
    this.#pings = setInterval(() => this.#pingAll(), PING_MS);
    this.#pings.unref();
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, listener: WebSocketListener): void {
    this.#server ??= makeServer();
    this.#server.handleUpgrade(request, socket, head, (opened) => {
      const port = new NodeSocketPort(opened, listener);
      this.#open.add(port);
      // The library answers what a client does wrong by closing.
      opened.on('error', () => undefined);
      opened.on('close', () => {
        this.#open.delete(port);
        port.closed();
      });
      socket.on('drain', () => port.drained());
      listener.opened(port);
    });
  }

  close(): void {
    clearInterval(this.#pings);
    for (const port of this.#open) port.terminate();
  }

  #pingAll(): void {
    for (const port of this.#open) port.ping();
  }
}

function makeServer(): WsServer {
  const { WebSocketServer } = loadWs();
  return new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: limits.receivedMessageBytes,
    skipUTF8Validation: true,
  });
}

class NodeSocketPort implements WebSocketPort {
  readonly #socket: WsSocket;
  readonly #listener: WebSocketListener;
  #isAlive = true;
  #wasBehind = false;

  constructor(socket: WsSocket, listener: WebSocketListener) {
    this.#socket = socket;
    this.#listener = listener;
    socket.on('pong', () => {
      this.#isAlive = true;
    });
  }

  send(message: Uint8Array): void {
    this.#socket.send(message, { binary: false });
    this.#wasBehind ||= this.isBehind;
  }

  gather(send: () => void): void {
    send();
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  get isBehind(): boolean {
    return this.bufferedBytes > limits.socketBacklogBytes;
  }

  close(status: number, reason: string): void {
    this.#socket.close(status, reason);
  }

  drained(): void {
    if (!this.#wasBehind || this.isBehind) return;
    this.#wasBehind = false;
    this.#listener.drained();
  }

  closed(): void {
    this.#listener.closed();
  }

  /** Who did not answer the last ping is gone. */
  ping(): void {
    if (!this.#isAlive) {
      this.#socket.terminate();
      return;
    }
    this.#isAlive = false;
    this.#socket.ping();
  }

  terminate(): void {
    this.#socket.close(GOING_AWAY, '');
    this.#socket.terminate();
  }
}

/** An answer to a request for which Node gave its connection away: to be sent as any other, then the connection ends. */
export function answerOfUpgrade(request: IncomingMessage, socket: Duplex): ServerResponse {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  // Node's types and its code disagree: any stream is taken.
  response.assignSocket(socket as Socket);
  response.on('finish', () => (socket as Socket).destroySoon());
  return response;
}
