import { describe, expect, it } from 'vitest';
import { waitUntil } from '../support/wait-until.ts';
import { definition, useSteadyNode } from './support/steady-node.ts';

/** Bytes on the connection that are no HTTP request, or only a part of one. */
const node = useSteadyNode();

const job = (name: string): string => JSON.stringify(definition({ name }));
const head = (...headers: string[]): string =>
  ['POST /v1/jobs HTTP/1.1', 'Host: localhost', 'Content-Type: application/json', ...headers, '', ''].join('\r\n');
const get = 'GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';

const exists = async (name: string): Promise<boolean> =>
  (await node.ask({ method: 'GET', path: `/v1/jobs/${name}` })).status === 200;

/** A refusal is a 4xx, or 505 for another version of HTTP, or the end of the connection; never a success. */
function expectRefused(outcome: number | 'closed'): void {
  if (outcome === 'closed' || outcome === 505) return;
  expect(outcome).toBeGreaterThanOrEqual(400);
  expect(outcome).toBeLessThan(500);
}

describe('half a request', () => {
  const halves: [string, string][] = [
    ['half a method', 'PO'],
    ['half a request line', 'POST /v1/jo'],
    ['half a header', 'POST /v1/jobs HTTP/1.1\r\nHost: loc'],
    ['no empty line', 'POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\n'],
    ['no body', head('Content-Length: 100')],
    ['half a body', head('Content-Length: 1000') + job('half').slice(0, 30)],
    ['a body with a byte missing', head(`Content-Length: ${job('half').length + 1}`) + job('half')],
    ['half a chunk', `${head('Transfer-Encoding: chunked')}ff\r\n${job('half').slice(0, 20)}`],
    [
      'chunks without the last one',
      `${head('Transfer-Encoding: chunked')}${job('half').length.toString(16)}\r\n${job('half')}\r\n`,
    ],
  ];

  it.each(halves)('%s, then a close, creates nothing', async (_what, bytes) => {
    const socket = await node.connect();
    await socket.write(bytes);
    socket.destroy();
    expect(await exists('half')).toBe(false);
  });

  it.each(halves)('%s, then a reset, creates nothing', async (_what, bytes) => {
    const socket = await node.connect();
    await socket.write(bytes);
    socket.reset();
    expect(await exists('half')).toBe(false);
  });

  it.each(halves)('%s, then nothing, holds up nobody', async (_what, bytes) => {
    const socket = await node.connect();
    await socket.write(bytes);
    expect(await exists('half')).toBe(false);
    expect(socket.status === undefined || (socket.status >= 400 && socket.status < 500)).toBe(true);
  });

  it('a hundred of them at once hold up nobody', async () => {
    for (let i = 0; i < 100; i++) {
      const socket = await node.connect();
      await socket.write(halves[i % halves.length]?.[1] ?? '');
    }
    expect((await node.create(definition({ name: 'beside' }))).status).toBe(201);
    expect((await node.ask({ method: 'DELETE', path: '/v1/jobs/beside' })).status).toBe(200);
  });
});

describe('what is no HTTP', () => {
  it.each([
    ['random bytes', Buffer.from(Array.from({ length: 512 }, (_, i) => (i * 167 + 13) % 256))],
    ['a TLS hello', Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03])],
    ['zeros', Buffer.alloc(4096)],
    ['an endless line', Buffer.alloc(200_000, 0x41)],
    ['HTTP/2', Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')],
    ['no path', Buffer.from('GET\r\n\r\n')],
    ['an unknown version', Buffer.from('GET / HTTP/9.9\r\nHost: x\r\n\r\n')],
    ['a header without colon', Buffer.from('GET /health HTTP/1.1\r\nHost: x\r\nnocolon\r\n\r\n')],
    ['NUL in a header', Buffer.from('GET /health HTTP/1.1\r\nHost: x\u0000y\r\n\r\n')],
  ])('%s', async (_what, bytes) => {
    const socket = await node.connect();
    await socket.write(bytes);
    // A server may wait for more of what could still become a request: then nothing comes until the client leaves.
    const answered = await node.ask({ method: 'GET', path: '/health' });
    expect(answered.status).toBe(200);
    if (socket.status !== undefined) expectRefused(socket.status);
  });
});

