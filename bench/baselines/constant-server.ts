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

const program = fileURLToPath(new URL('./constant-server-process.js', import.meta.url));

/** A bare server in a process of its own, ended with the scope. Resolves with its URL. */
export async function startConstantServer(scope: Scope, answers: readonly ConstantAnswer[]): Promise<string> {
  const child = fork(program, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  scope.ownProcess(child);
  child.send(answers);
  const started = once(child, 'message');
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('the bare server ended before it served')));
  ended.catch(() => {});
  const [port]: unknown[] = await Promise.race([started, ended]);
  return `http://127.0.0.1:${port}`;
}
