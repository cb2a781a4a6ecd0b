import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { request } from 'undici';
import type { Scope } from '../frame/scope.ts';

const program = fileURLToPath(new URL('../../actors/main.js', import.meta.url));
const startTries = 3;
const readyWithinMs = 30_000;
const readyPollMs = 20;
const keptOutput = 20_000;

/** A real node in a process of its own, with an empty data directory; ended with the scope. Resolves with its URL. */
export async function startNodeProcess(scope: Scope): Promise<string> {
  const directory = scope.makeDirectory();
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await tryToStart(scope, join(directory, `data${attempt}`));
    } catch (error) {
      // Somebody else may have taken a port between the look and the bind.
      if (attempt === startTries) throw error;
    }
  }
}

async function tryToStart(scope: Scope, dataDirectory: string): Promise<string> {
  const [httpPort, gossipPort, rpcPort] = await freePorts(3);
  const flags = [
    '--server',
    '--bootstrap-expect=1',
    '--node-name=bench',
    '--log-level=warn',
    `--http-addr=127.0.0.1:${httpPort}`,
    `--bind-addr=127.0.0.1:${gossipPort}`,
    `--rpc-port=${rpcPort}`,
    `--data-dir=${dataDirectory}`,
  ];
  const child = spawn(process.execPath, [program, 'agent', ...flags], {
    cwd: scope.parentDirectory,
    env: { PATH: process.env.PATH, TZ: 'UTC' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  scope.ownProcess(child);
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output = (output + text).slice(-keptOutput);
  });
  let hasEnded = false;
  child.once('close', () => {
    hasEnded = true;
  });
  const url = `http://127.0.0.1:${httpPort}`;
  const deadline = performance.now() + readyWithinMs;
  while (!(await isReady(url))) {
    if (hasEnded) throw new Error(`the node ended before it served:\n${output}`);
    if (performance.now() > deadline) throw new Error(`the node does not serve:\n${output}`);
    await pause(readyPollMs);
  }
  return url;
}

async function isReady(url: string): Promise<boolean> {
  try {
    const { statusCode, body } = await request(`${url}/health/ready`);
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
