import { assert } from '../../src/core/assert.ts';
import { Prng } from '../../src/core/prng.ts';
import { TimingWheel } from '../../src/core/wheel/wheel.ts';
import { BinaryHeap } from '../baselines/binary-heap.ts';
import type { Case, Contender, Suite } from '../frame/suite.ts';
import { timed } from '../support/timed.ts';

const hourMs = 3_600_000;
/** Timers of Node.js really wait: theirs are due this soon, so that all are overdue once they are set. */
const nodeTimersWithinMs = 20;

/** Delays by id, and how often the same work is done in one repetition: once takes too short a time to be measured. */
interface Work {
  readonly delaysMs: Float64Array;
  readonly rounds: number;
}

export const wheelSuite: Suite = {
  name: 'wheel',
  about: 'deadlines within an hour on the timing wheel, against a binary heap on typed arrays and setTimeout',
  async open(_scope, effort) {
    const prng = new Prng(effort.seed);
    const delaysMs = Float64Array.from({ length: effort.amount(50_000, 2_000) }, () => 1 + prng.below(hourMs));
    const work = { delaysMs, rounds: effort.amount(10, 1) };
    return [addAndFire(work), addAndCancel(work)];
  },
};

function contender(name: string, { delaysMs, rounds }: Work, once: () => void | Promise<void>): Contender {
  const run = async (): Promise<void> => {
    for (let round = 0; round < rounds; round += 1) await once();
  };
  return { name, run: () => timed(delaysMs.length * rounds, run) };
}

function addAndFire(work: Work): Case {
  const { delaysMs } = work;
  const wheel = new TimingWheel(0);
  const heap = new BinaryHeap(delaysMs.length);
  return {
    type: 'case',
    name: `add ${delaysMs.length}, fire all`,
    unit: 'deadlines',
    ours: contender('wheel', work, () => fireOnWheel(wheel, delaysMs)),
    baselines: [
      contender('binary heap', work, () => fireFromHeap(heap, delaysMs)),
      contender('setTimeout', work, () => fireNodeTimers(delaysMs)),
    ],
  };
}

function fireOnWheel(wheel: TimingWheel, delaysMs: Float64Array): void {
  const { nowMs } = wheel;
  for (let id = 0; id < delaysMs.length; id += 1) wheel.add(id, nowMs + (delaysMs[id] ?? 0));
  let fired = 0;
  for (let atMs = wheel.nextDeadline(); atMs !== null; atMs = wheel.nextDeadline()) {
    for (const id of wheel.advance(atMs)) {
      assert(nowMs + (delaysMs[id] ?? 0) === atMs, 'a deadline fires when it is due');
      fired += 1;
    }
  }
  assert(fired === delaysMs.length, 'each deadline fires once');
}

function fireFromHeap(heap: BinaryHeap, delaysMs: Float64Array): void {
  for (let id = 0; id < delaysMs.length; id += 1) heap.add(id, delaysMs[id] ?? 0);
  let fired = 0;
  let lastMs = 0;
  for (let id = heap.takeFirst(); id !== -1; id = heap.takeFirst()) {
    const atMs = delaysMs[id] ?? 0;
    assert(atMs >= lastMs, 'deadlines fire in their order');
    lastMs = atMs;
    fired += 1;
  }
  assert(fired === delaysMs.length, 'each deadline fires once');
}

function fireNodeTimers(delaysMs: Float64Array): Promise<void> {
  return new Promise((resolve) => {
    let left = delaysMs.length;
    const fire = (): void => {
      left -= 1;
      if (left === 0) resolve();
    };
    for (const delayMs of delaysMs) setTimeout(fire, 1 + (delayMs % nodeTimersWithinMs));
  });
}

function addAndCancel(work: Work): Case {
  const { delaysMs } = work;
  const wheel = new TimingWheel(0);
  const heap = new BinaryHeap(delaysMs.length);
  return {
    type: 'case',
    name: `add ${delaysMs.length}, cancel all`,
    unit: 'deadlines',
    ours: contender('wheel', work, () => {
      for (let id = 0; id < delaysMs.length; id += 1) wheel.add(id, delaysMs[id] ?? 0);
      for (let id = 0; id < delaysMs.length; id += 1) wheel.cancel(id);
      assert(wheel.size === 0, 'nothing is left');
    }),
    baselines: [
      contender('binary heap', work, () => {
        for (let id = 0; id < delaysMs.length; id += 1) heap.add(id, delaysMs[id] ?? 0);
        for (let id = 0; id < delaysMs.length; id += 1) heap.cancel(id);
        assert(heap.size === 0, 'nothing is left');
      }),
      contender('setTimeout', work, () => {
        const timers = Array.from(delaysMs, (delayMs) => setTimeout(() => {}, delayMs));
        for (const timer of timers) clearTimeout(timer);
      }),
    ],
  };
}
