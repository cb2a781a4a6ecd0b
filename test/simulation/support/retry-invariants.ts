import { expect } from 'vitest';
import type { ExecutionRecord, JobRecord } from '../../../src/core/jobs/records.ts';
import { retryPauses } from '../../../src/core/jobs/retry-pauses.ts';
import type { StateReader } from '../../../src/wire/state-reader.ts';
import { lasting } from './jobs.ts';
import type { SimulatedMachine } from './simulated-executor.ts';
import type { Tally } from './tally.ts';

/** Attempts of a job with `retry` are as far apart as it says, up to a tenth less; after a leap of the clock who knows. */
export function checkPauses(
  reader: StateReader,
  machine: SimulatedMachine,
  leapsAtMs: readonly number[],
  tally: Tally,
): void {
  for (const { name, retry } of lasting) {
    const job = retry === null ? undefined : reader.job(name);
    if (job !== undefined) checkJob(job, reader.executions(job.name), machine, leapsAtMs, tally);
  }
}

function checkJob(
  job: JobRecord,
  records: readonly ExecutionRecord[],
  machine: SimulatedMachine,
  leapsAtMs: readonly number[],
  tally: Tally,
): void {
  const pauses = retryPauses(job.retry);
  if (pauses === null) return;
  const begunAtMs = new Map(machine.begun.map(({ executionId, atMs }) => [executionId, atMs]));
  for (const { attempt, group, stamp, node } of records) {
    const id = `${stamp}-${node}`;
    expect(attempt, `attempts of ${group}`).toBeLessThanOrEqual(job.retries + 1);
    const before = records.find((other) => other.group === group && other.attempt === attempt - 1);
    const fromMs = before === undefined ? undefined : machine.endedAtMs.get(`${before.stamp}-${before.node}`);
    const toMs = begunAtMs.get(id);
    if (before?.outcome !== 'failed' || fromMs === undefined || toMs === undefined) continue;
    if (leapsAtMs.some((atMs) => fromMs <= atMs && atMs <= toMs)) continue;
    const fullMs = Math.min(pauses.maxIntervalMs, pauses.intervalMs * pauses.backoff ** (attempt - 2));
    expect(toMs - fromMs, `the pause before ${id}`).toBeGreaterThanOrEqual(fullMs * 0.9 - 1);
    tally.count('retry: pause kept');
  }
}
