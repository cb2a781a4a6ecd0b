import { limits } from '../limits.ts';
import type { JobRecord, Target, WaitCause } from './records.ts';

/**
 * What an execution has to wait for, beside its time; null: it may start. The job's turn comes first: what waits for its
 * node has its place among the executions of the job already, or the two lines would change places for ever. `waited`:
 * what it waited for until now; whoever comes anew stands behind all of its job that wait.
 */
export function waitOf(job: JobRecord, target: Target, waited: WaitCause | null): 'job' | 'node' | null {
  const isNew = waited !== 'job' && waited !== 'node';
  if (roomOf(job, isNew) <= 0) return 'job';
  return target.waits === true ? 'node' : null;
}

/** How many more executions of the job may run, or wait for nothing but their node. */
function roomOf(job: JobRecord, isNew: boolean): number {
  if (job.maxExecutions === null) return Number.POSITIVE_INFINITY;
  if (isNew && job.executionsWaiting > 0) return 0;
  return Math.max(0, job.maxExecutions - job.executionsRunning - job.executionsWaitingForNode);
}

/** Null: those of the executions that have to wait find place in the job's queue. */
export function queueFull(job: JobRecord, targets: readonly Target[]): string | null {
  const room = roomOf(job, true);
  const waiting = targets.filter((target, index) => target.waits === true || index >= room).length;
  const most = limits.queuedExecutionsPerJob;
  const queued = job.executionsWaiting + job.executionsWaitingForNode;
  return waiting > 0 && queued + waiting > most ? `${most} executions of the job wait: no more may` : null;
}
