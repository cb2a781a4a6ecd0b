import { createRequire } from 'node:module';
import { limits } from '../../core/limits.ts';

/** The part of uWebSockets.js that is used here; the types of its packages can't be found by way of their exports. */
export interface Uws {
  App(): UwsApp;
  us_listen_socket_close(socket: UwsListenSocket): void;
  us_socket_local_port(socket: UwsListenSocket): number;
  readonly LIBUS_LISTEN_EXCLUSIVE_PORT: number;
}

/** Opaque; false where listening failed. Any function given `false` for it ends the process. */
export interface UwsListenSocket {
  readonly uwsListenSocket: never;
}

export interface UwsApp {
  any(pattern: string, handler: (response: UwsResponse, request: UwsRequest) => void): UwsApp;
  ws(pattern: string, behavior: UwsBehavior): UwsApp;
  /** Called with 1 for each connection that comes, with -1 for each that ends and has not become a WebSocket. */
  filter(changed: (response: UwsResponse, change: number) => void): UwsApp;
  listen(host: string, port: number, options: number, done: (socket: UwsListenSocket | false) => void): UwsApp;
  listen(port: number, options: number, done: (socket: UwsListenSocket | false) => void): UwsApp;
  close(): UwsApp;
}

export interface UwsBehavior {
  readonly maxPayloadLength: number;
  /** Seconds. */
  readonly idleTimeout: number;
  /** 0: whoever sends looks at what is buffered. Otherwise messages beyond it would be dropped without a word. */
  readonly maxBackpressure: number;
  readonly sendPingsAutomatically: boolean;
  /** Called for requests with a `Sec-WebSocket-Key` of the right length; other ones go on to the next route. */
  readonly upgrade: (response: UwsResponse, request: UwsRequest, context: UwsUpgradeContext) => void;
  /** Called inside `UwsResponse.upgrade`. */
  readonly open: (socket: UwsWebSocket) => void;
  readonly drain: (socket: UwsWebSocket) => void;
  readonly close: (socket: UwsWebSocket) => void;
}

/** Opaque. */
export interface UwsUpgradeContext {
  readonly uwsUpgradeContext: never;
}

/** Valid until `close` was called; any use behind that throws. */
export interface UwsWebSocket {
  send(message: Uint8Array, isBinary: boolean): number;
  cork(send: () => void): void;
  /** What was given to `UwsResponse.upgrade`, in another object. */
  getUserData(): unknown;
  getBufferedAmount(): number;
  /** Calls `close` before it returns. */
  end(status: number, reason: string): void;
}

/** Valid during the handler's call only. */
export interface UwsRequest {
  /** The first of its name; empty when there is none. */
  getHeader(lowerCaseName: string): string;
  forEach(visit: (name: string, value: string) => void): void;
  getCaseSensitiveMethod(): string;
  getUrl(): string;
  getQuery(): string | undefined;
}

/** Valid until it ended or was aborted. */
export interface UwsResponse {
  onAborted(listener: () => void): UwsResponse;
  /** The chunk's memory is gone after the call. */
  onData(listener: (chunk: ArrayBuffer, isLast: boolean) => void): UwsResponse;
  cork(write: () => void): UwsResponse;
  writeStatus(status: string): UwsResponse;
  writeHeader(name: string, value: string): UwsResponse;
  /** Sends the head at once; the older package has none, there it goes with the first chunk. */
  beginWrite?(): UwsResponse;
  /** Begins or continues a body in chunks. False: the client is behind; the chunk is kept all the same. */
  write(chunk: Uint8Array): boolean;
  /** Called as often as the client took something after it was behind; must return true. */
  onWritable(listener: () => boolean): UwsResponse;
  end(body: string | Uint8Array, closesConnection: boolean): UwsResponse;
  /** The response is no longer valid then. */
  upgrade(userData: object, key: string, protocol: string, extensions: string, context: UwsUpgradeContext): void;
  close(): UwsResponse;
}

export type LoadedUws = { readonly ok: true; readonly uws: Uws } | { readonly ok: false; readonly error: string };

/** ABI of Node 23: the last for which the older package has a binary. The newer one has 22, 24 and 26. */
const LAST_ABI_OF_OLDER = 131;

/**
 * Has uWebSockets.js take headers as long as Node's server does; its own bound is 4 KiB. It asks the environment of the
 * process when it is loaded, of which other threads have a copy: to be called by the main thread, before they begin.
 */
export function allowLongHeaders(): void {
  process.env.UWS_HTTP_MAX_HEADERS_SIZE = String(limits.requestHeaderBytes);
}

/** Loads the package whose binary fits this Node. Where none does (another libc, an older glibc), the error says so. */
export function loadUws(): LoadedUws {
  const name = Number(process.versions.modules) <= LAST_ABI_OF_OLDER ? 'uWebSockets.js' : 'uws-node24';
  try {
    const uws = createRequire(import.meta.url)(name) as Uws;
    return { ok: true, uws };
  } catch (error) {
    // Its own sentence comes first; why the binary does not load is the last `Error:` line.
    const reasons = String(error)
      .split('\n')
      .filter((line) => line.startsWith('Error: '));
    return { ok: false, error: `${name}: ${reasons.at(-1)?.slice('Error: '.length) ?? String(error)}` };
  }
}
