import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NodeServer } from '../../../src/adapters/http/node-server.ts';
import { loadUws } from '../../../src/adapters/http/uws-module.ts';
import { UwsServer } from '../../../src/adapters/http/uws-server.ts';
import type { Exchange, HttpAnswer, HttpHandler, HttpServer, WebSocketPort } from '../../../src/api/http.ts';
import { limits } from '../../../src/core/limits.ts';
import { send } from '../../support/http-client.ts';
import { RawSocket } from '../../support/raw-socket.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { WebSocketClient } from '../../support/web-socket-client.ts';

const text = (status: number, body: string): HttpAnswer => ({ status, headers: [], body });
const bytes = (message: string): Uint8Array => new TextEncoder().encode(message);

/** Opens every WebSocket that is asked for, but on `/refuse` and, until told, on `/later`. */
class SocketHandler implements HttpHandler {
  readonly sockets: WebSocketPort[] = [];
  readonly heard: string[] = [];
  readonly failures: unknown[] = [];
  readonly later: (() => void)[] = [];

  bodyLimit(): number {
    return 0;
  }

  refuseBody(): HttpAnswer {
    return text(400, 'refused');
  }

  failed(error: unknown): HttpAnswer {
    this.failures.push(error);
    return text(500, 'failed');
  }

  handle({ request, upgrade, answer, onAborted }: Exchange): void {
    if (upgrade === null) {
      answer(text(426, `plain ${request.target}`));
      return;
    }
    if (request.target === '/refuse') {
      answer(text(503, 'no'));
      return;
    }
    onAborted(() => this.heard.push('aborted'));
    const open = (): void =>
      upgrade({
        opened: (socket) => {
          if (request.target === '/throw') throw new Error('thrown');
          this.heard.push('opened');
          this.sockets.push(socket);
        },
        drained: () => this.heard.push('drained'),
        closed: () => this.heard.push('closed'),
      });
    if (request.target === '/later') this.later.push(open);
    else open();
  }
}

const loaded = loadUws();
const mostConnections = 6;
const engines: [string, (handler: HttpHandler) => HttpServer][] = [
  ['node:http', (handler) => new NodeServer(handler, mostConnections)],
];
if (loaded.ok) engines.push(['uWebSockets.js', (handler) => new UwsServer(loaded.uws, handler, mostConnections)]);

