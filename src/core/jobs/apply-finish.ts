import { limits } from '../limits.ts';
import { compareInstants, executionId, type Instant, instantOfNs, type WallNs, wallMsOf } from '../units.ts';
import type { Change } from './changes.ts';
import type { Command, CommandResult, FinishItem } from './commands.ts';
import { surplusOf } from './history.ts';
import { openWork, settleLaunch } from './launch-end.ts';
import { stopsWork } from './launch-rules.ts';
import type { Ledger } from './ledger.ts';
import type { ExecutionRecord, JobRecord, UnplacedWork } from './records.ts';

/**
 * Ends executions: record, output, counters, then a retry, or the end of the launch. An execution that is gone (its job
 * was deleted) is acknowledged and dropped; one that ended already is only annotated (design 4.6).
 */
export function applyFinish(
  ledger: Ledger,
  command: Extract<Command, { type: 'finish' }>,
  out: Change[],
): CommandResult {
  for (const item of command.items) finishOne(ledger, item, command.nowNs, out);
  return { type: 'done' };
}

function finishOne(ledger: Ledger, item: FinishItem, nowNs: WallNs, out: Change[]): void {
  const record = ledger.execution(item.job, item.stamp, item.node);
  const job = ledger.job(item.job);
  if (record === undefined || job === undefined) return;
  if (record.outcome !== 'running') {
    if (record.outcome === 'lost' && record.late === null && item.outcome !== 'lost') {
      ledger.putExecution({ ...record, late: item.outcome });
    }
    return;
  }
  const ended: ExecutionRecord = {
    ...record,
    startedAtNs: item.startedAtNs,
    finishedAtNs: item.finishedAtNs,
    outcome: item.outcome,
    outputBytes: item.output.length,
    droppedBytes: item.droppedBytes,
    wiped: false,
  };
  ledger.putExecution(ended);
  ledger.stats.ended(ended, nowNs);
  if (item.output.length > 0) ledger.putOutput(ended, item.output);
  const counted = countEnd(job, item);
  ledger.putJob(counted);
  out.push({
    type: 'executionEnded',
    id: executionId(item.stamp, item.node),
    job: item.job,
    group: record.group,
    outcome: item.outcome,
    hasSurplus: surplusOf(counted) > 0,
    node: item.node,
    attempt: record.attempt,
    startedAtNs: item.startedAtNs,
    finishedAtNs: item.finishedAtNs,
    outputBytes: item.output.length,
    growsOld: job.retention !== null && job.retention.age !== null,
  });
  const again = nextAttempt(ledger, counted, ended, item, nowNs);
  if (again !== null) openWork(ledger, again, counted, out);
  else endOfNode(ledger, ended, nowNs, out);
}

function countEnd(job: JobRecord, item: FinishItem): JobRecord {
  const at = instantOfNs(item.finishedAtNs);
  const executionsRunning = job.executionsRunning - 1;
  return item.outcome === 'success'
    ? { ...job, executionsRunning, successCount: job.successCount + 1, lastSuccess: later(job.lastSuccess, at) }
    : { ...job, executionsRunning, errorCount: job.errorCount + 1, lastError: later(job.lastError, at) };
}

const later = (a: Instant | null, b: Instant): Instant => (a !== null && compareInstants(a, b) > 0 ? a : b);

/** A failure is tried again as long as Dkron's count allows, a lost one only if the job says so (P2), a stopped one never. */
function nextAttempt(
  ledger: Ledger,
  job: JobRecord,
  ended: ExecutionRecord,
  item: FinishItem,
  nowNs: WallNs,
): UnplacedWork | null {
  if (ended.stop !== null) return null;
  const reason = ended.outcome === 'lost' ? 'rerun' : 'retry';
  const wanted =
    reason === 'rerun' ? job.onLost === 'rerun' : ended.outcome === 'failed' && ended.attempt <= job.retries;
  if (!wanted || stopsWork(job, reason) || ended.attempt >= limits.attemptsPerLaunch) return null;
  return {
    stamp: ledger.allotStamp(nowNs),
    job: ended.job,
    group: ended.group,
    attempt: ended.attempt + 1,
    scheduledAtMs: ended.scheduledAtMs,
    cause: ended.cause,
    reason,
    dueAtMs: reason === 'retry' ? item.retryAtMs : wallMsOf(nowNs),
    node: reason === 'retry' ? ended.node : null,
    waits: null,
  };
}

function endOfNode(ledger: Ledger, ended: ExecutionRecord, nowNs: WallNs, out: Change[]): void {
  const launch = ledger.launch(ended.job, ended.group);
  if (launch === undefined) return;
  const success = ended.outcome === 'success';
  ledger.putLaunch({
    ...launch,
    pending: launch.pending - 1,
    succeeded: launch.succeeded + (success ? 1 : 0),
    failed: launch.failed + (success ? 0 : 1),
  });
  settleLaunch(ledger, ended.job, ended.group, nowNs, out);
}
