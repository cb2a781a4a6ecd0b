import type {
  Exchange,
  HttpAnswer,
  HttpHandler,
  HttpRequest,
  HttpServer,
  HttpServerFactory,
  WebSocketListener,
} from '../../../src/api/http.ts';
import { assert } from '../../../src/core/assert.ts';
import type { SimulatedWorld } from '../../../src/runtime/simulation/thread.ts';
import { gatheredStream } from '../../support/gathered-stream.ts';
import { SimulatedSocket, type SocketClient } from './simulated-socket.ts';

/** What a client sees of its request. */
export type HttpEnd =
  | { readonly type: 'answered'; readonly answer: HttpAnswer }
  /** Nobody listened: the request was not read by anybody. */
  | { readonly type: 'unreachable' }
  /** The connection ended before the answer was here: it may have been handled, or not. */
  | { readonly type: 'cut' };

/** One way over the wire, in microseconds of virtual time. */
const TRAVEL_US = [20, 2_000] as const;

const noHeaders = { host: 'n0:8080', origin: '', accept: '', contentType: 'application/json' };

/** The only HTTP address of a simulated node: servers come and go behind it, with the lives of the api actor. */
export class SimulatedHttp {
  #server: SimulatedServer | null = null;

  /** The server port of one life of the api actor; all its connections end with that life. */
  factoryFor(world: SimulatedWorld): HttpServerFactory {
    return (handler) => {
      const server = new SimulatedServer(world, handler, {
        opened: () => {
          this.#server = server;
        },
        closed: () => {
          if (this.#server === server) this.#server = null;
        },
      });
      world.onEnd(() => server.close());
      return server;
    };
  }

  /** `ended` is called exactly once, unless the client goes away before, which it does by calling what is returned. */
  request(method: string, target: string, body: string, ended: (end: HttpEnd) => void): () => void {
    if (this.#server === null) {
      ended({ type: 'unreachable' });
      return () => undefined;
    }
    const bytes = new TextEncoder().encode(body);
    return this.#server.accept({ method, target, headers: noHeaders, body: bytes }, ended, null);
  }

  /** Asks for a WebSocket; `closed` is called once, also when it never opened. */
  connect(target: string, client: OpeningClient): void {
    if (this.#server === null) {
      client.closed();
      return;
    }
    const request = { method: 'GET', target, headers: noHeaders, body: new Uint8Array() };
    this.#server.accept(request, () => client.closed(), client);
  }
}

type OpeningClient = SocketClient & { opened(socket: SimulatedSocket): void };

/** A request whose client has neither its answer nor gone away. */
interface Open {
  readonly request: HttpRequest;
  readonly ended: (end: HttpEnd) => void;
  readonly abortListeners: (() => void)[];
  /** Asks for a WebSocket. */
  readonly client: OpeningClient | null;
  isAnswered: boolean;
}

interface Address {
  readonly opened: () => void;
  readonly closed: () => void;
}

/** Requests and answers take time to travel; an answer on its way is lost with the server. */
class SimulatedServer implements HttpServer {
  readonly engine = 'simulated';
  readonly #world: SimulatedWorld;
  readonly #handler: HttpHandler;
  readonly #address: Address;
  readonly #open = new Set<Open>();
  readonly #sockets = new Set<SimulatedSocket>();
  #whenDrained: (() => void) | null = null;

  constructor(world: SimulatedWorld, handler: HttpHandler, address: Address) {
    this.#world = world;
    this.#handler = handler;
    this.#address = address;
  }

  listen(_host: string, port: number, done: Parameters<HttpServer['listen']>[2]): void {
    this.#travel(() => {
      this.#address.opened();
      done({ ok: true, port });
    });
  }

  drain(done: () => void): void {
    this.#address.closed();
    this.#whenDrained = done;
    this.#drainedIfIdle();
  }

  close(): void {
    this.#address.closed();
    const cut = [...this.#open];
    this.#open.clear();
    for (const exchange of cut) exchange.ended({ type: 'cut' });
    for (const socket of [...this.#sockets]) socket.end();
  }

  /** Returns how the client goes away. */
  accept(request: HttpRequest, ended: (end: HttpEnd) => void, client: OpeningClient | null): () => void {
    const exchange: Open = { request, ended, client, abortListeners: [], isAnswered: false };
    this.#open.add(exchange);
    this.#travel(() => {
      if (this.#open.has(exchange)) this.#handle(exchange);
    });
    return () => this.#aborted(exchange);
  }

  #handle(open: Open): void {
    const { method, target, body } = open.request;
    const limitBytes = this.#handler.bodyLimit(method, target);
    const exchange: Exchange = {
      request: limitBytes === 0 ? { ...open.request, body: new Uint8Array() } : open.request,
      answer: (answer) => this.#answer(open, answer),
      stream: (head) =>
        gatheredStream(head, (answer) => {
          if (answer === null) this.#cut(open);
          else this.#answer(open, answer);
        }),
      upgrade: open.client === null ? null : this.#upgrade(open, open.client),
      onAborted: (listener) => open.abortListeners.push(listener),
    };
    if (limitBytes > 0 && body.length > limitBytes) {
      this.#answer(open, this.#handler.refuseBody('too_large', limitBytes));
    } else {
      this.#handler.handle(exchange);
    }
  }

  #answer(open: Open, answer: HttpAnswer): void {
    assert(!open.isAnswered, 'a request is answered once');
    open.isAnswered = true;
    this.#travel(() => {
      if (!this.#open.delete(open)) return;
      open.ended({ type: 'answered', answer });
      this.#drainedIfIdle();
    });
  }

  #upgrade(open: Open, client: OpeningClient): (listener: WebSocketListener) => void {
    return (listener) => {
      if (!this.#open.delete(open)) return;
      const ended: WebSocketListener = {
        opened: (socket) => listener.opened(socket),
        drained: () => listener.drained(),
        closed: () => {
          this.#sockets.delete(socket);
          listener.closed();
        },
      };
      const socket: SimulatedSocket = new SimulatedSocket((action) => this.#travel(action), client, ended);
      this.#sockets.add(socket);
      client.opened(socket);
      listener.opened(socket);
      this.#drainedIfIdle();
    };
  }

  #cut(open: Open): void {
    if (!this.#open.delete(open)) return;
    open.ended({ type: 'cut' });
    this.#drainedIfIdle();
  }

  #aborted(open: Open): void {
    if (!this.#open.delete(open)) return;
    if (!open.isAnswered) for (const listener of open.abortListeners) listener();
    this.#drainedIfIdle();
  }

  #drainedIfIdle(): void {
    if (this.#whenDrained === null || this.#open.size > 0) return;
    const done = this.#whenDrained;
    this.#whenDrained = null;
    done();
  }

  #travel(action: () => void): void {
    this.#world.after(this.#world.random.between(...TRAVEL_US) / 1_000, action);
  }
}
