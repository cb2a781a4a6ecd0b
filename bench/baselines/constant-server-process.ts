import { loadUws, type UwsResponse } from '../../src/adapters/http/uws-module.ts';
import type { ConstantAnswer } from './constant-server.ts';

/** A bare uWebSockets.js server: takes each request to its end, looks at nothing, sends the answer of its path. */
const loaded = loadUws();
if (!loaded.ok) throw new Error(loaded.error);
const { uws } = loaded;

process.once('disconnect', () => process.exit(0));
process.once('message', (answers: readonly ConstantAnswer[]) => serve(answers));

function serve(answers: readonly ConstantAnswer[]): void {
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
