import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Socket, type Server as TcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { endingOf } from '../../../src/core/dispatch/held-work.ts';
import { limits } from '../../../src/core/limits.ts';
import { createHttpExecutor } from '../../../src/executors/http/executor.ts';
import { PreparedRequests } from '../../../src/executors/http/prepared-requests.ts';
import type { ExecutionHandle, ExecutionResult, Executor } from '../../../src/executors/types.ts';

type Config = Record<string, string>;
type Listening = Server | TlsServer | TcpServer;

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

let executor: Executor;
const servers = new Set<Listening>();
const sockets = new Set<Socket>();

beforeEach(() => {
  executor = createHttpExecutor({ version: '1.2.3' });
});

afterEach(async () => {
  await new Promise<void>((resolve) => executor.close(resolve));
  for (const socket of sockets) socket.destroy();
  await Promise.all([...servers].map((server) => new Promise((resolve) => server.close(resolve))));
  servers.clear();
  sockets.clear();
});

async function listen(server: Listening): Promise<string> {
  servers.add(server);
  server.on('connection', (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const serve = async (handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> =>
  `http://${await listen(createServer(handle))}`;

/** A server that is no HTTP server: it gets the bytes of a request. */
const serveRaw = async (handle: (socket: Socket) => void): Promise<string> =>
  `http://${await listen(createTcpServer((socket) => socket.on('error', () => undefined).once('data', () => handle(socket))))}`;

function begin(config: Config, limitBytes = 256_000): { handle: ExecutionHandle; ended: Promise<ExecutionResult> } {
  let resolveEnded: (result: ExecutionResult) => void = () => undefined;
  const ended = new Promise<ExecutionResult>((resolve) => {
    resolveEnded = resolve;
  });
  const request = {
    executionId: '1-n0',
    jobName: 'job1',
    scheduledAtMs: 0,
    attempt: 1,
    config,
    outputLimitBytes: limitBytes,
  };
  const handle = executor.start(request, { output: () => undefined, ended: resolveEnded });
  return { handle, ended };
}

const run = (config: Config, limitBytes?: number): Promise<ExecutionResult> => begin(config, limitBytes).ended;

/** What Dkron records of the attempt. */
async function recorded(config: Config): Promise<{ readonly success: boolean; readonly output: string }> {
  const { success, output } = endingOf(await run(config), null, 256_000);
  return { success, output: text(output) };
}

const echo = (request: IncomingMessage, response: ServerResponse): void => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks).toString();
    response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body }));
  });
};

