import type { HttpHandler, HttpServer, HttpServerFactory } from '../api/http.ts';
import { NodeServer } from './http/node-server.ts';
import { loadUws } from './http/uws-module.ts';
import { UwsServer } from './http/uws-server.ts';

import { connectionLimit, openFileLimit } from './open-files.ts';

type Warn = (message: string, reason: string) => void;

/** By address, the servers of this thread. A failed actor leaves its server behind; the next one takes its place. */
const listening = new Map<string, HttpServer>();

/**
 * Makes HTTP servers on uWebSockets.js, or on Node's own server where that has no binary that loads, of which `warn`
 * hears.
 */
export function httpServerFactory(warn: Warn): HttpServerFactory {
  return (handler) => {
    const server = makeServer(handler, warn);
    let key = '';
    return {
      engine: server.engine,
      listen: (host, port, done) => {
        key = `${host}:${port}`;
        if (port !== 0) {
          listening.get(key)?.close();
          listening.set(key, server);
        }
        server.listen(host, port, done);
      },
      drain: (done) => server.drain(done),
      close: () => {
        if (listening.get(key) === server) listening.delete(key);
        server.close();
      },
    };
  };
}

function makeServer(handler: HttpHandler, warn: Warn): HttpServer {
  const loaded = loadUws();
  const mostConnections = connectionLimit(openFileLimit());
  if (loaded.ok) return new UwsServer(loaded.uws, handler, mostConnections);
  warn('uWebSockets.js does not load here: HTTP is served by node:http, at twice the CPU', loaded.error);
  return new NodeServer(handler, mostConnections);
}
