import type { IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import type { Duplex } from 'node:stream';

/** The part of `ws` that is used here; it comes without types. */
export interface WsModule {
  readonly WebSocketServer: new (options: WsOptions) => WsServer;
}

interface WsOptions {
  readonly noServer: true;
  /** No list of the open sockets. */
  readonly clientTracking: false;
  readonly perMessageDeflate: false;
  readonly maxPayload: number;
  readonly skipUTF8Validation: true;
}

export interface WsServer {
  /** Answers the handshake; a bad one is refused by the library, and `opened` never called. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, opened: (socket: WsSocket) => void): void;
}

/** Once closed, sending does nothing. */
export interface WsSocket {
  send(message: Uint8Array, options: { readonly binary: false }): void;
  readonly bufferedAmount: number;
  ping(): void;
  close(status: number, reason: string): void;
  terminate(): void;
  on(event: 'close' | 'pong' | 'error', listener: () => void): void;
}

/** Where uWebSockets.js serves, it is never loaded. */
export const loadWs = (): WsModule => createRequire(import.meta.url)('ws') as WsModule;
