import type { ExecutionStart } from '../jobs/changes.ts';
import type { Term } from '../units.ts';
import type { WorkerOptions } from './worker-types.ts';

/**
 * The node runs as many executions as it may: what is sent all the same is sent again, by then there may be room.
 * `running` is counted only where it matters: there may be thousands.
 */
export const isFull = ({ maxExecutions }: WorkerOptions, running: () => number): boolean =>
  maxExecutions > 0 && running() >= maxExecutions;

/** Why a start is fenced off; null: it may begin. `known`: the highest term that this life knows, and whether it stops. */
export function refusalOf(
  { epoch }: WorkerOptions,
  known: { readonly term: Term; readonly stopping: boolean },
  term: Term,
  start: ExecutionStart,
): 'stale_term' | 'other_epoch' | 'stopping' | null {
  if (term < known.term) return 'stale_term';
  if (start.epoch !== epoch) return 'other_epoch';
  return known.stopping ? 'stopping' : null;
}
