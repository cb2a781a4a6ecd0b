import { Pool } from 'undici';
import type { Scope } from '../frame/scope.ts';

export interface Answer {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export interface Ask {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly body?: string;
  /** The only status that is right. */
  readonly status: number;
}

export function openPool(scope: Scope, url: string, connections: number): Pool {
  const pool = new Pool(url, { connections, pipelining: 1 });
  scope.defer(() => pool.destroy());
  return pool;
}

/** Reads the answer to its end; fails when its status is another one. */
export async function ask(pool: Pool, { method, path, body, status }: Ask): Promise<Answer> {
  const response = await pool.request({ method, path, body: body ?? null });
  const text = await response.body.text();
  if (response.statusCode !== status) {
    throw new Error(`${method} ${path}: ${response.statusCode} instead of ${status}: ${text.slice(0, 200)}`);
  }
  return { headers: response.headers, body: text };
}
