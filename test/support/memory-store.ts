import {
  type RangeOptions,
  type Store,
  StoreFull,
  type StoreName,
  type StorePort,
  type StoreSnapshot,
  type StoreSpace,
  type StoreWrite,
} from '../../src/runtime/ports.ts';

interface PendingCommit {
  readonly writes: readonly StoreWrite[];
  readonly done: (error: Error | null) => void;
}

/**
 * A store in memory whose commits wait for `flush`, so that a test decides when they become visible, fail, or are lost
 * with the process. Keys are compared bytewise, as hex text.
 */
export class MemoryStore implements Store {
  #committed = new Map<string, Uint8Array>();
  #pending: PendingCommit[] = [];
  /** Given to the next commits instead of writing them. */
  failure: Error | null = null;
  /** What `space` tells. */
  room: StoreSpace | null = null;

  get pendingCommits(): number {
    return this.#pending.length;
  }

  get size(): number {
    return this.#committed.size;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#committed.get(hex(key))?.slice();
  }

  read<Value>(key: Uint8Array, decode: (value: Uint8Array) => Value): Value | undefined {
    const value = this.get(key);
    return value === undefined ? undefined : decode(value);
  }

  range(options: RangeOptions, visit: (key: Uint8Array, value: Uint8Array) => boolean | undefined): void {
    const from = options.from === null ? '' : hex(options.from);
    const to = options.to === null ? null : hex(options.to);
    const keys = [...this.#committed.keys()].filter((key) => key >= from && (to === null || key < to)).sort();
    if (options.reverse === true) keys.reverse();
    const offset = options.offset ?? 0;
    const limit = options.limit ?? Number.POSITIVE_INFINITY;
    for (const key of keys.slice(offset, offset + limit)) {
      const value = this.#committed.get(key) ?? new Uint8Array();
      const goesOn = visit(Buffer.from(key, 'hex'), options.keysOnly === true ? new Uint8Array() : value.slice());
      if (goesOn === false) return;
    }
  }

  snapshot(): StoreSnapshot {
    const copy = new MemoryStore();
    copy.#committed = new Map(this.#committed);
    return copy;
  }

  commit(writes: readonly StoreWrite[], done: (error: Error | null) => void): void {
    this.#pending.push({
      writes: writes.map(({ key, value }) => ({ key: key.slice(), value: value?.slice() ?? null })),
      done,
    });
  }

  publish(writes: readonly StoreWrite[]): void {
    if (this.failure !== null) throw this.failure;
    this.#apply(writes.map(({ key, value }) => ({ key, value: value?.slice() ?? null })));
  }

  /** Ends with the next `flush`; needs no space. */
  makeDurable(done: (error: Error | null) => void): void {
    this.#pending.push({ writes: [], done: (error) => done(error instanceof StoreFull ? null : error) });
  }

  #apply(writes: readonly StoreWrite[]): void {
    for (const { key, value } of writes) {
      if (value === null) this.#committed.delete(hex(key));
      else this.#committed.set(hex(key), value);
    }
  }

  /** Ends all commits issued so far, in order. Commits made by their callbacks wait for the next flush. */
  flush(): void {
    for (const { writes, done } of this.#pending.splice(0)) {
      if (this.failure === null) this.#apply(writes);
      done(this.failure);
    }
  }

  /** Flushes until nothing is pending. */
  settle(): void {
    while (this.#pending.length > 0) this.flush();
  }

  /** The process died: what was not flushed is gone. */
  crash(): void {
    this.#pending = [];
    this.failure = null;
  }

  space(): StoreSpace | null {
    return this.room;
  }

  close(): void {}
}

/** The stores of one node; they outlive the actors that open them, as disks do. */
export class MemoryStores implements StorePort {
  readonly #stores = new Map<StoreName, MemoryStore>();

  open(name: StoreName): MemoryStore {
    let store = this.#stores.get(name);
    if (store === undefined) {
      store = new MemoryStore();
      this.#stores.set(name, store);
    }
    return store;
  }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
