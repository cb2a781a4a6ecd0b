/** What a route sees of a request; the body is whole and bounded. */
export interface HttpRequest {
  /** As sent: methods are case-sensitive. */
  readonly method: string;
  /** Path and query as sent, undecoded. */
  readonly target: string;
  readonly headers: RequestHeaders;
  readonly body: Uint8Array;
}

/** The header lines that routes look at; empty when absent. */
export interface RequestHeaders {
  readonly host: string;
  readonly origin: string;
  readonly accept: string;
  readonly contentType: string;
}

export type Header = readonly [name: string, value: string];

export interface AnswerHead {
  readonly status: number;
  readonly headers: readonly Header[];
}

export interface HttpAnswer extends AnswerHead {
  /** Text is sent as UTF-8. The answer to a HEAD is sent without it. */
  readonly body: string | Uint8Array;
}

/**
 * A body whose length is not known when it begins. After its end, and after the client went away, all of it does
 * nothing.
 */
export interface AnswerStream {
  /** Takes the chunk in any case: what the client does not take yet waits in memory, so look at `isBehind` before. */
  write(chunk: Uint8Array): void;
  /** The client has not taken what was written. */
  readonly isBehind: boolean;
  /** Calls `ready` once, in a later turn, when the client is not behind; never after it went away. */
  whenReady(ready: () => void): void;
  /** The body is whole. */
  end(): void;
  /** The body can't be finished: the connection is cut, so that the client doesn't take it for whole. */
  cut(): void;
}

/** An open WebSocket. After it closed, all of it does nothing. */
export interface WebSocketPort {
  /** Sends one text message, of UTF-8. Takes it in any case: look at `isBehind` before. */
  send(message: Uint8Array): void;
  /** What is sent inside of `send` leaves together. */
  gather(send: () => void): void;
  /** Bytes that wait in this process for the client to read. */
  readonly bufferedBytes: number;
  /** More than limits.socketBacklogBytes wait. `drained` is called when that is over. */
  readonly isBehind: boolean;
  /** With a status of RFC 6455; what waits is sent before, if the client reads. */
  close(status: number, reason: string): void;
}

/** What a client sends over a WebSocket is thrown away. */
export interface WebSocketListener {
  /** First, and once; not for a client that is known to be gone. */
  opened(socket: WebSocketPort): void;
  /** The client has read so much that it is not behind any more. */
  drained(): void;
  /** Last, and once, if it had opened. */
  closed(): void;
}

/** One request and its one answer. */
export interface Exchange {
  readonly request: HttpRequest;
  /** Once; after the client went away it does nothing. */
  answer(answer: HttpAnswer): void;
  /** Begins an answer in pieces, instead of `answer`. Not for HEAD. */
  stream(head: AnswerHead): AnswerStream;
  /** Makes the connection a WebSocket, instead of `answer`; null: the request does not ask for one. */
  readonly upgrade: ((listener: WebSocketListener) => void) | null;
  /** Called when the client goes away before the answer's end, or before the WebSocket has opened. */
  onAborted(listener: () => void): void;
}

/**
 * Why a body is not taken: it is beyond its limit, or beyond what all requests together may hold, or its length is
 * stated in a way that can't be trusted.
 */
export type BodyRefusal = 'too_large' | 'overloaded' | 'malformed';

/** The code behind an HTTP server. */
export interface HttpHandler {
  /** Most bytes of body that this request may have; 0: whatever comes is thrown away. */
  bodyLimit(method: string, target: string): number;
  refuseBody(reason: BodyRefusal, limitBytes: number): HttpAnswer;
  /** An exception came out of `handle`. */
  failed(error: unknown): HttpAnswer;
  handle(exchange: Exchange): void;
}

export type ListenOutcome =
  | { readonly ok: true; readonly port: number }
  | { readonly ok: false; readonly error: string };

/** A server for one handler. Its calls into the handler are callbacks of a port: they may come at any time. */
export interface HttpServer {
  /** Name of what carries it, for the log. */
  readonly engine: string;
  /** An empty host stands for every address; port 0 for any free port. */
  listen(host: string, port: number, done: (outcome: ListenOutcome) => void): void;
  /**
   * Takes no new connections; `done` when every request that was begun has its answer or lost its client. WebSockets are
   * not waited for.
   */
  drain(done: () => void): void;
  /** Ends every connection. Idempotent. */
  close(): void;
}

export type HttpServerFactory = (handler: HttpHandler) => HttpServer;
