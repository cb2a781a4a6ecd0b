import { type JobName, jobName } from '../../../src/core/units.ts';
import type { ExecutionRequest } from '../../../src/executors/types.ts';
import type { StateReader } from '../../../src/wire/state-reader.ts';
import { lasting } from './jobs.ts';
import type { OneNode } from './one-node.ts';
import type { Tally } from './tally.ts';

/** In the output of an execution whose lease ended. */
export const lostLease = /not heard of for 30 seconds/;

/** Judges each start of a process at the very moment at which it begins. */
export class Starts {
  /** What was wrong, as sentences. */
  readonly wrong: string[] = [];
  readonly #under: OneNode;
  readonly #tally: Tally;
  #latestWallMs = 0;
  /** Of the wall clock to virtual time, at most. */
  #furthestAheadMs = 0;

  constructor(under: OneNode, tally: Tally) {
    this.#under = under;
    this.#tally = tally;
    under.machine.onBegin = (request) => this.#began(request);
  }

  /**
   * The latest that the wall clock has ever shown: a clock that is set back makes nothing early that was due before. To
   * be asked before it is set.
   */
  latestWallMs(): number {
    const { node, simulation } = this.#under;
    const wallMs = node.wallNow();
    this.#latestWallMs = Math.max(this.#latestWallMs, wallMs);
    this.#furthestAheadMs = Math.max(this.#furthestAheadMs, wallMs - simulation.nowMs);
    return this.#latestWallMs;
  }

  /** A retry is due also when the clock would show its time by now, had it not been set back: that may have been begun before. */
  #dueUntilMs(attempt: number): number {
    const latestWallMs = this.latestWallMs();
    return attempt === 1 ? latestWallMs : this.#furthestAheadMs + this.#under.simulation.nowMs;
  }

  #began({ executionId, jobName: name, scheduledAtMs, attempt }: ExecutionRequest): void {
    const job = jobName(name);
    const atOnce = this.#under.machine.begun.at(-1)?.atOnce ?? 0;
    const { maxExecutions } = this.#under;
    if (maxExecutions > 0 && atOnce > maxExecutions)
      this.wrong.push(`P3: ${executionId} of ${job} began, ${atOnce} run on the node`);
    const earlyMs = scheduledAtMs - this.#dueUntilMs(attempt);
    if (earlyMs > 0) this.wrong.push(`P1: ${executionId} of ${job} began ${earlyMs} ms early`);
    const reader = this.#under.read();
    if (reader === null) return;
    this.#tally.count('P2: start with its record committed before');
    this.#checkRoom(reader, executionId, job);
    const known = reader.executions(job).find(({ stamp, node }) => `${stamp}-${node}` === executionId);
    // One that was given up for lost while its executor hung may begin when that wakes; it is never run again unasked.
    if (known !== undefined && known.outcome !== 'running' && known.outcome !== 'lost') {
      this.wrong.push(`P2: ${executionId} of ${job} began after it had ended: ${known.outcome}`);
    }
    // Of a job that is gone, or keeps little of its history, nobody can tell.
    if (known === undefined && lasting.some(({ name: kept }) => kept === job)) {
      this.wrong.push(`P2: ${executionId} of ${job} began without a record in the state`);
    }
  }

  /** P3: what was given up for lost while its executor hung is counted no more, and may run on. */
  #checkRoom(reader: StateReader, id: string, job: JobName): void {
    const most = reader.job(job)?.maxExecutions ?? null;
    if (most === null) return;
    const givenUp = reader
      .executions(job)
      .filter((record) => record.outcome === 'lost' && lostLease.test(new TextDecoder().decode(reader.output(record))))
      .map(({ stamp, node }) => `${stamp}-${node}`);
    const beside = this.#under.machine.begun.at(-1)?.beside.filter((other) => !givenUp.includes(other)) ?? [];
    if (beside.length >= most) this.wrong.push(`P3: ${id} of ${job} began beside ${beside.join(', ')}`);
    this.#tally.count('P3: execution within max_executions');
  }
}