describe.each(engines)('WebSockets on %s', (engine, make) => {
  let handler: SocketHandler;
  let server: HttpServer;
  let port: number;
  const clients: WebSocketClient[] = [];

  beforeEach(async () => {
    handler = new SocketHandler();
    server = make(handler);
    port = await new Promise((resolve) => {
      server.listen('127.0.0.1', 0, (outcome) => resolve(outcome.ok ? outcome.port : 0));
    });
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.destroy();
    server.close();
  });

  const connect = (target: string, headers: Readonly<Record<string, string>> = {}): WebSocketClient => {
    const client = new WebSocketClient(port, target, headers);
    clients.push(client);
    return client;
  };
  const opened = async (target = '/'): Promise<[WebSocketClient, WebSocketPort]> => {
    const client = connect(target);
    const before = handler.sockets.length;
    await waitUntil(() => client.isOpen && handler.sockets.length > before, { what: 'an open socket' });
    return [client, handler.sockets.at(-1) as WebSocketPort];
  };

  it('open, carry texts of any length in order, and say when they closed', async () => {
    const [client, socket] = await opened();
    const messages = ['a', 'ä'.repeat(100), 'x'.repeat(70_000)];
    socket.gather(() => {
      for (const message of messages) socket.send(bytes(message));
    });
    await waitUntil(() => client.texts.length === 3, { what: 'three messages' });
    expect(client.texts).toEqual(messages);
    client.destroy();
    await waitUntil(() => handler.heard.includes('closed'), { what: 'the close' });
    socket.send(bytes('late'));
    socket.gather(() => socket.send(bytes('late')));
    socket.close(1000, '');
    expect([socket.isBehind, handler.heard]).toEqual([false, ['opened', 'closed']]);
  });

  it('open later', async () => {
    const client = connect('/later');
    await waitUntil(() => handler.later.length === 1, { what: 'the request' });
    handler.later[0]?.();
    handler.later[0]?.();
    await waitUntil(() => client.isOpen, { what: 'the socket' });
    expect(handler.heard).toEqual(['opened']);
  });

  it('do not open, or close at once, for a client that went away', async () => {
    const gone = connect('/later');
    await waitUntil(() => handler.later.length === 1, { what: 'the request' });
    gone.destroy();
    // Node does not read from a connection that waits for its upgrade: it finds out by writing.
    if (engine === 'uWebSockets.js') await waitUntil(() => handler.heard.includes('aborted'), { what: 'the abort' });
    handler.later[0]?.();
    if (engine === 'node:http') await waitUntil(() => handler.heard.includes('closed'), { what: 'the close' });
    await opened();
    const expected = engine === 'node:http' ? ['opened', 'closed', 'opened'] : ['aborted', 'opened'];
    expect(handler.heard).toEqual(expected);
  });

  it('tell a sender that its client does not read, and when it does', async () => {
    const [client, socket] = await opened();
    client.pause();
    const message = bytes('x'.repeat(10_000));
    let sent = 0;
    while (!socket.isBehind && sent < 10_000) {
      socket.send(message);
      sent += 1;
      // Node counts what the system did not take yet.
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(socket.isBehind).toBe(true);
    expect(handler.heard).toEqual(['opened']);
    client.resume();
    await waitUntil(() => handler.heard.includes('drained') && client.texts.length === sent, { what: 'all of it' });
    expect(socket.isBehind).toBe(false);
  });

  it('are refused by an answer, which ends the connection or leaves it usable', async () => {
    const client = connect('/refuse');
    await waitUntil(() => client.head !== '', { what: 'the answer' });
    expect(client.head).toMatch(/^HTTP\/1\.1 503 /);
    expect((await send(port, { method: 'GET', path: '/plain' })).text).toBe('plain /plain');
  });

  it.each([
    ['another protocol', 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c', '426'],
    ['no key', 'Connection: Upgrade\r\nUpgrade: websocket', '4\\d\\d'],
    ['a body', 'Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 5', '4\\d\\d'],
  ])('are not opened for %s', async (_what, lines, status) => {
    const socket = await RawSocket.open(port);
    await socket.write(`GET /x HTTP/1.1\r\nHost: a\r\nSec-WebSocket-Version: 13\r\n${lines}\r\n\r\nhello`);
    await socket.outcome();
    expect(socket.received).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    socket.destroy();
    expect(handler.sockets).toHaveLength(0);
  });

  it('throw away what clients send, and close on what is too long', async () => {
    const [client] = await opened();
    client.send('hello');
    client.send('x'.repeat(limits.receivedMessageBytes + 1));
    await waitUntil(() => client.isClosed && handler.heard.includes('closed'), { what: 'the close' });
    expect(handler.heard).toEqual(['opened', 'closed']);
  });

  it('close with a status, and all of them with their server', async () => {
    const [client, socket] = await opened();
    const [other] = await opened();
    socket.close(1001, 'bye');
    await waitUntil(() => client.closeStatus === 1001, { what: 'the status' });
    server.close();
    await waitUntil(() => other.isClosed, { what: 'the end of the other' });
  });

  it('survive a listener that throws', async () => {
    if (engine === 'node:http') return;
    connect('/throw');
    await waitUntil(() => handler.failures.length === 1, { what: 'the failure' });
    await opened();
  });

  it('count as connections, of which there are only so many, until they end', async () => {
    for (let round = 0; round < 2; round += 1) {
      const taken: WebSocketClient[] = [];
      while (taken.length < mostConnections) taken.push((await opened())[0]);
      const refused = connect('/');
      await waitUntil(() => refused.isClosed, { what: 'the end of the connection that is too much' });
      expect([refused.head, handler.sockets.length]).toEqual(['', (round + 1) * mostConnections]);
      for (const client of taken) client.destroy();
      const ends = (): number => handler.heard.filter((what) => what === 'closed').length;
      await waitUntil(() => ends() === (round + 1) * mostConnections, { what: 'the others have ended' });
    }
  });

  it('are not waited for by a drain', async () => {
    const [client, socket] = await opened();
    await new Promise<void>((resolve) => server.drain(resolve));
    socket.send(bytes('still here'));
    await waitUntil(() => client.texts.length === 1, { what: 'a message' });
  });
});
