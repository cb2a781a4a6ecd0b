import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Scope } from '../frame/scope.ts';

export interface ConstantAnswer {
  readonly path: string;
  readonly status: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** `loaded`: with the packages that a node loads. */
export type ServerKind = 'bare' | 'loaded';

export interface ConstantServer {
  /** Without a slash at its end. */
  readonly url: string;
  readonly pid: number;
}

const programs: Readonly<Record<ServerKind, URL>> = {
  bare: new URL('./constant-server-process.js', import.meta.url),
  loaded: new URL('./loaded-server-process.js', import.meta.url),
};

/** A server in a process of its own, ended with the scope. Resolves when it serves. */
export async function startConstantServer(
  scope: Scope,
  answers: readonly ConstantAnswer[],
  kind: ServerKind = 'bare',
): Promise<ConstantServer> {
  const child = fork(fileURLToPath(programs[kind]), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  scope.ownProcess(child);
  child.send(answers);
  const started = once(child, 'message');
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('the bare server ended before it served')));
  ended.catch(() => {});
  const [port]: unknown[] = await Promise.race([started, ended]);
  return { url: `http://127.0.0.1:${port}`, pid: child.pid ?? 0 };
}
