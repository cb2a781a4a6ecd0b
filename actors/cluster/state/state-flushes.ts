import { assert } from '../../../src/core/assert.ts';
import { limits } from '../../../src/core/limits.ts';
import type { LogIndex } from '../../../src/core/units.ts';
import type { CommittedEntry } from '../log/protocol.ts';

/** How far the state's store is durable, and whether it is being flushed: one flush at a time, each some time after a change. */
export class StateFlushes {
  #durable: LogIndex;
  /** Up to where the running flush goes. */
  #running: LogIndex | null = null;
  #isPlanned = false;

  /** What a store holds when it is opened is durable. */
  constructor(appliedIndex: LogIndex) {
    this.#durable = appliedIndex;
  }

  get durable(): LogIndex {
    return this.#durable;
  }

  get isRunning(): boolean {
    return this.#running !== null;
  }

  /** True: the time of the next flush is to be set. */
  plan(): boolean {
    if (this.#isPlanned || this.isRunning) return false;
    this.#isPlanned = true;
    return true;
  }

  begin(appliedIndex: LogIndex): void {
    assert(!this.isRunning, 'one flush runs at a time');
    this.#isPlanned = false;
    this.#running = appliedIndex;
  }

  end(error: Error | null): void {
    assert(this.#running !== null, 'a flush that ends was begun');
    if (error === null) this.#durable = this.#running;
    this.#running = null;
  }
}

/**
 * What the log has sent and not been told the end of. It hears of it with each flush; before, only when its window would
 * become narrow: nobody waits for it, and telling wakes a thread.
 */
export class Untold {
  #told: LogIndex;
  #bytes = 0;

  constructor(appliedIndex: LogIndex) {
    this.#told = appliedIndex;
  }

  arrived(entries: readonly CommittedEntry[]): void {
    for (const { entry } of entries) this.#bytes += entry.length;
  }

  isMuch(appliedIndex: LogIndex): boolean {
    return appliedIndex - this.#told >= limits.unappliedEntries / 8 || this.#bytes >= limits.unappliedBytes / 8;
  }

  told(appliedIndex: LogIndex): void {
    this.#told = appliedIndex;
    this.#bytes = 0;
  }
}