interface Echoed {
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

const echoed = async (config: Config): Promise<Echoed> => {
  const { success, error, output } = await run(config);
  expect({ success, error }).toEqual({ success: true, error: '' });
  return JSON.parse(text(output)) as Echoed;
};

describe('recorded executions of Dkron', () => {
  interface Line {
    readonly case: number;
    readonly step: number;
    readonly body?: string;
    readonly response?: string;
  }
  const lines = readFileSync(new URL('../../fixtures/dkron-golden/http.jsonl', import.meta.url), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
  const cases = [...new Set(lines.map((line) => line.case))].flatMap((number) => {
    const steps = lines.filter((line) => line.case === number);
    const job = JSON.parse(steps.find(({ step }) => step === 0)?.body ?? '') as {
      readonly name: string;
      readonly executor: string;
      readonly executor_config: Config;
    };
    const [execution] = JSON.parse(steps.find(({ step }) => step === 3)?.response ?? '') as {
      readonly success: boolean;
      readonly output: string;
    }[];
    return job.executor === 'http' ? [{ job, expected: execution }] : [];
  });

  it('are some', () => expect(cases.length).toBeGreaterThan(8));

  it.each(cases)('$job.name', async ({ job, expected }) => {
    const api = await serve((request, response) => {
      if (request.url === '/health') response.end('{"status":"healthy"}');
      else if (request.url === '/v1/') response.writeHead(301, { Location: '/v1' }).end();
      else if (request.url === '/v1') response.end(expected?.output);
      else if (request.method === 'POST') response.writeHead(201).end(expected?.output);
      else response.writeHead(404).end('404 page not found');
    });
    const there = (content: string): string => content.replaceAll('{{api}}', api);
    const config = Object.fromEntries(Object.entries(job.executor_config).map(([key, value]) => [key, there(value)]));
    expect(await recorded(config)).toEqual({ success: expected?.success, output: there(expected?.output ?? '') });
  });
});

describe('config that names no request', () => {
  it.each([
    [{}, 'url is empty'],
    [{ url: '', method: 'GET' }, 'url is empty'],
    [{ url: 'http://127.0.0.1/' }, 'method is empty'],
    [{ url: 'http://127.0.0.1/', method: 'G T' }, 'net/http: invalid method "G T"'],
    [{ url: 'http://a b/', method: 'GET' }, 'parse "http://a b/": invalid character " " in host name'],
    [{ url: '127.0.0.1:1', method: 'GET' }, 'parse "127.0.0.1:1": first path segment in URL cannot contain colon'],
    [{ url: 'localhost', method: 'GET' }, 'Get "localhost": unsupported protocol scheme ""'],
    [{ url: 'ftp://a/', method: 'PUT' }, 'Put "ftp://a/": unsupported protocol scheme "ftp"'],
    [{ url: 'http://', method: 'get' }, 'get "http:": http: no Host in request URL'],
    [{ url: 'http://a:99999/', method: 'GET' }, 'Get "http://a:99999/": dial tcp: address 99999: invalid port'],
    [
      { url: 'http://a/', method: 'GET', headers: '["a b: c"]' },
      'Get "http://a/": net/http: invalid header field name "a b"',
    ],
    [
      { url: 'http://a/', method: 'GET', headers: '["a: b\\u0000"]' },
      'Get "http://a/": net/http: invalid header field value for "A"',
    ],
    [{ url: 'http://a/', method: 'GET', headers: '["nocolon"]' }, 'header "nocolon" has no colon: write "Name: value"'],
  ] as const)('%j', async (config, error) => {
    expect(await run(config)).toEqual({ success: false, error, output: new Uint8Array(0), droppedBytes: 0 });
  });
});

describe('a network failure has the text of Go', () => {
  it('refused', async () => {
    const error = 'Get "http://127.0.0.1:1/x": dial tcp 127.0.0.1:1: connect: connection refused';
    expect(await run({ url: 'http://127.0.0.1:1/x', method: 'GET' })).toMatchObject({ success: false, error });
  });

  it('refused, with a password in the URL', async () => {
    const error = 'Get "http://u:***@127.0.0.1:1/": dial tcp 127.0.0.1:1: connect: connection refused';
    expect(await run({ url: 'http://u:secret@127.0.0.1:1/', method: 'GET' })).toMatchObject({ error });
  });

  it('closed without an answer', async () => {
    const url = await serveRaw((socket) => socket.end());
    expect(await run({ url, method: 'GET' })).toMatchObject({ success: false, error: `Get "${url}": EOF` });
  });

  it('closed within the body: nothing of it is kept', async () => {
    const url = await serveRaw((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc'));
    expect(await run({ url, method: 'GET' })).toMatchObject({ error: 'unexpected EOF', output: new Uint8Array(0) });
  });

  it('an answer that is not HTTP', async () => {
    const url = await serveRaw((socket) => socket.end('garbage\r\n\r\n'));
    const error = `Get "${url}": net/http: HTTP/1.x transport connection broken: malformed HTTP response`;
    expect(await run({ url, method: 'GET' })).toMatchObject({ error });
  });

  it('an unknown name', async () => {
    const { error } = await run({ url: 'http://nosuch.invalid/', method: 'GET' });
    expect(error).toMatch(/^Get "http:\/\/nosuch\.invalid\/": dial tcp: lookup nosuch\.invalid on \S+:53: \S/);
  });

  it('a timeout before the headers', async () => {
    const url = await serveRaw(() => undefined);
    const error = `Get "${url}": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`;
    expect(await run({ url, method: 'GET', timeout: '1' })).toMatchObject({ success: false, error });
  });

  it('a timeout within the body', async () => {
    const url = await serveRaw((socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc'));
    const error = 'context deadline exceeded (Client.Timeout or context cancellation while reading body)';
    expect(await run({ url, method: 'GET', timeout: '1' })).toMatchObject({ success: false, error });
  });
});

describe('stopping', () => {
  it('aborts the request', async () => {
    let arrived: () => void = () => undefined;
    const arrival = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const url = await serveRaw(() => arrived());
    const { handle, ended } = begin({ url, method: 'GET' });
    await arrival;
    handle.stop(1_000);
    handle.stop(1_000);
    expect(await ended).toMatchObject({ success: false, error: `Get "${url}": context canceled` });
  });

  it('before the request is sent keeps it from being sent', async () => {
    const url = await serve(echo);
    const { handle, ended } = begin({ url, method: 'GET' });
    handle.stop(0);
    expect(await ended).toMatchObject({ success: false, error: `Get "${url}": context canceled` });
  });

  it('of the executor ends what runs', async () => {
    const url = await serveRaw(() => undefined);
    const { ended } = begin({ url, method: 'GET' });
    await new Promise<void>((resolve) => executor.close(resolve));
    expect(await ended).toMatchObject({ success: false });
    executor = createHttpExecutor({ version: '1.2.3' });
  });
});

describe('stopping in the queue', () => {
  it('ends at once what waits for a connection', async () => {
    let arrived = 0;
    let allArrived: () => void = () => undefined;
    const arrivals = new Promise<void>((resolve) => {
      allArrived = resolve;
    });
    const url = await serveRaw(() => {
      arrived += 1;
      if (arrived === limits.httpConnectionsPerHost) allArrived();
    });
    const busy = Array.from({ length: limits.httpConnectionsPerHost }, () => begin({ url, method: 'GET' }));
    await arrivals;
    const { handle, ended } = begin({ url, method: 'GET' });
    await Promise.resolve();
    handle.stop(0);
    expect(await ended).toMatchObject({ success: false, error: `Get "${url}": context canceled` });
    for (const each of busy) each.handle.stop(0);
    await Promise.all(busy.map((each) => each.ended));
    expect(arrived).toBe(limits.httpConnectionsPerHost);
  });
});

describe('the request', () => {
  it('is kept ready for the next time, and only for the same config', async () => {
    const url = await serve(echo);
    const first = await echoed({ url: `${url}/a`, method: 'POST', headers: '["X-A: 1"]', body: 'one' });
    expect(await echoed({ url: `${url}/a`, method: 'POST', headers: '["X-A: 1"]', body: 'one' })).toEqual(first);
    const other = await echoed({ url: `${url}/a`, method: 'POST', headers: '["X-A: 2"]', body: 'two' });
    expect(other).toMatchObject({ body: 'two', headers: { 'x-a': '2' } });
  });

  it('is not kept ready for ever', () => {
    const requests = new PreparedRequests('test');
    for (let n = 0; n < limits.httpRequests + 10; n += 1) requests.of({ url: `http://a/${n}`, method: 'GET' });
    requests.of({ url: `http://a/${'x'.repeat(limits.httpRequestChars)}`, method: 'GET' });
    expect(requests.size).toBe(limits.httpRequests);
  });

  it('carries method, path, headers and body as written', async () => {
    const url = await serve(echo);
    const headers = '["x-api-KEY: a:b: c ","Accept: */*","X-A: 1","x-a: ü"]';
    const got = await echoed({ url: `${url}/ä/%20?q=1&a b`, method: 'PATCH', headers, body: 'böd\u0000y' });
    expect(got).toMatchObject({ method: 'PATCH', url: '/%C3%A4/%20?q=1&a%20b', body: 'böd\u0000y' });
    expect(got.headers).toEqual({
      host: url.slice('http://'.length),
      connection: 'keep-alive',
      'user-agent': 'Carillon/1.2.3',
      'accept-encoding': 'gzip',
      'x-api-key': 'a:b: c',
      accept: '*/*',
      'x-a': 'Ã¼',
      'content-length': '6',
    });
  });

  it('takes a body with any method', async () => {
    expect(await echoed({ url: await serve(echo), method: 'GET', body: 'x' })).toMatchObject({
      method: 'GET',
      body: 'x',
    });
  });

  it('says that a POST has no body', async () => {
    const { headers } = await echoed({ url: await serve(echo), method: 'POST' });
    expect(headers['content-length']).toBe('0');
  });

  it('keeps its own headers for itself, and lets the agent be named', async () => {
    const url = await serve(echo);
    const { headers } = await echoed({
      url,
      method: 'GET',
      headers:
        '["Host: other","Content-Length: 5","Connection: close","Expect: 100-continue","User-Agent: me","Accept-Encoding: br"]',
    });
    expect(headers).toEqual({
      host: url.slice('http://'.length),
      connection: 'keep-alive',
      'user-agent': 'me',
      'accept-encoding': 'br',
    });
  });

  it('names the user of the URL, unless the headers do', async () => {
    const url = (await serve(echo)).replace('//', '//u:p%40@');
    expect((await echoed({ url, method: 'GET' })).headers.authorization).toBe(`Basic ${btoa('u:p@')}`);
    const headers = '["Authorization: Bearer x"]';
    expect((await echoed({ url, method: 'GET', headers })).headers.authorization).toBe('Bearer x');
  });

  it.each([
    ['{"A":"b"}', []],
    ['[', []],
    ['["A: b", 1]', ['b']],
  ] as const)('warns of headers that are none: %s', async (headers, values) => {
    const url = await serve((request, response) => response.end(request.headers.a ?? ''));
    const { success, output } = await run({ url, method: 'GET', headers });
    expect(success).toBe(true);
    expect(text(output)).toBe(`Error: parsing headers failed\n${values.join('')}`);
  });
});

describe('the answer', () => {
  it.each([
    ['', 500, true],
    ['200', 200, true],
    ['200', 201, false],
    ['200,404', 404, true],
    ['1200', 200, true],
    ['201, 200', 200, true],
    ['201 ,200', 201, false],
  ] as const)('expectCode %j and status %d: %s', async (expectCode, status, success) => {
    const url = await serve((_request, response) => response.writeHead(status).end('body'));
    const error = success ? '' : 'received response code does not match the expected code';
    const result = await run({ url, method: 'GET', expectCode });
    expect({ ...result, output: text(result.output) }).toEqual({ success, error, output: 'body', droppedBytes: 0 });
  });

  it.each([
    ['health', true],
    ['^\\{"status":"\\w+"\\}$', true],
    ['(?i)HEALTHY', true],
    ['(?P<word>heal)thy', true],
    ['sick', false],
    ['(', false],
    ['(?=h)', false],
  ] as const)('expectBody %j: %s', async (expectBody, success) => {
    const url = await serve((_request, response) => response.end('{"status":"healthy"}'));
    const error = success ? '' : 'received response body did not match the expected body';
    expect(await run({ url, method: 'GET', expectBody })).toMatchObject({ success, error });
  });

  it('is judged by its code before its body', async () => {
    const url = await serve((_request, response) => response.writeHead(500).end());
    const error = 'received response code does not match the expected code';
    expect(await run({ url, method: 'GET', expectCode: '200', expectBody: 'x' })).toMatchObject({ error });
  });

  it('keeps its last bytes, and counts the rest', async () => {
    const url = await serve((_request, response) => {
      for (let part = 0; part < 100; part += 1) response.write('x'.repeat(9_999) + String(part % 10));
      response.end('the end');
    });
    const { output, droppedBytes } = await run({ url, method: 'GET' }, 1_000);
    expect(text(output)).toBe(`${'x'.repeat(1_000 - 8)}9the end`);
    expect(droppedBytes).toBe(1_000_007 - 1_000);
  });

  it('is matched beyond what is kept', async () => {
    const url = await serve((_request, response) => response.end(`needle${'x'.repeat(500_000)}`));
    expect(await run({ url, method: 'GET', expectBody: 'needle' }, 1_000)).toMatchObject({
      success: true,
      droppedBytes: 499_006,
    });
  });

  it('is unpacked when it was packed at our wish', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync('plain'));
    });
    expect(text((await run({ url, method: 'GET' })).output)).toBe('plain');
    const headers = '["Accept-Encoding: gzip"]';
    expect((await run({ url, method: 'GET', headers })).output).toEqual(new Uint8Array(gzipSync('plain')));
  });

  it('is unpacked in pieces, however much it is', async () => {
    const plain = Array.from({ length: 200_000 }, (_, n) => String(n)).join(' ');
    const url = await serve((_request, response) => {
      const packed = gzipSync(plain);
      response.writeHead(200, { 'Content-Encoding': 'gzip' });
      for (let at = 0; at < packed.length; at += 10_000) response.write(packed.subarray(at, at + 10_000));
      response.end();
    });
    const { output, droppedBytes } = await run({ url, method: 'GET' }, 100);
    expect(text(output)).toBe(plain.slice(-100));
    expect(droppedBytes).toBe(plain.length - 100);
  });

  it('that is not packed as it says fails', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'Content-Encoding': 'gzip' }).end('plain');
    });
    expect(await run({ url, method: 'GET' })).toMatchObject({ success: false, error: 'incorrect header check' });
  });

  it('that ends in the middle of what is packed fails', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync('plain').subarray(0, 12));
    });
    expect(await run({ url, method: 'GET' })).toMatchObject({ success: false, error: 'unexpected end of file' });
  });
});

