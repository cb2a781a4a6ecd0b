import { existsSync, mkdirSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { open, type RootDatabase, type Transaction } from 'lmdb';
import { assert } from '../core/assert.ts';
import { limits } from '../core/limits.ts';
import {
  type RangeOptions,
  type Store,
  StoreFull,
  type StoreName,
  type StorePort,
  type StoreSnapshot,
  type StoreSpace,
  type StoreWrite,
} from '../runtime/ports.ts';
import { readBootId } from './boot-id.ts';
import { Anchor, type Pin } from './lmdb-anchor.ts';

export interface LmdbOptions {
  /**
   * Address space reserved for each store; it holds no memory or disk. Default 16 GiB: a map that has to grow is
   * mapped anew each time, and its old pages count as memory (measured).
   */
  readonly mapSizeBytes?: number;
  /** Room for us on the file system of a directory; replaced by tests. */
  readonly space?: (directory: string) => StoreSpace;
}

const DEFAULT_MAP_SIZE_BYTES = 16 * 2 ** 30;
/** A failed commit on a disk with less space than this failed for lack of it: LMDB reports EIO, never ENOSPC. */
const FULL_BELOW_BYTES = 16 << 20;
const NOTHING = new Uint8Array(0);
/** A transaction on this thread that doesn't wait for the disk, as the library numbers its flags. */
const SYNCHRONOUS = 2;
/** Can be made again from the log: it is published, and flushed now and then (design section 9). */
const isPublished = (name: StoreName): boolean => name === 'state';

function spaceOf(directory: string): StoreSpace {
  const { bavail, blocks, bsize } = statfsSync(directory);
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
}

/** The stores of one node: an LMDB environment of its own for each, in `directory`. */
export function lmdbStores(directory: string, options: LmdbOptions = {}): StorePort {
  const { mapSizeBytes = DEFAULT_MAP_SIZE_BYTES, space = spaceOf } = options;
  return {
    open(name, mode) {
      const path = join(directory, name);
      const readOnly = mode === 'read';
      if (readOnly && !existsSync(path)) {
        throw new Error(`the store ${path} does not exist; its writer has to open it before a reader does`);
      }
      if (!readOnly) {
        mkdirSync(path, { recursive: true });
        hearFailedCommits();
      }
      const database = open<Uint8Array, Uint8Array>({
        path,
        readOnly,
        mapSize: mapSizeBytes,
        keyEncoding: 'binary',
        encoding: 'binary',
        // What is visible is durable (P5); the writer's thread waits for the flush, this one doesn't.
        overlappingSync: false,
        // What is published is flushed by its anchor.
        noSync: isPublished(name),
        // A directory whose name looks like one with an extension is still a directory.
        noSubdir: false,
      });
      const anchor = readOnly || !isPublished(name) ? null : anchorOf(database, path);
      return new LmdbStore(database, { readOnly, anchor, space: () => space(path) });
    },
  };
}

type Database = RootDatabase<Uint8Array, Uint8Array>;

function anchorOf(database: Database, path: string): Anchor {
  const { pageSize } = database.getStats() as { readonly pageSize: number };
  return new Anchor(path, readBootId(), pageSize, () => latestOf(database));
}

function latestOf(database: Database): Pin {
  database.resetReadTxn();
  const transaction = database.useReadTransaction();
  return { release: () => transaction.done() };
}

let hearsFailedCommits = false;

/**
 * For each batch the library makes a promise that it gives to nobody; when the commit fails it is rejected, which would
 * end the thread. Who made the commit hears of it by another promise. All other rejections end the thread as ever.
 */
function hearFailedCommits(): void {
  if (hearsFailedCommits) return;
  hearsFailedCommits = true;
  process.on('unhandledRejection', (reason) => {
    if (!(reason instanceof Error && 'commitError' in reason)) throw reason;
  });
}

interface LmdbStoreOptions {
  readonly readOnly: boolean;
  readonly anchor: Anchor | null;
  readonly space: () => StoreSpace;
}

class LmdbStore implements Store {
  readonly #database: Database;
  readonly #readOnly: boolean;
  /** Of a store that is published to. */
  readonly #anchor: Anchor | null;
  readonly #space: () => StoreSpace;
  #lastCommit: Promise<unknown> = Promise.resolve();
  #resetPlanned = false;
  #open = true;

  constructor(database: Database, options: LmdbStoreOptions) {
    this.#database = database;
    this.#readOnly = options.readOnly;
    this.#anchor = options.anchor;
    this.#space = options.space;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    this.#beginRead();
    return copied(this.#database.getBinaryFast(key));
  }

  read<Value>(key: Uint8Array, decode: (value: Uint8Array) => Value): Value | undefined {
    this.#beginRead();
    const found = this.#database.getBinaryFast(key);
    return found === undefined ? undefined : decode(cutToLength(found));
  }

  range(options: RangeOptions, visit: (key: Uint8Array, value: Uint8Array) => boolean | undefined): void {
    this.#beginRead();
    this.#range(options, visit);
  }

  snapshot(): StoreSnapshot {
    this.#beginRead();
    const transaction = this.#database.useReadTransaction();
    return {
      get: (key) => copied(this.#database.get(key, { transaction })),
      range: (options, visit) => this.#range(options, visit, transaction),
      close: () => {
        if (this.#open) transaction.done();
      },
    };
  }

  #range(
    options: RangeOptions,
    visit: (key: Uint8Array, value: Uint8Array) => boolean | undefined,
    transaction?: Transaction,
  ): void {
    const { offset = 0, limit, keysOnly = false } = options;
    if (limit !== undefined && limit <= 0) return;
    const query = {
      ...boundsOf(options),
      offset,
      ...(limit === undefined ? {} : { limit }),
      ...(transaction === undefined ? {} : { transaction }),
    };
    // Leaving a for-of loop, also by a throw, closes the cursor; an open one would keep pages from being reused.
    if (keysOnly) {
      for (const key of this.#database.getKeys(query)) if (visit(new Uint8Array(key), NOTHING) === false) return;
    } else {
      for (const { key, value } of this.#database.getRange(query)) {
        if (visit(new Uint8Array(key), new Uint8Array(value)) === false) return;
      }
    }
  }

  commit(writes: readonly StoreWrite[], done: (error: Error | null) => void): void {
    assert(this.#anchor === null, 'a store that is published to takes no commits');
    // All checks come first: what is put in one turn is one transaction, so nothing may fail halfway.
    this.#checkWrites(writes);
    const values = packed(writes);
    for (const { key, value } of writes) {
      this.#lastCommit = value === null ? this.#database.remove(key) : this.#database.put(key, values.copyOf(value));
    }
    const finish = (error: Error | null) => {
      if (this.#open) done(error);
    };
    this.#lastCommit.then(
      () => finish(null),
      (error: unknown) => finish(this.#explain(error)),
    );
  }

  publish(writes: readonly StoreWrite[]): void {
    this.#checkWrites(writes);
    assert(this.#anchor !== null, 'only what can be made again is published');
    // On this thread: a commit without a flush takes less than waking another one and being woken by it (measured).
    try {
      this.#database.transactionSync(() => {
        for (const { key, value } of writes) {
          if (value === null) this.#database.remove(key);
          else this.#database.put(key, value);
        }
      }, SYNCHRONOUS);
    } catch (error) {
      throw this.#explain(error);
    }
  }

  makeDurable(done: (error: Error | null) => void): void {
    assert(this.#open && this.#anchor !== null, 'only what is published is made durable later');
    this.#anchor.move((error) => {
      if (this.#open) done(error);
    });
  }

  #checkWrites(writes: readonly StoreWrite[]): void {
    assert(this.#open, 'the store is open');
    assert(!this.#readOnly, 'a store that is open for reading takes no commits');
    for (const { key } of writes) {
      assert(key.length >= 1 && key.length <= limits.storeKeyBytes, `a key of ${key.length} bytes`);
    }
  }

  space(): StoreSpace {
    return this.#space();
  }

  close(): void {
    this.#open = false;
    this.#anchor?.close();
    this.#database.close().catch(() => {});
  }

  /** All reads of one turn of the event loop see one snapshot; the next turn sees the latest. */
  #beginRead(): void {
    assert(this.#open, 'the store is open');
    if (this.#resetPlanned) return;
    this.#resetPlanned = true;
    // LMDB's own reset comes with a timer: too late for a reader that was just told of a commit.
    queueMicrotask(() => {
      this.#resetPlanned = false;
      if (this.#open) this.#database.resetReadTxn();
    });
  }

  #explain(error: unknown): Error {
    const failure = error instanceof Error ? error : new Error(String(error));
    // The library rejects this promise as well, which nobody else awaits.
    if ('commitError' in failure && failure.commitError instanceof Promise) failure.commitError.catch(() => {});
    const { freeBytes } = this.#space();
    if (freeBytes >= FULL_BELOW_BYTES) return failure;
    return new StoreFull(`the disk is full: ${freeBytes} bytes are free`, { cause: failure });
  }
}

/** One buffer serves all reads, and only its `length` is the value's: the next read overwrites it. */
const cutToLength = (found: Uint8Array): Uint8Array => new Uint8Array(found.buffer, found.byteOffset, found.length);

const copied = (found: Uint8Array | undefined): Uint8Array | undefined =>
  found === undefined ? undefined : cutToLength(found).slice();

/** Copies of all values of a commit in one buffer: the library asks for the address of each buffer, which is slow. */
function packed(writes: readonly StoreWrite[]): { copyOf(value: Uint8Array): Uint8Array } {
  const bytes = new Uint8Array(writes.reduce((sum, { value }) => sum + (value?.length ?? 0), 0));
  let used = 0;
  return {
    copyOf: (value) => {
      const copy = bytes.subarray(used, used + value.length);
      copy.set(value);
      used += value.length;
      return copy;
    },
  };
}

/** Bounds as the library wants them: a reverse range starts at its upper end. */
function boundsOf({ from, to, reverse = false }: RangeOptions): Record<string, unknown> {
  if (!reverse) return { start: from ?? undefined, end: to ?? undefined };
  return { start: to ?? undefined, end: from ?? undefined, reverse, exclusiveStart: true, inclusiveEnd: true };
}
