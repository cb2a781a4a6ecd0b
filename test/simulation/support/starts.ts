import { jobName } from '../../../src/core/units.ts';
import type { ExecutionRequest } from '../../../src/executors/types.ts';
import { lasting } from './jobs.ts';
import type { OneNode } from './one-node.ts';
import type { Tally } from './tally.ts';

/** Judges each start of a process at the very moment at which it begins. */
export class Starts {
  /** What was wrong, as sentences. */
  readonly wrong: string[] = [];
  readonly #under: OneNode;
  readonly #tally: Tally;
  #latestWallMs = 0;

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
    this.#latestWallMs = Math.max(this.#latestWallMs, this.#under.node.wallNow());
    return this.#latestWallMs;
  }

  #began({ executionId, jobName: name, scheduledAtMs }: ExecutionRequest): void {
    const job = jobName(name);
    if (scheduledAtMs > this.latestWallMs()) {
      this.wrong.push(`P1: ${executionId} of ${job} began ${scheduledAtMs - this.#latestWallMs} ms early`);
    }
    const reader = this.#under.read();
    if (reader === null) return;
    this.#tally.count('P2: start with its record committed before');
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
}
