import { assert } from '../../../src/core/assert.ts';
import type { StateReader } from '../../../src/wire/state-reader.ts';
import type { Tally } from './tally.ts';

/** More than a restart with all there is to catch up takes. */
const atOnce = 250;
/** More than the busiest second needs; what answers its own commands for ever makes some hundreds. */
const perSecond = 100;

/** P7: what is committed follows from what is due, not from itself. */
export class Pace {
  readonly #tally: Tally;
  #index = 0;
  #atMs = 0;

  constructor(tally: Tally) {
    this.#tally = tally;
  }

  check(reader: StateReader, nowMs: number): void {
    const index = reader.appliedIndex();
    const allowed = atOnce + ((nowMs - this.#atMs) / 1_000) * perSecond;
    const committed = index - this.#index;
    assert(committed <= allowed, `P7: ${committed} commands within ${nowMs - this.#atMs} ms`);
    this.#tally.count('P7: commands committed no faster than they are due', committed);
    this.#index = index;
    this.#atMs = nowMs;
  }
}