describe('contradictions', () => {
  it.each([
    ['a length that is no number', head('Content-Length: abc') + job('contra')],
    ['a negative length', head('Content-Length: -5') + job('contra')],
    ['a length beyond all', head('Content-Length: 99999999999999999999999') + job('contra')],
    ['two lengths', head('Content-Length: 5', 'Content-Length: 6') + job('contra')],
    ['a length and chunks', `${head('Content-Length: 5', 'Transfer-Encoding: chunked')}0\r\n\r\n`],
    ['a chunk size that is none', `${head('Transfer-Encoding: chunked')}zz\r\n${job('contra')}\r\n0\r\n\r\n`],
    ['a body cut by its length', head('Content-Length: 10') + job('contra')],
    ['an unknown transfer encoding', `${head('Transfer-Encoding: rot13')}${job('contra')}`],
  ])('%s: refused', async (_what, bytes) => {
    const socket = await node.connect();
    await socket.write(bytes);
    expectRefused(await socket.outcome());
    expect(await exists('contra')).toBe(false);
  });

  it.each([
    ['one header of 1 MB', `X-Large: ${'a'.repeat(1_000_000)}`],
    ['10,000 headers', Array.from({ length: 10_000 }, (_, i) => `X-${i}: a`).join('\r\n')],
  ])('%s: refused', async (_what, header) => {
    const socket = await node.connect();
    await socket.write(`GET /health HTTP/1.1\r\nHost: localhost\r\n${header}\r\n\r\n`);
    expectRefused(await socket.outcome());
  });

  it('headers of 60 kB in one line: taken, as by Dkron', async () => {
    const socket = await node.connect();
    await socket.write(`GET /health HTTP/1.1\r\nHost: localhost\r\nX-Large: ${'a'.repeat(60_000)}\r\n\r\n`);
    expect(await socket.outcome()).toBe(200);
  });

  it('a path of 1 MB: refused', async () => {
    const socket = await node.connect();
    await socket.write(`GET /${'a'.repeat(1_000_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    expectRefused(await socket.outcome());
  });
});

describe('slow and piecewise, but right', () => {
  it('takes a body in chunks', async () => {
    const text = job('chunked');
    const pieces = [text.slice(0, 7), text.slice(7, 8), text.slice(8)];
    const answer = await node.ask({ method: 'POST', path: '/v1/jobs' }, { pieces });
    expect(answer.status).toBe(201);
    expect((await node.ask({ method: 'DELETE', path: '/v1/jobs/chunked' })).status).toBe(200);
  });

  it('takes a request byte by byte', async () => {
    const socket = await node.connect();
    const bytes = head(`Content-Length: ${Buffer.byteLength(job('slow'))}`, 'Connection: close') + job('slow');
    for (const byte of bytes) await socket.write(byte);
    expect(await socket.outcome()).toBe(201);
    expect(await exists('slow')).toBe(true);
    expect((await node.ask({ method: 'DELETE', path: '/v1/jobs/slow' })).status).toBe(200);
  });

  it('answers reads that come in one packet, in their order', async () => {
    const socket = await node.connect();
    const read = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
    await socket.write(`${read('/v1/jobs/keeper')}${read('/v1/jobs/none')}${get}`);
    const statuses = await waitUntil(
      () => {
        const found = [...socket.received.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((match) => match[1]);
        return found.length >= 3 ? found : undefined;
      },
      { what: 'three answers', seen: () => socket.received },
    );
    expect(statuses).toEqual(['200', '404', '200']);
  });

  it('answers or closes when requests come behind a write that is not answered yet', async () => {
    const socket = await node.connect();
    const create = `${head(`Content-Length: ${Buffer.byteLength(job('piped'))}`)}${job('piped')}`;
    await socket.write(`${create}${get}`);
    const outcome = await socket.outcome();
    expect(['closed', 201]).toContain(outcome);
    if (outcome === 201) expect(await exists('piped')).toBe(true);
    // Without an answer the write may have happened or not.
    await node.create(definition({ name: 'piped' }));
    expect((await node.ask({ method: 'DELETE', path: '/v1/jobs/piped' })).status).toBe(200);
  });

  it('outlives clients that leave before their answer', async () => {
    for (let i = 0; i < 50; i++) {
      const socket = await node.connect();
      await socket.write('GET /v1/jobs?pretty HTTP/1.1\r\nHost: localhost\r\n\r\n');
      socket.reset();
    }
    for (let i = 0; i < 50; i++) {
      const socket = await node.connect();
      await socket.write(head(`Content-Length: ${Buffer.byteLength(job('left'))}`) + job('left'));
      socket.reset();
    }
    await node.ask({ method: 'DELETE', path: '/v1/jobs/left' });
  });
});
