import { connect, createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NodeServer } from '../../../src/adapters/http/node-server.ts';
import { loadUws } from '../../../src/adapters/http/uws-module.ts';
import { UwsServer } from '../../../src/adapters/http/uws-server.ts';
import { httpServerFactory } from '../../../src/adapters/http-server.ts';
import type {
  AnswerStream,
  BodyRefusal,
  Exchange,
  HttpAnswer,
  HttpHandler,
  HttpServer,
  ListenOutcome,
} from '../../../src/api/http.ts';
import { limits } from '../../../src/core/limits.ts';
import { send } from '../../support/http-client.ts';
import { RawSocket } from '../../support/raw-socket.ts';
import { waitUntil } from '../../support/wait-until.ts';

const LIMIT = 1_000;
const text = (status: number, body: string): HttpAnswer => ({
  status,
  headers: [['Content-Type', 'text/plain']],
  body,
});

/** Answers what it was asked; paths choose what goes wrong. */
class EchoHandler implements HttpHandler {
  readonly failures: unknown[] = [];
  /** Bodies of `/stream`, begun and not ended. */
  readonly streams: AnswerStream[] = [];
  /** Exchanges of `/hold`, which wait. */
  readonly held: Exchange[] = [];
  aborted = 0;

  bodyLimit(_method: string, target: string): number {
    if (target === '/throw-early') throw new Error('early');
    return target.startsWith('/body') ? LIMIT : 0;
  }

  refuseBody(reason: BodyRefusal): HttpAnswer {
    return text(reason === 'too_large' ? 413 : reason === 'malformed' ? 400 : 503, reason);
  }

  failed(error: unknown): HttpAnswer {
    this.failures.push(error);
    return text(500, 'failed');
  }

  handle(exchange: Exchange): void {
    const { method, target, headers, body } = exchange.request;
    if (target === '/throw') throw new Error('thrown');
    if (target === '/hold') {
      this.held.push(exchange);
      exchange.onAborted(() => {
        this.aborted += 1;
      });
      return;
    }
    if (target === '/stream') {
      exchange.onAborted(() => {
        this.aborted += 1;
      });
      this.streams.push(exchange.stream({ status: 200, headers: [['Content-Type', 'text/plain']] }));
      return;
    }
    if (target === '/stream-and-throw') {
      exchange.stream({ status: 200, headers: [] }).write(Buffer.from('half'));
      throw new Error('thrown');
    }
    if (target === '/large') {
      exchange.answer(text(200, 'x'.repeat(5_000_000)));
      return;
    }
    exchange.answer({
      status: 200,
      headers: [['X-Odd', `${headers.accept}\r\nX-Injected: 1`]],
      body: `${method} ${target} ${body.length} ${Buffer.from(body.subarray(0, 20)).toString()}`,
    });
    exchange.answer(text(500, 'twice'));
  }
}

const listen = (server: HttpServer, port = 0): Promise<ListenOutcome> =>
  new Promise((resolve) => server.listen('127.0.0.1', port, resolve));

const loaded = loadUws();
const engines: [string, (handler: HttpHandler) => HttpServer][] = [['node:http', (handler) => new NodeServer(handler)]];
if (loaded.ok) engines.push(['uWebSockets.js', (handler) => new UwsServer(loaded.uws, handler)]);

