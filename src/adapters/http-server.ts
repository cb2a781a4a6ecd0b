import type { HttpServer, HttpServerFactory } from '../api/http.ts';
import { NodeServer } from './http/node-server.ts';
import { loadUws } from './http/uws-module.ts';
import { UwsServer } from './http/uws-server.ts';

type Warn = (message: string, reason: string) => void;

/**
 * Makes the HTTP servers of one actor: on uWebSockets.js, or on Node's own server where that has no binary that loads,
 * of which `warn` hears. A failed actor leaves its server behind; the next one takes its place.
 */
export function httpServerFactory(warn: Warn): HttpServerFactory {
  let current: HttpServer | null = null;
  return (handler) => {
    current?.close();
    const loaded = loadUws();
    if (!loaded.ok)
      warn('uWebSockets.js does not load here: HTTP is served by node:http, at twice the CPU', loaded.error);
    current = loaded.ok ? new UwsServer(loaded.uws, handler) : new NodeServer(handler);
    return current;
  };
}
