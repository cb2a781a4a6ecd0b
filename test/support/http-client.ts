import http from 'node:http';

export interface HttpRequest {
  readonly method: string;
  /** Sent as it stands: nothing is normalised, so that odd paths arrive odd. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly bytes: Buffer;
  /** The body as UTF-8. */
  readonly text: string;
}

export interface SendOptions {
  readonly timeoutMs?: number;
  /** Write the body as these pieces, one turn of the event loop after the other, without a content length. */
  readonly pieces?: readonly (string | Uint8Array)[];
}

/**
 * One request on a connection of its own: no redirect is followed, nothing is decoded, any status is an answer.
 * Fails when there is no complete answer. An answer that comes before the body was taken counts as one.
 */
export function send(port: number, request: HttpRequest, options: SendOptions = {}): Promise<HttpAnswer> {
  const timeoutMs = options.timeoutMs ?? 30_000;
  return new Promise((resolve, reject) => {
    let answered = false;
    const outgoing = http.request({
      host: '127.0.0.1',
      port,
      method: request.method,
      path: request.path,
      headers: headersOf(request, options),
      agent: false,
      timeout: timeoutMs,
    });
    outgoing.on('response', (incoming) => {
      answered = true;
      collect(incoming, resolve, reject);
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    outgoing.on('error', (error) => {
      if (!answered) reject(new Error(`${request.method} ${request.path.slice(0, 200)}: ${error.message}`));
    });
    if (options.pieces === undefined) outgoing.end(request.body);
    else writePieces(outgoing, options.pieces);
  });
}

function headersOf(request: HttpRequest, options: SendOptions): Record<string, string | number> {
  const headers: Record<string, string | number> = { ...request.headers };
  const hasBody = request.body !== undefined || options.pieces !== undefined;
  if (hasBody && headers['content-type'] === undefined) headers['content-type'] = 'application/json';
  if (request.body !== undefined) headers['content-length'] = Buffer.byteLength(request.body);
  return headers;
}

function collect(incoming: http.IncomingMessage, resolve: (a: HttpAnswer) => void, reject: (e: Error) => void): void {
  const chunks: Buffer[] = [];
  incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
  incoming.on('error', reject);
  incoming.on('close', () => {
    if (!incoming.complete) reject(new Error('the answer was cut off'));
  });
  incoming.on('end', () => {
    const bytes = Buffer.concat(chunks);
    resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, bytes, text: bytes.toString('utf8') });
  });
}

function writePieces(outgoing: http.ClientRequest, pieces: readonly (string | Uint8Array)[]): void {
  const [first, ...rest] = pieces;
  if (first === undefined) {
    outgoing.end();
    return;
  }
  outgoing.write(first);
  setImmediate(() => writePieces(outgoing, rest));
}