describe('redirects', () => {
  const redirecting = (status: number): Promise<string> =>
    serve((request, response) => {
      if (request.url === '/start') response.writeHead(status, { Location: 'end?q' }).end('moved');
      else echo(request, response);
    });

  it.each([
    [301, 'POST', 'GET', ''],
    [302, 'POST', 'GET', ''],
    [303, 'PUT', 'GET', ''],
    [307, 'POST', 'POST', 'b'],
    [308, 'PUT', 'PUT', 'b'],
    [302, 'HEAD', 'HEAD', ''],
  ] as const)('%d turns %s into %s', async (status, method, method2, body) => {
    const url = await redirecting(status);
    if (method === 'HEAD') {
      expect(await run({ url: `${url}/start`, method, expectCode: '200' })).toMatchObject({ success: true });
      return;
    }
    const headers = '["Content-Type: text/plain","X-A: b"]';
    const got = await echoed({ url: `${url}/start`, method, headers, body: 'b' });
    expect(got).toMatchObject({ method: method2, url: '/end?q', body });
    expect(got.headers).toMatchObject({ referer: `${url}/start`, 'x-a': 'b' });
    expect(got.headers['content-type']).toBe(body === '' ? undefined : 'text/plain');
  });

  it('take credentials to the same host only', async () => {
    const port = (await serve(echo)).split(':').at(-1);
    const headers = '["Authorization: secret","X-A: b"]';
    const start = await serve((request, response) => {
      const host = request.url === '/same' ? '127.0.0.1' : 'localhost';
      response.writeHead(302, { Location: `http://${host}:${port}/` }).end();
    });
    expect((await echoed({ url: `${start}/same`, method: 'GET', headers })).headers).toMatchObject({
      authorization: 'secret',
    });
    // The server listens on 127.0.0.1 only, which `localhost` is too.
    const other = (await echoed({ url: `${start}/other`, method: 'GET', headers })).headers;
    expect([other.authorization, other['x-a']]).toEqual([undefined, 'b']);
  });

  it('without a Location are answers', async () => {
    const url = await serve((_request, response) => response.writeHead(302).end('here'));
    expect(text((await run({ url, method: 'GET' })).output)).toBe('here');
  });

  it('are followed past a long body', async () => {
    const url = await serve((request, response) => {
      if (request.url === '/start') response.writeHead(302, { Location: 'end' }).end('x'.repeat(1_000_000));
      else echo(request, response);
    });
    expect(await echoed({ url: `${url}/start`, method: 'GET' })).toMatchObject({ url: '/end' });
  });

  it('are followed ten times', async () => {
    let requests = 0;
    const url = await serve((_request, response) => {
      requests += 1;
      response.writeHead(302, { Location: `/${requests}` }).end();
    });
    expect(await run({ url, method: 'POST' })).toMatchObject({ error: 'Post "/10": stopped after 10 redirects' });
    expect(requests).toBe(10);
  });

  it.each([
    ['ftp://x/', 'Get "ftp://x/": unsupported protocol scheme "ftp"'],
    ['http://[/', `Get "URL": failed to parse Location header "http://[/": parse "http://[/": missing ']' in host`],
  ])('to %s fail', async (location, error) => {
    const url = await serve((_request, response) => response.writeHead(302, { Location: location }).end());
    expect(await run({ url, method: 'GET' })).toMatchObject({ error: error.replace('URL', url) });
  });
});

