import { executionId } from '../units.ts';
import { refused } from './apply-job.ts';
import type { Change } from './changes.ts';
import type { Command, CommandResult } from './commands.ts';
import { dropWork } from './launch-end.ts';
import type { Ledger } from './ledger.ts';
import type { ExecutionRecord, UnplacedWork } from './records.ts';
import { stopExecution } from './stop-execution.ts';

type Stop = Extract<Command, { type: 'stop' }>;

/**
 * A client wants an execution to end. One that has ended can still be stopped as long as its next attempt has not begun:
 * that attempt is given up, and the launch ends. Stopping what is being stopped changes nothing.
 */
export function applyStop(ledger: Ledger, command: Stop, out: Change[]): CommandResult {
  const { job, stamp, node } = command;
  if (ledger.job(job) === undefined) return refused('job_not_found', `there is no job ${job}`);
  const record = ledger.execution(job, stamp, node);
  const id = executionId(stamp, node);
  if (record === undefined) return refused('execution_not_found', `job ${job} has no execution ${id}`);
  if (record.outcome === 'running') {
    stopExecution(ledger, record, 'request', out);
    return { type: 'done' };
  }
  const next = nextAttemptOf(ledger, record);
  if (next === null) return refused('execution_ended', `execution ${id} has ended, and nothing follows it`);
  ledger.putExecution({ ...record, stop: 'request' });
  ledger.deleteWork(next);
  dropWork(ledger, next, command.nowNs, out);
  return { type: 'done' };
}

/** Reruns of a launch on several nodes are alike: any of them follows any lost execution. */
function nextAttemptOf(ledger: Ledger, ended: ExecutionRecord): UnplacedWork | null {
  let next: UnplacedWork | null = null;
  ledger.visitWork(ended.job, (work) => {
    const follows = work.group === ended.group && work.attempt === ended.attempt + 1;
    if (follows && (work.node === null || work.node === ended.node)) next = work;
    return next === null;
  });
  return next;
}