describe.each(engines)('HTTP server on %s', (engine, make) => {
  let handler: EchoHandler;
  let server: HttpServer;
  let port: number;

  beforeEach(async () => {
    handler = new EchoHandler();
    server = make(handler);
    const outcome = await listen(server);
    if (!outcome.ok) throw new Error(outcome.error);
    port = outcome.port;
  });
  afterEach(() => server.close());

  const alive = async (): Promise<void> => {
    expect((await send(port, { method: 'GET', path: '/alive' })).status).toBe(200);
  };

  it('hands over method, target, header and body, and answers once', async () => {
    const answer = await send(port, {
      method: 'PATCH',
      path: '/body?a=%20&b',
      headers: { accept: 'text/x' },
      body: 'abc',
    });
    expect([answer.status, answer.text]).toEqual([200, 'PATCH /body?a=%20&b 3 abc']);
    expect(server.engine).toBe(engine);
  });

  it('breaks no header line in two', async () => {
    const answer = await send(port, { method: 'GET', path: '/', headers: { accept: 'a' } });
    expect(answer.headers['x-odd']).toBe('a  X-Injected: 1');
    expect(answer.headers['x-injected']).toBeUndefined();
  });

  it('answers HEAD without a body, and the next request of the connection', async () => {
    const socket = await RawSocket.open(port);
    await socket.write('HEAD /a HTTP/1.1\r\nHost: a\r\n\r\n');
    await socket.outcome();
    expect(socket.received).toMatch(/\r\n\r\n$/);
    await socket.write('GET /b HTTP/1.1\r\nHost: a\r\n\r\n');
    await waitUntil(() => socket.received.includes('GET /b 0'), { what: 'the second answer' });
    socket.destroy();
  });

  it('answers pipelined requests in order', async () => {
    const socket = await RawSocket.open(port);
    await socket.write(['/1', '/2', '/3'].map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''));
    await waitUntil(() => /GET \/1 0[\s\S]*GET \/2 0[\s\S]*GET \/3 0/.test(socket.received), { what: 'three answers' });
    socket.destroy();
  });

  it.each(['/throw', '/throw-early'])('turns what %s throws into a 500', async (path) => {
    expect((await send(port, { method: 'GET', path })).status).toBe(500);
    expect(handler.failures).toHaveLength(1);
    await alive();
  });

  it.each([
    ['exactly the limit', LIMIT, 200],
    ['a byte more', LIMIT + 1, 413],
    ['10 MB', 10 << 20, 413],
  ])('a body of %s', async (_what, size, status) => {
    const body = Buffer.alloc(size, 0x61);
    expect((await send(port, { method: 'POST', path: '/body', body })).status).toBe(status);
    const pieces = Array.from({ length: Math.ceil(size / 65_536) }, (_, at) =>
      body.subarray(at * 65_536, (at + 1) * 65_536),
    );
    expect((await send(port, { method: 'POST', path: '/body' }, { pieces })).status).toBe(status);
    expect((await send(port, { method: 'POST', path: '/unread', body })).status).toBe(200);
    await alive();
  });

  it('answers a body that is too large when it has come, and keeps the connection', async () => {
    const socket = await RawSocket.open(port);
    await socket.write('POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n');
    await socket.write(Buffer.alloc(1_000_000, 0x61));
    expect(await socket.outcome()).toBe(413);
    await socket.write('GET /after HTTP/1.1\r\nHost: a\r\n\r\n');
    await waitUntil(() => socket.received.includes('GET /after'), { what: 'the answer after the body' });
    socket.destroy();
  });

  it('closes the connection of a body without an end', async () => {
    const socket = await RawSocket.open(port);
    await socket.write('POST /body HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
    const chunk = Buffer.alloc(1 << 20, 0x61);
    for (let sent = 0; sent <= limits.discardedBodyBytes + (1 << 20) && !socket.closed; sent += chunk.length) {
      await socket.write(`${chunk.length.toString(16)}\r\n`);
      await socket.write(chunk);
      await socket.write('\r\n');
    }
    await waitUntil(() => socket.closed || socket.status === 413, { what: 'a refusal' });
    socket.destroy();
    await alive();
  });

  it.each([
    ['two lengths', 'Content-Length: 5\r\nContent-Length: 6'],
    ['a length and chunks', 'Content-Length: 5\r\nTransfer-Encoding: chunked'],
    ['an unknown encoding', 'Transfer-Encoding: rot13'],
    ['a length that is no number', 'Content-Length: 5x'],
    ['a negative length', 'Content-Length: -5'],
  ])('refuses %s', async (_what, lines) => {
    const socket = await RawSocket.open(port);
    await socket.write(`POST /body HTTP/1.1\r\nHost: a\r\n${lines}\r\n\r\nhello\r\n0\r\n\r\n`);
    const outcome = await socket.outcome();
    expect(outcome === 'closed' || (outcome >= 400 && outcome <= 501)).toBe(true);
    socket.destroy();
    await alive();
  });

  it.each(['PO', 'POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf', '\u0016\u0003\u0001'])(
    'half a request, then the end of the client: %j',
    async (bytes) => {
      const socket = await RawSocket.open(port);
      await socket.write(bytes);
      socket.reset();
      await alive();
    },
  );

  it('tells of clients that go away, and takes late answers', async () => {
    const socket = await RawSocket.open(port);
    await socket.write('GET /hold HTTP/1.1\r\nHost: a\r\n\r\n');
    await waitUntil(() => handler.held.length === 1, { what: 'the request' });
    socket.reset();
    await waitUntil(() => handler.aborted === 1, { what: 'the abort' });
    handler.held[0]?.answer(text(200, 'late'));
    await alive();
  });

  it('answers later, and drains: no new connection, open requests to their end', async () => {
    const answer = send(port, { method: 'GET', path: '/hold' });
    await waitUntil(() => handler.held.length === 1, { what: 'the request' });
    let isDrained = false;
    const drained = new Promise<void>((resolve) => server.drain(resolve)).then(() => {
      isDrained = true;
    });
    await expect(send(port, { method: 'GET', path: '/' })).rejects.toThrow();
    expect(isDrained).toBe(false);
    handler.held[0]?.answer(text(200, 'held'));
    expect((await answer).text).toBe('held');
    await drained;
  });

  it('sends large answers whole', async () => {
    expect((await send(port, { method: 'GET', path: '/large' })).bytes.length).toBe(5_000_000);
  });

  const stream = async (): Promise<AnswerStream> =>
    await waitUntil(() => handler.streams.at(-1), { what: 'the request for a stream' });

  it('sends a body in pieces, each when the client has room, and takes nothing after its end', async () => {
    const answer = send(port, { method: 'GET', path: '/stream' });
    const body = await stream();
    const piece = Buffer.alloc(100_000, 0x61);
    let pieces = 0;
    const sendNext = (): void => {
      if (pieces === 100) {
        body.write(new Uint8Array(0));
        body.write(Buffer.from('end'));
        body.end();
        body.write(piece);
        body.end();
        return;
      }
      pieces += 1;
      body.write(piece);
      body.whenReady(sendNext);
    };
    body.whenReady(sendNext);
    const { bytes, headers } = await answer;
    expect([bytes.length, bytes.subarray(-4).toString(), headers['transfer-encoding']]).toEqual([
      10_000_003,
      'aend',
      'chunked',
    ]);
    await alive();
  });

  it('says when a client of a stream reads nothing, and goes on when it reads again', async () => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.write('GET /stream HTTP/1.1\r\nHost: a\r\n\r\n');
    socket.pause();
    const body = await stream();
    const piece = Buffer.alloc(1 << 20, 0x61);
    // What the kernel takes for both ends is some megabytes; then the client is behind.
    for (let sent = 0; sent < 64; sent += 1) body.write(piece);
    expect(body.isBehind).toBe(true);
    let isReady = false;
    body.whenReady(() => {
      isReady = true;
    });
    await alive();
    expect(isReady).toBe(false);
    socket.resume();
    await waitUntil(() => isReady, { what: 'room for more' });
    expect(body.isBehind).toBe(false);
    body.end();
    socket.destroy();
  });

  it('cuts the connection of a body that can not be finished', async () => {
    const answer = send(port, { method: 'GET', path: '/stream' });
    const body = await stream();
    body.write(Buffer.from('half'));
    body.cut();
    await expect(answer).rejects.toThrow();
    await expect(send(port, { method: 'GET', path: '/stream-and-throw' })).rejects.toThrow();
    expect(handler.failures).toHaveLength(1);
    expect(handler.aborted).toBe(0);
    await alive();
  });

  it('tells of clients that go away while they get a body, and takes what is written then', async () => {
    const socket = await RawSocket.open(port);
    await socket.write('GET /stream HTTP/1.1\r\nHost: a\r\n\r\n');
    const body = await stream();
    body.write(Buffer.from('half'));
    await waitUntil(() => socket.received.includes('half'), { what: 'the first piece' });
    socket.reset();
    await waitUntil(() => handler.aborted === 1, { what: 'the abort' });
    body.write(Buffer.from('more'));
    body.whenReady(() => handler.failures.push('ready'));
    body.end();
    body.cut();
    await alive();
    expect(handler.failures).toEqual([]);
  });

  it('drains when the bodies that were begun have ended', async () => {
    const answer = send(port, { method: 'GET', path: '/stream' });
    const body = await stream();
    const drained = new Promise<void>((resolve) => server.drain(resolve));
    body.write(Buffer.from('all'));
    body.end();
    await drained;
    expect((await answer).text).toBe('all');
  });

  it('ends its connections when it closes; twice is no mistake', async () => {
    const socket = await RawSocket.open(port);
    await socket.write('GET /hold HTTP/1.1\r\nHost: a\r\n\r\n');
    await waitUntil(() => handler.held.length === 1, { what: 'the request' });
    server.close();
    server.close();
    await waitUntil(() => socket.closed, { what: 'the end of the connection' });
    expect(handler.aborted).toBe(1);
  });

  it('does not share a port', async () => {
    const other = make(new EchoHandler());
    const outcome = await listen(other, port);
    expect(outcome.ok).toBe(false);
    other.close();
  });
});

describe('httpServerFactory', () => {
  it('gives a port that a failed actor left open to the next one', async () => {
    const probe = createServer();
    const port = await new Promise<number>((resolve) => {
      probe.listen(0, '127.0.0.1', () => resolve((probe.address() as { port: number }).port));
    });
    await new Promise((resolve) => probe.close(resolve));
    const factory = httpServerFactory(() => undefined);
    const [first, second] = [factory(new EchoHandler()), factory(new EchoHandler())];
    expect(await listen(first, port)).toEqual({ ok: true, port });
    expect((await send(port, { method: 'GET', path: '/first' })).status).toBe(200);
    expect(await listen(second, port)).toEqual({ ok: true, port });
    expect((await send(port, { method: 'GET', path: '/second' })).status).toBe(200);
    first.close();
    second.close();
  });
});
