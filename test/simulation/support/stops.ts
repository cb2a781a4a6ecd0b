import { assert } from '../../../src/core/assert.ts';
import type { ExecutionRecord } from '../../../src/core/jobs/records.ts';
import type { Prng } from '../../../src/core/prng.ts';
import { executionId } from '../../../src/core/units.ts';
import type { StateReader } from '../../../src/wire/state-reader.ts';
import { lasting } from './jobs.ts';
import type { OneNode } from './one-node.ts';
import type { Tally } from './tally.ts';
import { errorOf } from './writes.ts';

/** A client that stops executions through the API: an acknowledged stop stays wanted until the end, and nothing follows. */
export class Stops {
  readonly #random: Prng;
  readonly #under: OneNode;
  readonly #tally: Tally;
  readonly #acknowledged: ExecutionRecord[] = [];

  constructor(random: Prng, under: OneNode, tally: Tally) {
    this.#random = random;
    this.#under = under;
    this.#tally = tally;
  }

  stop(): void {
    const execution = this.#choose();
    if (execution === undefined) return;
    const waits = this.#random.below(2) === 0;
    const id = executionId(execution.stamp, execution.node);
    const path = `/v1/jobs/${execution.job}/executions/${id}/stop${waits ? '?wait' : ''}`;
    this.#under.http.request('POST', path, '', (end) => {
      if (end.type !== 'answered') return;
      const { status } = end.answer;
      if (status === 202 || status === 200) {
        this.#acknowledged.push(execution);
        this.#tally.count(waits ? 'stop waited for' : 'stop acknowledged');
        if (status === 200) this.#checkEnded(execution);
      } else if (errorOf(end.answer).type === 'refused') {
        if (status === 409) this.#tally.count('stop refused: it had ended');
      }
    });
  }

  /** What runs, or the newest of some job: its retry may wait. */
  #choose(): ExecutionRecord | undefined {
    const reader = this.#under.read();
    if (reader === null) return undefined;
    const running = lasting.flatMap(({ name }) =>
      reader.executions(name).filter(({ outcome }) => outcome === 'running'),
    );
    if (running.length > 0 && this.#random.below(3) > 0) return running[this.#random.below(running.length)];
    const job = lasting[this.#random.below(lasting.length)];
    return job === undefined ? undefined : reader.executions(job.name).at(-1);
  }

  /** P5: what was acknowledged is there. Of a launch on one node, no attempt follows one that was stopped. */
  check(reader: StateReader): void {
    for (const { job, stamp, node } of this.#acknowledged) {
      const id = executionId(stamp, node);
      const record = reader.execution(job, id);
      // A newer launch may have wanted it before.
      assert(record !== undefined && record.stop !== null, `the stop of ${id} of ${job} was acknowledged`);
      if (record.outcome === 'failed') this.#tally.count('P5: stopped execution ended as failed');
    }
    for (const { name } of lasting) {
      const executions = reader.executions(name);
      for (const { stop, group, attempt } of executions) {
        if (stop === null) continue;
        const later = executions.filter((other) => other.group === group && other.attempt > attempt);
        assert(later.length === 0, `${name}: no attempt of ${group} after one that was stopped`);
      }
    }
  }

  #checkEnded(execution: ExecutionRecord): void {
    const { job, stamp, node } = execution;
    const outcome = this.#under.read()?.execution(job, executionId(stamp, node))?.outcome;
    assert(outcome !== 'running', 'the end of what was stopped is waited for');
  }
}
