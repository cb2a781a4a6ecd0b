import { expect } from 'vitest';
import type { ExecutionRecord, JobRecord } from '../../../src/core/jobs/records.ts';
import { jobName } from '../../../src/core/units.ts';
import type { StateReader } from '../../../src/wire/state-reader.ts';
import { forgetful } from './jobs.ts';
import type { Begun, SimulatedMachine } from './simulated-executor.ts';
import type { Tally } from './tally.ts';

/** A tenth of the age, a look each second, and a second for the log. */
const agedWithinMs = 3_000;

const idOf = ({ stamp, node }: ExecutionRecord): string => `${stamp}-${node}`;

/** What stays of the jobs that keep few executions. Remembers what it saw: what is gone can't be judged by the state. */
export class RetentionWatch {
  readonly #tally: Tally;
  /** Of each job, all that were seen to have ended. */
  readonly #ended = new Map<string, Set<string>>();
  /** What the last look saw. */
  readonly #seen = new Map<string, readonly ExecutionRecord[]>();

  constructor(tally: Tally) {
    this.#tally = tally;
  }

  /** At any moment: counts are those of the records, nothing goes while it runs, counters outlive what they count. */
  check(reader: StateReader, machine: SimulatedMachine): void {
    for (const { name } of forgetful) {
      const job = reader.job(name);
      if (job !== undefined) this.checkJob(job, reader.executions(job.name), machine);
    }
  }

  checkJob(job: JobRecord, records: readonly ExecutionRecord[], machine: SimulatedMachine): void {
    if (!forgetful.some(({ name }) => name === job.name)) return;
    const running = records.filter(({ outcome }) => outcome === 'running').map(idOf);
    expect([job.executionsKept, job.executionsRunning], `${job.name}: executions counted`).toEqual([
      records.length,
      running.length,
    ]);
    const known = new Set(records.map(idOf));
    const ended = this.#ended.get(job.name) ?? new Set();
    for (const record of this.#seen.get(job.name) ?? []) {
      if (known.has(idOf(record))) continue;
      // What was given up for lost may run on, where nobody hears of it.
      const mayRun = record.outcome === 'lost' || !machine.isRunning(idOf(record));
      if (!mayRun) expect.fail(`${job.name}: ${idOf(record)} was dropped while it ran`);
      if (record.outcome !== 'running') this.#tally.count('retention: ended execution dropped');
    }
    for (const record of records) if (record.outcome !== 'running') ended.add(idOf(record));
    expect(job.successCount + job.errorCount, `${job.name}: ends counted`).toBeGreaterThanOrEqual(ended.size);
    this.#ended.set(job.name, ended);
    this.#seen.set(job.name, [...records]);
  }
}

/** At the end, when nothing runs: what was ever started has been counted, and no more is kept than was asked for. */
export function checkRetention(reader: StateReader, begun: readonly Begun[], nowMs: number, tally: Tally): void {
  for (const { name, retention: wanted } of forgetful) {
    const job = reader.job(name);
    const started = begun.filter(({ jobName }) => jobName === name).length;
    expect((job?.successCount ?? 0) + (job?.errorCount ?? 0), `${name}: ends counted`).toBeGreaterThanOrEqual(started);
    const records = reader.executions(jobName(name));
    expect(records.length, `${name}: executions kept`).toBeLessThanOrEqual(job?.retention?.count ?? 0);
    tally.count('retention: count held');
    if (wanted?.age === null) continue;
    const endedBefore = BigInt(nowMs - agingMs - agedWithinMs) * 1_000_000n;
    const tooOld = records.filter(({ finishedAtNs }) => finishedAtNs < endedBefore);
    expect(tooOld.map(idOf), `${name}: older than its age`).toEqual([]);
    tally.count('retention: age held');
  }
}

/** Of the jobs with an age. */
const agingMs = 8_000;
