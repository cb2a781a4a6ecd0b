/** Committed entries of a store. */
export interface StoreReads {
  /** Committed value, as a copy the caller may keep; never sees a commit that is still being flushed. */
  get(key: Uint8Array): Uint8Array | undefined;
  /** Visits committed entries in key order until `visit` returns false. Reads of one turn see one snapshot. */
  range(options: RangeOptions, visit: (key: Uint8Array, value: Uint8Array) => boolean | undefined): void;
}

/** What was committed when it was taken, also in later turns. Until it is closed, the space of what changes meanwhile is not used again. */
export interface StoreSnapshot extends StoreReads {
  /** Once. */
  close(): void;
}

/**
 * An ordered map of bytes with atomic commits: LMDB in production (adapters/lmdb-store.ts), a simulated
 * disk in simulation. Keys order bytewise. One writer per store; any number of read-only openers, opened after it. To
 * `log` and `work` is committed, `state` is published to: it can be made again from the log (decision 0008).
 */
export interface Store extends StoreReads {
  /** As `get`, without the copy: `decode` gets bytes that are good until it returns. */
  read<Value>(key: Uint8Array, decode: (value: Uint8Array) => Value): Value | undefined;
  snapshot(): StoreSnapshot;
  /**
   * Atomic: all of `writes`, in order, or none; an empty list waits for the commits before it. Bytes are copied.
   * Keys have 1 to limits.storeKeyBytes bytes. `done(null)` comes in a later turn, after the flush; visible then and not
   * before. Commits of one turn may share a flush, and then fail together; they become visible in the order given.
   * After an error nothing of the commit is visible: `StoreFull` when space is missing, anything else means the disk can't be trusted (P6).
   */
  commit(writes: readonly StoreWrite[], done: (error: Error | null) => void): void;
  /**
   * Atomic: all of `writes`, in order, or none. Visible at once, on this and on all other threads, and kept when the process
   * dies. Until `makeDurable` a crash of the machine may take back all that was published since. Throws as `commit` fails.
   */
  publish(writes: readonly StoreWrite[]): void;
  /**
   * Flushes what is published. One at a time; `done` comes in a later turn. After an error the disk can't be trusted: the
   * next life finds what was durable before.
   */
  makeDurable(done: (error: Error | null) => void): void;
  /** Room on its disk now; null where there is no end of it. Cheap enough to be asked before each batch. */
  space(): StoreSpace | null;
  /** Commits that are not done yet may be kept or lost; their `done` doesn't come. Nothing may be called after it. */
  close(): void;
}

export interface StoreSpace {
  readonly freeBytes: number;
  readonly totalBytes: number;
}

export interface RangeOptions {
  /** First key, inclusive; null: from the first. */
  readonly from: Uint8Array | null;
  /** Last key, exclusive; null: to the last. */
  readonly to: Uint8Array | null;
  readonly reverse?: boolean;
  /** Entries to skip before the first visit. */
  readonly offset?: number;
  readonly limit?: number;
  /** Values are not read; `visit` gets an empty array. */
  readonly keysOnly?: boolean;
}

/** A null value deletes the key. */
export interface StoreWrite {
  readonly key: Uint8Array;
  readonly value: Uint8Array | null;
}

export class StoreFull extends Error {
  override readonly name = 'StoreFull';
}

/**
 * Numbered files that only grow: adapters/append-files.ts in production, a simulated disk in simulation. What `append`
 * returned from survives the process, however it ends; a machine that dies may keep any part of it, or none.
 */
export interface AppendFiles {
  /** Of the files that are there, in order. */
  numbers(): readonly number[];
  read(number: number): Uint8Array;
  /** All of `bytes` at the end of the file, which is made when there is none, or nothing. Raises `StoreFull`. */
  append(number: number, bytes: Uint8Array): void;
  remove(number: number): void;
  /** Nothing may be called after it. */
  close(): void;
}

export type StoreName = 'log' | 'state' | 'work';

export interface StorePort {
  /** Opens (and creates) the store of this node. The writer must be open before a reader opens (measured-facts 4). */
  open(name: StoreName, mode: 'write' | 'read'): Store;
}
