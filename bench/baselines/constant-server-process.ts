import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { loadUws, type Uws, type UwsResponse } from '../../src/adapters/http/uws-module.ts';
import type { ConstantAnswer } from './constant-server.ts';

/**
 * A bare server: takes each request to its end, looks at nothing, sends the answer of its path. On uWebSockets.js, or,
 * where that has no binary that loads, on what Carillon falls back to there.
 */
process.once('disconnect', () => process.exit(0));
process.once('message', (answers: readonly ConstantAnswer[]) => {
  const loaded = loadUws();
  if (loaded.ok) serve(loaded.uws, answers);
  else serveByNode(answers);
});

function serve(uws: Uws, answers: readonly ConstantAnswer[]): void {
  const app = uws.App();
  for (const answer of answers) {
    app.any(answer.path, (response, request) => {
      let isAborted = false;
      response.onAborted(() => {
        isAborted = true;
      });
      if (request.getCaseSensitiveMethod() !== 'POST') return send(response, answer);
      response.onData((_chunk, isLast) => {
        if (isLast && !isAborted) send(response, answer);
      });
    });
  }
  app.listen('127.0.0.1', 0, uws.LIBUS_LISTEN_EXCLUSIVE_PORT, (socket) => {
    if (socket === false) throw new Error('no port to listen on');
    process.send?.(uws.us_socket_local_port(socket));
  });
}

function send(response: UwsResponse, { status, headers, body }: ConstantAnswer): void {
  response.cork(() => {
    response.writeStatus(status);
    for (const [name, value] of headers) response.writeHeader(name, value);
    response.end(body, false);
  });
}

function serveByNode(answers: readonly ConstantAnswer[]): void {
  const byPath = new Map(answers.map((answer) => [answer.path, answer]));
  const server = createServer((request, response) => {
    const answer = byPath.get((request.url ?? '').split('?')[0] ?? '');
    request.resume().once('end', () => {
      for (const [name, value] of answer?.headers ?? []) response.setHeader(name, value);
      response.statusCode = Number.parseInt(answer?.status ?? '404', 10);
      response.end(answer?.body);
    });
  });
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
}
