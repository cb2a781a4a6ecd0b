import { expect } from 'vitest';
import type { WallMs } from '../../../src/core/units.ts';
import type { StateReader } from '../../../src/wire/state-reader.ts';
import { lasting } from './jobs.ts';
import { workOf } from './launch-invariants.ts';
import type { Begun } from './simulated-executor.ts';
import type { Tally } from './tally.ts';

/** Longer than any pause before a retry that the load has, and than it takes to place one. */
const retriedWithinMs = 6_000;

/** Open executions of which nothing runs: their start, or their end, is on its way. */
export function withoutProcess(reader: StateReader, running: readonly string[]): string[] {
  const living = new Set(running);
  const found: string[] = [];
  reader.eachOpenExecution(({ stamp, node, job }) => {
    if (!living.has(`${stamp}-${node}`)) found.push(`${stamp}-${node} of ${job}`);
  });
  return found;
}

/** After a while without faults: what failed was tried again. */
export function checkRetried(reader: StateReader, nowMs: WallMs, tally: Tally): void {
  for (const { name, retries } of lasting) {
    const executions = reader.executions(name);
    for (const { group, attempt, outcome, finishedAtNs, stop } of executions) {
      if (outcome !== 'failed' || attempt > retries || stop !== null) continue;
      if (Number(finishedAtNs / 1_000_000n) > nowMs - retriedWithinMs) continue;
      const hasNext = executions.some((one) => one.group === group && one.attempt === attempt + 1);
      // Its retry waits for room.
      const waits = workOf(reader, name).some((work) => work.group === group && work.attempt === attempt + 1);
      expect(hasNext || waits, `P4: attempt ${attempt} of ${name} failed and is tried again`).toBe(true);
      tally.count('P4: as many attempts as the job asks for');
    }
  }
}

/** At the end, when nothing crashes any more: all work is done, and children ran as often as their parents succeeded. */
export function checkSettled(reader: StateReader, begun: readonly Begun[]): void {
  const open: string[] = [];
  reader.eachOpenExecution((execution) => open.push(`${execution.stamp}-${execution.node}`));
  reader.eachWork(({ job, stamp, reason, waits }) =>
    open.push(`${reason} ${stamp} of ${job}, waits for ${waits?.for}`),
  );
  expect(open, 'open work at the end').toEqual([]);
  checkNoneForgotten(reader, begun);
  reader.eachJob((job) => {
    expect(job.openLaunches, `open launches of ${job.name}`).toBe(0);
    const parent = job.parentJob === '' ? undefined : reader.job(job.parentJob);
    if (parent === undefined) return;
    const records = reader.executions(job.name);
    const skipped = reader.notes(job.name).reduce((sum, note) => sum + note.count, 0);
    const launches = new Set(records.map((execution) => execution.group)).size;
    expect(launches + skipped, `runs of ${job.name}`).toBe(parent.successCount);
  });
}

/** P2: every process there ever was has its record. Of jobs that may have been deleted, nobody can tell. */
function checkNoneForgotten(reader: StateReader, begun: readonly Begun[]): void {
  for (const { name } of lasting) {
    const known = new Set(reader.executions(name).map(({ stamp, node }) => `${stamp}-${node}`));
    const forgotten = begun.filter(({ jobName, executionId }) => jobName === name && !known.has(executionId));
    expect(forgotten, `processes of ${name} without a record`).toEqual([]);
  }
}