describe('settings of the client', () => {
  it.each([
    [{ timeout: 'abc' }, 'Warning: invalid timeout value: strconv.Atoi: parsing "abc": invalid syntax.\n'],
    [{ timeout: '30s' }, 'Warning: invalid timeout value: strconv.Atoi: parsing "30s": invalid syntax.\n'],
    [
      { timeout: '99999999999999999999' },
      'Warning: invalid timeout value: strconv.Atoi: parsing "99999999999999999999": value out of range.\n',
    ],
    [
      { tlsNoVerifyPeer: 'yes' },
      'Warning: not disabling certificate validation: strconv.ParseBool: parsing "yes": invalid syntax.\n',
    ],
    [
      { tlsRootCAsFile: '/nope' },
      'Warning: using system root CAs instead of configured CAs: open /nope: no such file or directory.\n',
    ],
    [
      { tlsCertificateFile: '/nope' },
      'Warning: not using client certificate: open /nope: no such file or directory.\n',
    ],
    [{ timeout: '0' }, ''],
    [{ timeout: '-1' }, ''],
    [{ timeout: '+2' }, ''],
  ] as const)('%j', async (settings, warning) => {
    const url = await serve((_request, response) => response.end('ok'));
    expect(text((await run({ url, method: 'GET', ...settings })).output)).toBe(`${warning}ok`);
    // Warned of when the client is made, as in Dkron.
    expect(text((await run({ url, method: 'GET', ...settings })).output)).toBe('ok');
  });

  it('with debug shows all of the config', async () => {
    const { output } = await run({ debug: '1', b: 'tab\t"q" \\ ü \u0001', a: '' });
    expect(text(output)).toBe('Config: map[string]string{"a":"", "b":"tab\\t\\"q\\" \\\\ ü \\x01", "debug":"1"}\n');
  });
});

