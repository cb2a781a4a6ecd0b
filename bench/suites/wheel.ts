import { assert } from '../../src/core/assert.ts';
import { Prng } from '../../src/core/prng.ts';
import { TimingWheel } from '../../src/core/wheel/wheel.ts';
import { BinaryHeap } from '../baselines/binary-heap.ts';
import type { Case, Suite } from '../frame/suite.ts';
import { timed } from '../support/timed.ts';

const hourMs = 3_600_000;
/** Timers of Node.js really wait: theirs are due this soon, so that all are overdue once they are set. */
const nodeTimersWithinMs = 20;

export const wheelSuite: Suite = {
  name: 'wheel',
  about: 'deadlines within an hour on the timing wheel, against a binary heap on typed arrays and setTimeout',
  async open(_scope, effort) {
    const prng = new Prng(effort.seed);
    const delaysMs = Array.from({ length: effort.amount(50_000, 2_000) }, () => 1 + prng.below(hourMs));
    return [addAndFire(delaysMs), addAndCancel(delaysMs)];
  },
};

function addAndFire(delaysMs: readonly number[]): Case {
  const count = delaysMs.length;
  const at = (id: number): number => delaysMs[id] ?? 0;
  const wheel = new TimingWheel(0);
  const heap = new BinaryHeap(count);
  return {
    name: `add ${count}, fire all`,
    unit: 'deadlines',
    ours: {
      name: 'wheel',
      run: () =>
        timed(count, () => {
          const { nowMs } = wheel;
          for (let id = 0; id < count; id += 1) wheel.add(id, nowMs + at(id));
          let fired = 0;
          for (let atMs = wheel.nextDeadline(); atMs !== null; atMs = wheel.nextDeadline()) {
            for (const id of wheel.advance(atMs)) {
              assert(nowMs + at(id) === atMs, 'a deadline fires when it is due');
              fired += 1;
            }
          }
          assert(fired === count, 'each deadline fires once');
        }),
    },
    baselines: [
      {
        name: 'binary heap',
        run: () =>
          timed(count, () => {
            for (let id = 0; id < count; id += 1) heap.add(id, at(id));
            let fired = 0;
            let lastMs = 0;
            for (let id = heap.takeFirst(); id !== -1; id = heap.takeFirst()) {
              const atMs = at(id);
              assert(atMs >= lastMs, 'deadlines fire in their order');
              lastMs = atMs;
              fired += 1;
            }
            assert(fired === count, 'each deadline fires once');
          }),
      },
      { name: 'setTimeout', run: () => timed(count, () => fireNodeTimers(delaysMs)) },
    ],
  };
}

function fireNodeTimers(delaysMs: readonly number[]): Promise<void> {
  return new Promise((resolve) => {
    let left = delaysMs.length;
    const fire = (): void => {
      left -= 1;
      if (left === 0) resolve();
    };
    for (const delayMs of delaysMs) setTimeout(fire, 1 + (delayMs % nodeTimersWithinMs));
  });
}

function addAndCancel(delaysMs: readonly number[]): Case {
  const count = delaysMs.length;
  const at = (id: number): number => delaysMs[id] ?? 0;
  const wheel = new TimingWheel(0);
  const heap = new BinaryHeap(count);
  return {
    name: `add ${count}, cancel all`,
    unit: 'deadlines',
    ours: {
      name: 'wheel',
      run: () =>
        timed(count, () => {
          for (let id = 0; id < count; id += 1) wheel.add(id, at(id));
          for (let id = 0; id < count; id += 1) wheel.cancel(id);
          assert(wheel.size === 0, 'nothing is left');
        }),
    },
    baselines: [
      {
        name: 'binary heap',
        run: () =>
          timed(count, () => {
            for (let id = 0; id < count; id += 1) heap.add(id, at(id));
            for (let id = 0; id < count; id += 1) heap.cancel(id);
            assert(heap.size === 0, 'nothing is left');
          }),
      },
      {
        name: 'setTimeout',
        run: () =>
          timed(count, () => {
            const timers = delaysMs.map((delayMs) => setTimeout(() => {}, delayMs));
            for (const timer of timers) clearTimeout(timer);
          }),
      },
    ],
  };
}
