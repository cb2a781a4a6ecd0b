import type { Ledger } from './ledger.ts';
import type { JobRecord } from './records.ts';

/** The first invariant that a job's record breaks, in words; null when it breaks none. */
export function brokenJobInvariant(job: JobRecord): string | null {
  if (!Number.isSafeInteger(job.openLaunches) || job.openLaunches < 0) return 'openLaunches is not a natural number';
  const waiting = [job.launchesWaiting, job.executionsWaiting, job.executionsWaitingForNode];
  if (waiting.some((count) => !Number.isSafeInteger(count) || count < 0)) return 'a count of what waits is not natural';
  if (!Number.isSafeInteger(job.executionsKept) || job.executionsKept < 0)
    return 'executionsKept is not a natural number';
  if (!Number.isSafeInteger(job.executionsRunning) || job.executionsRunning < 0)
    return 'executionsRunning is not a natural number';
  if (job.executionsRunning > job.executionsKept) return 'more executions run than are kept';
  if (!Number.isSafeInteger(job.notesKept) || job.notesKept < 0) return 'notesKept is not a natural number';
  if (!Number.isSafeInteger(job.highWaterMs)) return 'highWaterMs is not an integer';
  if (!Number.isSafeInteger(job.successCount) || !Number.isSafeInteger(job.errorCount))
    return 'a counter is not an integer';
  if (job.parentJob === job.name) return 'the job is its own parent';
  return null;
}

/** The job with its counts taken anew from what is stored: how a job leaves its quarantine. */
export function recounted(ledger: Ledger, job: JobRecord): JobRecord {
  let openLaunches = 0;
  let executionsKept = 0;
  let executionsRunning = 0;
  let notesKept = 0;
  const waiting = { queue: 0, replace: 0, job: 0, node: 0 };
  ledger.visitLaunches(job.name, () => {
    openLaunches += 1;
    return true;
  });
  ledger.visitExecutions(job.name, (record) => {
    executionsKept += 1;
    if (record.outcome === 'running') executionsRunning += 1;
    return true;
  });
  ledger.visitNotes(job.name, () => {
    notesKept += 1;
    return true;
  });
  ledger.visitWork(job.name, ({ waits }) => {
    if (waits !== null) waiting[waits.for] += 1;
    return true;
  });
  return {
    ...job,
    openLaunches,
    launchesWaiting: waiting.queue + waiting.replace,
    executionsWaiting: waiting.job,
    executionsWaitingForNode: waiting.node,
    executionsKept,
    executionsRunning,
    notesKept,
  };
}
