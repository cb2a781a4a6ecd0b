import type { Pool } from 'undici';
import { ask } from './http.ts';

export interface NodeMetrics {
  /** Executions since the node's process began. */
  readonly started: number;
  readonly running: number;
  /** Executions that were called lost. */
  readonly lost: number;
}

/** What the node tells of itself: cheap, unlike a list of jobs. */
export async function readMetrics(pool: Pool): Promise<NodeMetrics> {
  const { body } = await ask(pool, { method: 'GET', path: '/metrics', status: 200 });
  const read = (name: string): number => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(body)?.[1] ?? 0);
  return {
    started: read('carillon_executions_started_total'),
    running: read('carillon_executions_running'),
    lost: read('carillon_executions_given_up_total'),
  };
}
