import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { request } from 'undici';
import type { Scope } from '../frame/scope.ts';

const program = fileURLToPath(new URL('../../bundle/actors/main.js', import.meta.url));
const startTries = 3;
const answersWithinMs = 30_000;
/** What is started is measured: no longer than this may its being ready go unnoticed. */
const answerPollMs = 5;
const keptOutput = 20_000;

interface Ports {
  readonly http: number;
  readonly gossip: number;
  readonly rpc: number;
}

/** A real node in a process of its own, with a data directory of its own; ended with the scope. */
export class NodeProcess {
  readonly #scope: Scope;
  readonly #dataDirectory: string;
  readonly #ports: Ports;
  #child: ChildProcess | null = null;
  #output = '';

  private constructor(scope: Scope, dataDirectory: string, ports: Ports) {
    this.#scope = scope;
    this.#dataDirectory = dataDirectory;
    this.#ports = ports;
  }

  /** With an empty data directory; resolves when it serves. */
  static async start(scope: Scope): Promise<NodeProcess> {
    const directory = scope.makeDirectory();
    for (let attempt = 1; ; attempt += 1) {
      const [http = 0, gossip = 0, rpc = 0] = await freePorts(3);
      const node = new NodeProcess(scope, join(directory, `data${attempt}`), { http, gossip, rpc });
      try {
        node.spawn();
        await node.untilAnswers('/health/ready');
        return node;
      } catch (error) {
        // Somebody else may have taken a port between the look and the bind.
        if (attempt === startTries) throw error;
      }
    }
  }

  /** Without a slash at its end. */
  get url(): string {
    return `http://127.0.0.1:${this.#ports.http}`;
  }

  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error('the node does not run');
    return this.#child.pid;
  }

  /** Starts the process, on the same ports and data, and returns at once. */
  spawn(): void {
    const child = spawn(process.execPath, [program, 'agent', ...this.#flags()], {
      cwd: this.#scope.parentDirectory,
      env: { PATH: process.env.PATH, TZ: 'UTC' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#scope.ownProcess(child);
    this.#child = child;
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#output = (this.#output + text).slice(-keptOutput);
    });
  }

  /** Resolves within milliseconds of the first time that `path` is answered with 200. */
  async untilAnswers(path: string): Promise<void> {
    const deadline = performance.now() + answersWithinMs;
    while (!(await isAnswered(`${this.url}${path}`))) {
      if (this.#child?.exitCode !== null) throw new Error(`the node ended before it served:\n${this.#output}`);
      if (performance.now() > deadline) throw new Error(`the node does not serve:\n${this.#output}`);
      await pause(answerPollMs);
    }
  }

  /** Rejects once the process has ended, with what it printed. */
  async failure(): Promise<never> {
    if (this.#child === null) throw new Error('the node does not run');
    const [code, signal]: unknown[] = await once(this.#child, 'close');
    throw new Error(`the node ended with exit code ${code}, signal ${signal}:\n${this.#output}`);
  }

  /** Asks it to end, and waits until it has. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child === null) throw new Error('the node does not run');
    const ended = once(child, 'close');
    child.kill('SIGTERM');
    const [code]: unknown[] = await ended;
    this.#child = null;
    if (code !== 0) throw new Error(`the node ended with exit code ${code}:\n${this.#output}`);
  }

  #flags(): readonly string[] {
    return [
      '--server',
      '--bootstrap-expect=1',
      '--node-name=bench',
      '--log-level=warn',
      `--http-addr=127.0.0.1:${this.#ports.http}`,
      `--bind-addr=127.0.0.1:${this.#ports.gossip}`,
      `--rpc-port=${this.#ports.rpc}`,
      `--data-dir=${this.#dataDirectory}`,
    ];
  }
}

async function isAnswered(url: string): Promise<boolean> {
  try {
    const { statusCode, body } = await request(url);
    await body.dump();
    return statusCode === 200;
  } catch {
    return false;
  }
}

/** Ports on which nothing listens at the moment. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.once('error', reject);
          server.listen({ host: '127.0.0.1', port: 0 }, () => {
            const address = server.address();
            if (address === null || typeof address === 'string') reject(new Error('a server without a port'));
            else resolve(address.port);
          });
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
