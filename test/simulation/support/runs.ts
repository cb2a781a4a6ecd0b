import { assert } from '../../../src/core/assert.ts';
import { disabledReason } from '../../../src/core/jobs/launch-rules.ts';
import type { Prng } from '../../../src/core/prng.ts';
import { jobName } from '../../../src/core/units.ts';
import type { StateReader } from '../../../src/wire/state-reader.ts';
import { runByHand } from './jobs.ts';
import type { OneNode } from './one-node.ts';
import type { HttpEnd } from './simulated-http.ts';
import type { Tally } from './tally.ts';
import { errorOf } from './writes.ts';

/** In a storm, some jobs are run by hand so often at most: their history must stay below retention. */
const MOST_RUNS = 12;
const LONGEST_PATIENCE_MS = 4_000;

interface Count {
  acknowledged: number;
  /** Asked for, and not answered (yet). */
  unanswered: number;
}

/** A client that runs jobs through the API: an acknowledged run is there, one without an answer happened once at most. */
export class Runs {
  readonly #random: Prng;
  readonly #under: OneNode;
  readonly #tally: Tally;
  readonly #after: (delayMs: number, action: () => void) => void;
  readonly #counts = new Map<string, Count>(runByHand.map((name) => [name, { acknowledged: 0, unanswered: 0 }]));
  #left = MOST_RUNS;

  constructor(random: Prng, under: OneNode, tally: Tally, after: (delayMs: number, action: () => void) => void) {
    this.#random = random;
    this.#under = under;
    this.#tally = tally;
    this.#after = after;
  }

  run(): void {
    if (this.#left === 0) return;
    this.#left -= 1;
    const waits = this.#random.below(2) === 0;
    // Of the first, often: few ends of long executions are lived to see.
    const choice = waits && this.#random.below(2) === 0 ? 0 : this.#random.below(runByHand.length);
    const name = runByHand[choice];
    const count = this.#counts.get(name ?? '');
    assert(name !== undefined && count !== undefined, 'there are jobs to run');
    count.unanswered += 1;
    let isOver = false;
    const giveUp = this.#under.http.request('POST', `/v1/jobs/${name}/run${waits ? '?wait' : ''}`, '', (end) => {
      isOver = true;
      this.#ended(count, end, waits);
    });
    if (!waits || this.#random.below(2) === 0) return;
    this.#after(this.#random.below(LONGEST_PATIENCE_MS), () => {
      if (isOver) return;
      this.#tally.count('client gone away');
      giveUp();
    });
  }

  check(reader: StateReader): void {
    for (const [name, { acknowledged, unanswered }] of this.#counts) {
      let manual = reader
        .executions(jobName(name))
        .filter(({ cause, attempt }) => cause === 'manual' && attempt === 1).length;
      // Those that wait for room when the job is switched off are not run, and noted.
      const dropped = reader.notes(jobName(name)).filter(({ reason }) => reason === disabledReason).length;
      reader.scanWork(jobName(name), (_, work) => {
        if (work.cause === 'manual' && work.attempt === 1) manual += 1;
        return true;
      });
      assert(
        manual + dropped >= acknowledged && manual <= acknowledged + unanswered,
        `${name} has ${manual} runs by hand: ${acknowledged} acknowledged, ${unanswered} without an answer`,
      );
      this.#tally.count('P5: runs by hand compared with what was acknowledged', manual);
    }
  }

  #ended(count: Count, end: HttpEnd, waited: boolean): void {
    if (end.type === 'answered' && end.answer.status === 200) {
      count.unanswered -= 1;
      count.acknowledged += 1;
      this.#tally.count(waited ? 'run by hand waited for' : 'run by hand acknowledged');
    } else if (end.type === 'unreachable' || (end.type === 'answered' && errorOf(end.answer).type === 'refused')) {
      count.unanswered -= 1;
    } else {
      this.#tally.count('run by hand without an answer');
    }
  }
}
