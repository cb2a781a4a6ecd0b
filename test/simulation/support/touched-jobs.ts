import type { JobRecord } from '../../../src/core/jobs/records.ts';
import { checkJob } from './launch-invariants.ts';
import type { Load } from './load.ts';
import type { Memory } from './memory.ts';
import { Mirror } from './mirror.ts';
import { compileStored, type OneNode } from './one-node.ts';
import type { RetentionWatch } from './retention-invariants.ts';
import type { Tally } from './tally.ts';

export interface TouchedOptions {
  readonly judgedAfterMs: (job: JobRecord) => number;
  readonly load: Load;
  readonly memory: Memory;
  readonly retention: RetentionWatch;
  readonly tally: Tally;
}

/** After every event, the promises to the jobs of which something was stored, or started, in it. */
export class TouchedJobs {
  readonly #under: OneNode;
  readonly #options: TouchedOptions;
  readonly #mirror: Mirror;
  #begun = 0;

  constructor(under: OneNode, options: TouchedOptions) {
    this.#under = under;
    this.#options = options;
    this.#mirror = new Mirror(under.node.disk);
  }

  readonly judge = (): void => {
    const { machine } = this.#under;
    for (; this.#begun < machine.begun.length; this.#begun += 1) {
      this.#mirror.touch(machine.begun[this.#begun]?.jobName ?? '');
    }
    // While the state is being opened it may be behind what was acknowledged.
    if (!this.#mirror.isTouched || this.#under.read() === null) return;
    for (const name of this.#mirror.takeTouched()) this.#judgeJob(name);
  };

  #judgeJob(name: string): void {
    const { load, memory, retention, tally, judgedAfterMs } = this.#options;
    const { machine } = this.#under;
    const history = this.#mirror.history(name);
    load.checkJob(name, history?.job);
    if (history === undefined) return;
    const { job } = history;
    const parent = this.#mirror.history(job.parentJob)?.job;
    const options = { compile: compileStored, machine, judgedAfterMs, recordedUntilMs: null, tally };
    checkJob(history, parent, options);
    memory.checkJob(job);
    retention.checkJob(job, history.executions, machine);
    tally.count('job judged right after the event that touched it');
  }
}
