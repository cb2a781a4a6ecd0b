import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import { Agent, buildConnector } from 'undici';
import { limits } from '../../core/limits.ts';
import { type ClientSettings, clientKey, readClientSettings } from './settings.ts';

/** A pool of connections with one timeout and one set of TLS settings. */
export interface HttpClient {
  readonly agent: Agent;
  readonly timeoutMs: number | null;
}

export interface LeasedClient {
  readonly client: HttpClient;
  /** Output lines about settings that could not be used; only for the first user of a client, as in Dkron. */
  readonly warnings: readonly string[];
}

/** Clients by their settings; the one not used for longest goes when there are too many (limits.httpClients). */
export class HttpClients {
  readonly #clients = new Map<string, HttpClient>();
  readonly #closing = new Set<Promise<void>>();

  get size(): number {
    return this.#clients.size;
  }

  lease(config: Readonly<Record<string, string>>): LeasedClient {
    const key = clientKey(config);
    const known = this.#clients.get(key);
    if (known !== undefined) {
      // Iteration is in the order of insertion: the first is the one not used for longest.
      this.#clients.delete(key);
      this.#clients.set(key, known);
      return { client: known, warnings: [] };
    }
    const settings = readClientSettings(config);
    const client = { agent: createAgent(settings), timeoutMs: settings.timeoutMs };
    this.#clients.set(key, client);
    this.#evict();
    return { client, warnings: settings.warnings };
  }

  async close(): Promise<void> {
    const agents = [...this.#clients.values()].map(({ agent }) => agent.destroy());
    this.#clients.clear();
    await Promise.all([...agents, ...this.#closing]);
  }

  #evict(): void {
    for (const [key, { agent }] of this.#clients) {
      if (this.#clients.size <= limits.httpClients) return;
      this.#clients.delete(key);
      // Requests under way end first.
      const closing = agent.close().finally(() => this.#closing.delete(closing));
      this.#closing.add(closing);
    }
  }
}

/**
 * An idle connection is closed after limits.httpIdleMs, sooner than common servers do: a request on a connection that
 * its server is just closing would fail, and must not be sent twice. Timeouts are the executor's own, over all of an
 * exchange.
 */
function createAgent(settings: ClientSettings): Agent {
  return new Agent({
    connections: limits.httpConnectionsPerHost,
    pipelining: 1,
    keepAliveTimeout: limits.httpIdleMs,
    keepAliveMaxTimeout: limits.httpIdleMs,
    headersTimeout: 0,
    bodyTimeout: 0,
    maxHeaderSize: limits.httpHeaderBytes,
    connect: createConnector(settings),
  });
}

function createConnector(settings: ClientSettings): buildConnector.connector {
  let secureContext: SecureContext | null = null;
  const plain = buildConnector({ timeout: 0 });
  const secured = (): buildConnector.connector => {
    // Made at the first TLS connection: parsing the system's certificates takes milliseconds.
    secureContext ??= createSecureContext({
      ca: settings.rootCertificates ?? systemRoots(),
      cert: settings.clientCertificate?.certificate,
      key: settings.clientCertificate?.key,
    });
    return buildConnector({ timeout: 0, secureContext, rejectUnauthorized: settings.verifyPeer });
  };
  let tls: buildConnector.connector | null = null;
  return (options, callback) => {
    if (options.protocol !== 'https:') return plain(options, callback);
    tls ??= secured();
    const socket: unknown = tls(options, callback);
    if (socket instanceof TLSSocket) limitHandshake(socket);
  };
}

function limitHandshake(socket: TLSSocket): void {
  socket.once('connect', function (this: Socket) {
    const timer = setTimeout(() => {
      this.destroy(new Error('net/http: TLS handshake timeout'));
    }, limits.httpTlsHandshakeMs);
    const stop = (): void => clearTimeout(timer);
    this.once('secureConnect', stop).once('close', stop);
  });
}

/** Where Unix systems keep the certificates they trust; Go looks there too. */
const systemRootFiles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/tls/cacert.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/** Null where there are none: then Node.js's own list counts. */
function systemRoots(): Buffer | undefined {
  const chosen = process.env.SSL_CERT_FILE;
  for (const file of chosen === undefined || chosen === '' ? systemRootFiles : [chosen]) {
    try {
      return readFileSync(file);
    } catch {
      // Each system has one of them.
    }
  }
  return undefined;
}
