import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Scope } from '../frame/scope.ts';
import type { Sample } from '../frame/suite.ts';

/** Appends blocks to a file, each flushed before the next: the disk's own rate. */
export class RawAppend {
  readonly #file: number;

  constructor(scope: Scope) {
    const file = openSync(join(scope.makeDirectory(), 'append'), 'a');
    scope.defer(() => closeSync(file));
    this.#file = file;
  }

  /** `recordsPerFlush` records at once, `flushes` times; counts records. */
  run(record: Uint8Array, recordsPerFlush: number, flushes: number): Sample {
    const block = Buffer.concat(Array.from({ length: recordsPerFlush }, () => record));
    const latenciesMs: number[] = [];
    const begunAt = performance.now();
    for (let flush = 0; flush < flushes; flush += 1) {
      const flushedFrom = performance.now();
      if (writeSync(this.#file, block) !== block.length) throw new Error('a block was cut');
      fdatasyncSync(this.#file);
      latenciesMs.push(performance.now() - flushedFrom);
    }
    return { operations: recordsPerFlush * flushes, elapsedMs: performance.now() - begunAt, latenciesMs };
  }
}
