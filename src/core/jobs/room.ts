import { limits } from '../limits.ts';
import type { JobRecord, Target } from './records.ts';

/**
 * What an execution has to wait for, beside its time; null: it may start. Behind others of its job that wait already it
 * waits too, unless it is the first of them.
 */
export function waitOf(job: JobRecord, target: Target, isFirst: boolean): 'job' | 'node' | null {
  if (target.waits === true) return 'node';
  if (job.maxExecutions === null) return null;
  const isBehind = job.executionsWaiting > 0 && !isFirst;
  return isBehind || job.executionsRunning >= job.maxExecutions ? 'job' : null;
}

/** Null: those of the executions that have to wait find place in the job's queue. */
export function queueFull(job: JobRecord, targets: readonly Target[]): string | null {
  let waiting = 0;
  for (const target of targets) if (target.waits === true) waiting += 1;
  if (job.maxExecutions !== null) {
    const room = job.executionsWaiting > 0 ? 0 : Math.max(0, job.maxExecutions - job.executionsRunning);
    waiting += Math.max(0, targets.length - waiting - room);
  }
  const most = limits.queuedExecutionsPerJob;
  const queued = job.executionsWaiting + job.executionsWaitingForNode;
  return waiting > 0 && queued + waiting > most ? `${most} executions of the job wait: no more may` : null;
}
