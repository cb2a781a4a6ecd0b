import type { WebSocketListener, WebSocketPort } from '../../api/http.ts';
import { limits } from '../../core/limits.ts';
import type { Carrier } from './one-answer.ts';
import type { UwsBehavior, UwsRequest, UwsResponse, UwsUpgradeContext, UwsWebSocket } from './uws-module.ts';

type Upgrade = NonNullable<Carrier['upgrade']>;

interface UserData {
  readonly port: UwsSocketPort;
}

const portOf = (socket: UwsWebSocket): UwsSocketPort => (socket.getUserData() as UserData).port;

/** Hands requests for a WebSocket to `serve`, with the way to open it. Nothing that a listener throws reaches the library. */
export function socketBehavior(
  serve: (response: UwsResponse, request: UwsRequest, upgrade: Upgrade) => void,
  failed: (error: unknown) => void,
  ended: () => void,
): UwsBehavior {
  return {
    maxPayloadLength: limits.receivedMessageBytes,
    idleTimeout: limits.socketIdleMs / 1_000,
    maxBackpressure: 0,
    sendPingsAutomatically: true,
    upgrade: (response, request, context) => serve(response, request, upgradeOf(response, request, context, failed)),
    open: (socket) => portOf(socket).opened(socket),
    drain: (socket) => portOf(socket).drained(),
    close: (socket) => {
      ended();
      portOf(socket).closed();
    },
  };
}

/** No subprotocol and no extension is ever chosen. */
function upgradeOf(
  response: UwsResponse,
  request: UwsRequest,
  context: UwsUpgradeContext,
  failed: (error: unknown) => void,
): Upgrade {
  const key = request.getHeader('sec-websocket-key');
  return (listener) => {
    const userData: UserData = { port: new UwsSocketPort(listener, failed) };
    response.cork(() => response.upgrade(userData, key, '', '', context));
  };
}

class UwsSocketPort implements WebSocketPort {
  readonly #listener: WebSocketListener;
  readonly #failed: (error: unknown) => void;
  /** Null: not open. */
  #socket: UwsWebSocket | null = null;

  constructor(listener: WebSocketListener, failed: (error: unknown) => void) {
    this.#listener = listener;
    this.#failed = failed;
  }

  opened(socket: UwsWebSocket): void {
    this.#socket = socket;
    this.#tell(() => this.#listener.opened(this));
  }

  drained(): void {
    if (!this.isBehind) this.#tell(() => this.#listener.drained());
  }

  closed(): void {
    this.#socket = null;
    this.#tell(() => this.#listener.closed());
  }

  send(message: Uint8Array): void {
    this.#socket?.send(message, false);
  }

  gather(send: () => void): void {
    if (this.#socket === null) send();
    else this.#socket.cork(send);
  }

  get bufferedBytes(): number {
    return this.#socket === null ? 0 : this.#socket.getBufferedAmount();
  }

  get isBehind(): boolean {
    return this.bufferedBytes > limits.socketBacklogBytes;
  }

  close(status: number, reason: string): void {
    this.#socket?.end(status, reason);
  }

  #tell(tell: () => void): void {
    try {
      tell();
    } catch (error) {
      this.#failed(error);
    }
  }
}