describe('TLS', () => {
  let folder = '';
  let keys = { cert: '', key: '' };
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'carillon-http-'));
    const [certificate, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '30'],
        ...['-subj', '/CN=test', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', certificate],
      ],
      { stdio: 'ignore' },
    );
    keys = { cert: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') };
    writeFileSync(join(folder, 'empty.pem'), '');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const serveTls = async (): Promise<string> => {
    const server = createTlsServer({ ...keys, requestCert: true, rejectUnauthorized: false }, (request, response) => {
      const socket = request.socket as import('node:tls').TLSSocket;
      response.end(`hello ${socket.getPeerCertificate().subject?.CN ?? 'stranger'}`);
    });
    server.on('tlsClientError', () => undefined);
    return `https://${await listen(server)}`;
  };

  it('refuses what it does not trust', async () => {
    const url = await serveTls();
    const error = `Get "${url}": tls: failed to verify certificate: x509: certificate signed by unknown authority`;
    expect(await run({ url, method: 'GET' })).toMatchObject({ success: false, error });
  });

  it('trusts what it is told to', async () => {
    const config = { url: await serveTls(), method: 'GET', tlsRootCAsFile: join(folder, 'cert.pem') };
    expect(text((await run(config)).output)).toBe('hello stranger');
  });

  it('trusts anything when told so', async () => {
    const config = { url: await serveTls(), method: 'GET', tlsNoVerifyPeer: 'true' };
    expect(text((await run(config)).output)).toBe('hello stranger');
  });

  it('shows its own certificate', async () => {
    const config = {
      url: await serveTls(),
      method: 'GET',
      tlsNoVerifyPeer: 'true',
      tlsCertificateFile: join(folder, 'cert.pem'),
      tlsCertificateKeyFile: join(folder, 'key.pem'),
    };
    expect(text((await run(config)).output)).toBe('hello test');
  });

  it('warns of a file without a certificate', async () => {
    const config = {
      url: await serveTls(),
      method: 'GET',
      tlsRootCAsFile: join(folder, 'empty.pem'),
      tlsNoVerifyPeer: '1',
    };
    expect(text((await run(config)).output)).toMatch(/^Warning: using system root CAs instead of configured CAs: /);
  });

  it('tells a plain server from a TLS server', async () => {
    const url = (await serve(echo)).replace('http:', 'https:');
    const error = `Get "${url}": http: server gave HTTP response to HTTPS client`;
    expect(await run({ url, method: 'GET' })).toMatchObject({ error });
  });
});
