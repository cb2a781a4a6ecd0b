import type { Prng } from '../../../src/core/prng.ts';
import type { Simulation } from '../../../src/runtime/simulation/simulation.ts';
import type { OneNode } from './one-node.ts';
import type { Tally } from './tally.ts';

/** The error of an actor that the storm has crashed; any other is a bug. */
export const ourFault = 'crashed by the storm';
/** In the error of a flush that we let fail. */
export const brokenDisk = 'the disk is broken';

const longestFullMs = 8_000;
/** What still fits on a full disk. */
const spareBytes = 4_096;
const slowestFlushMs = 400;
const longestSlowMs = 4_000;
const longestBrokenMs = 3_000;

/** A disk that is full, slow or broken for a while. */
export class DiskFaults {
  readonly #simulation: Simulation;
  readonly #under: OneNode;
  readonly #random: Prng;
  readonly #tally: Tally;
  #fullUntilMs = 0;

  /** `random`: the storm's own, so that its other choices stay what they are. */
  constructor(simulation: Simulation, under: OneNode, random: Prng, tally: Tally) {
    this.#simulation = simulation;
    this.#under = under;
    this.#random = random;
    this.#tally = tally;
  }

  fill(): void {
    const { disk } = this.#under.node;
    this.#tally.count('disk filled');
    disk.capacityBytes = disk.usedBytes + this.#random.below(spareBytes);
    this.#fullUntilMs = this.#simulation.nowMs + this.#random.below(longestFullMs);
  }

  slow(): void {
    const { disk } = this.#under.node;
    this.#tally.count('disk slow');
    disk.slownessMs = 1 + this.#random.below(slowestFlushMs);
    this.#simulation.after(this.#random.below(longestSlowMs), () => {
      disk.slownessMs = 0;
    });
  }

  /** The node stops when it notices (P6). */
  break(): void {
    if (!this.#under.node.running) return;
    this.#tally.count('disk failed');
    const { disk } = this.#under.node;
    disk.flushError = new Error(`${ourFault}: ${brokenDisk}`);
    this.#simulation.after(this.#random.below(longestBrokenMs), () => {
      disk.flushError = null;
    });
  }

  /** Somebody frees space, when it is time. */
  freeInTime(): void {
    if (this.#fullUntilMs <= this.#simulation.nowMs) this.#under.node.disk.capacityBytes = null;
  }

  free(): void {
    this.#fullUntilMs = 0;
    this.#under.node.disk.capacityBytes = null;
  }
}
