import { AppendQueue } from '../../actors/cluster/log/append-queue.ts';
import { readLog } from '../../actors/cluster/log/disk.ts';
import { lmdbStores } from '../../src/adapters/lmdb-store.ts';
import { assert } from '../../src/core/assert.ts';
import { voterId } from '../../src/core/raft/entry.ts';
import type { AppendEffect } from '../../src/core/raft/io.ts';
import { logIndex, term } from '../../src/core/units.ts';
import type { Store } from '../../src/runtime/ports.ts';
import { encodeIdentity, encodeLogEntry, entryKey, logKeys } from '../../src/wire/log-records.ts';
import { RawAppend } from '../baselines/raw-append.ts';
import type { Effort } from '../frame/effort.ts';
import type { Scope } from '../frame/scope.ts';
import type { Case, Sample, Suite } from '../frame/suite.ts';

/** A launch of one job is about this long. */
const payload = new Uint8Array(200).fill(0x61);
const firstTerm = term(1);
const storeId = voterId('0123456789abcdef0123456789abcdef');

export const logSuite: Suite = {
  name: 'log',
  about: 'durable entries of 200 bytes the way the log writes them, against append and fdatasync on a file',
  async open(scope, effort) {
    return [1, 64].map((perFlush) => logCase(scope, effort, perFlush));
  },
};

function logCase(scope: Scope, effort: Effort, perFlush: number): Case {
  const flushes = effort.amount(500, 20);
  const log = new BenchLog(lmdbStores(scope.makeDirectory()).open('log', 'write'));
  scope.defer(() => log.close());
  const raw = new RawAppend(scope);
  const record = rawRecord();
  return {
    type: 'case',
    name: `${perFlush} to a flush`,
    unit: 'entries',
    ours: { name: 'log on LMDB', run: () => log.append(perFlush, flushes) },
    baselines: [{ name: 'append + fdatasync', run: () => raw.run(record, perFlush, flushes) }],
  };
}

/** Key and value as they are in the store: the same bytes for both. */
function rawRecord(): Uint8Array {
  const key = entryKey(logIndex(1));
  const value = encodeLogEntry(key, { index: logIndex(1), term: firstTerm, kind: 'command', payload });
  return Buffer.concat([key, value]);
}

/** The log actor's way to the disk, without the actor. */
class BenchLog {
  readonly #store: Store;
  readonly #queue: AppendQueue;
  #last = 0;

  constructor(store: Store) {
    this.#store = store;
    this.#queue = new AppendQueue(store);
    const key = logKeys.identity;
    this.#queue.alsoWrite({ key, value: encodeIdentity({ storeId, cluster: null }) });
  }

  async append(perFlush: number, flushes: number): Promise<Sample> {
    const latenciesMs: number[] = [];
    const begunAt = performance.now();
    for (let flush = 0; flush < flushes; flush += 1) {
      const flushedFrom = performance.now();
      for (let count = 0; count < perFlush; count += 1) this.#queue.push(this.#nextAppend());
      await this.#flush(perFlush);
      latenciesMs.push(performance.now() - flushedFrom);
    }
    return { operations: perFlush * flushes, elapsedMs: performance.now() - begunAt, latenciesMs };
  }

  /** Reads all of it back, as a node does at its start: checksums, no gap. */
  close(): void {
    let found = 0;
    for (const entry of readLog(this.#store).log.entries) found = entry.index;
    this.#store.close();
    assert(found === this.#last, 'the log holds what was appended');
  }

  #nextAppend(): AppendEffect {
    this.#last += 1;
    const index = logIndex(this.#last);
    return {
      type: 'append',
      id: this.#last,
      entries: [{ index, term: firstTerm, kind: 'command', payload }],
      replacedTo: null,
      hardState: { term: firstTerm, vote: storeId, commit: logIndex(this.#last - 1), last: index },
      thenSend: [],
    };
  }

  #flush(perFlush: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#queue.startNext(null, (error) => {
        const commit = this.#queue.end(error);
        if (error !== null) reject(error);
        else if (commit.appends.length !== perFlush) reject(new Error('not all that waits shares a flush'));
        else resolve();
      });
    });
  }
}
