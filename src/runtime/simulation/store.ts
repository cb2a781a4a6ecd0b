import { assert } from '../../core/assert.ts';
import { limits } from '../../core/limits.ts';
import type { Prng } from '../../core/prng.ts';
import {
  type RangeOptions,
  type Store,
  StoreFull,
  type StoreName,
  type StorePort,
  type StoreSnapshot,
  type StoreSpace,
  type StoreWrite,
} from '../ports.ts';
import type { Simulation } from './simulation.ts';
import { SortedBytes } from './sorted-bytes.ts';
import type { SimulatedWorld } from './thread.ts';

interface Commit {
  readonly writes: readonly StoreWrite[];
  readonly done: (error: Error | null) => void;
}

/** What a store has to know of the life that it belongs to. */
type StoreWorld = Pick<SimulatedWorld, 'onEnd' | 'whenAwake'>;

/** What is on the disk under one name. */
interface File {
  readonly content: SortedBytes;
  /** The life that writes; null: nobody. */
  writer: SimulatedStore | null;
  /** Since the node's start: readers must come after the writer. */
  writerWasOpen: boolean;
}

/** Virtual milliseconds that a flush takes: drawn between these, in microseconds. */
const FLUSH_US = [100, 3_000] as const;

/** The disk of one simulated node. It survives crashes of actors and of the node, less what was not flushed. */
export class SimulatedDisk {
  readonly simulation: Simulation;
  readonly random: Prng;
  /** Bytes that fit; a flush that would exceed it fails with `StoreFull`. null: no limit. */
  capacityBytes: number | null = null;
  /** Every flush fails with this error while it is set. */
  flushError: Error | null = null;
  /** A flush takes up to so much longer. */
  slownessMs = 0;
  /** Commits that were neither flushed nor lost for sure when their writer ended: how many were kept, and lost. */
  readonly torn = { kept: 0, lost: 0 };
  /** Called with what has just been written, in the event that wrote it. */
  onWritten: (store: StoreName, writes: readonly StoreWrite[]) => void = () => {};
  readonly #files = new Map<StoreName, File>();

  constructor(simulation: Simulation, random: Prng) {
    this.simulation = simulation;
    this.random = random;
  }

  get usedBytes(): number {
    let bytes = 0;
    for (const { content } of this.#files.values()) bytes += content.bytes;
    return bytes;
  }

  /** A new life of the node: nothing is open. */
  boot(): void {
    for (const file of this.#files.values()) file.writerWasOpen = false;
  }

  /** The store port of one life of an actor. */
  portFor(world: StoreWorld): StorePort {
    return {
      open: (name, mode) => {
        const file = this.#file(name);
        if (mode === 'write') return this.#openWriter(name, file, world);
        if (!file.writerWasOpen)
          throw new Error(`the store ${name} is opened for reading before its writer has opened it`);
        return new SimulatedStore(this, name, file.content, null);
      },
    };
  }

  flushDelayMs(): number {
    const slowMs = this.slownessMs === 0 ? 0 : this.random.below(this.slownessMs);
    return this.random.between(...FLUSH_US) / 1000 + slowMs;
  }

  /** Whether a commit is on its way into the store. */
  isFlushing(name: StoreName): boolean {
    return this.#files.get(name)?.writer?.isFlushing === true;
  }

  #openWriter(name: StoreName, file: File, world: StoreWorld): SimulatedStore {
    if (file.writer !== null) throw new Error(`the store ${name} has a writer already`);
    const store = new SimulatedStore(this, name, file.content, world);
    file.writer = store;
    file.writerWasOpen = true;
    const leave = () => {
      if (file.writer === store) file.writer = null;
    };
    store.onClose = leave;
    world.onEnd(() => {
      store.abandon();
      leave();
    });
    return store;
  }

  #file(name: StoreName): File {
    let file = this.#files.get(name);
    if (file === undefined) {
      file = { content: new SortedBytes(), writer: null, writerWasOpen: false };
      this.#files.set(name, file);
    }
    return file;
  }
}

/** One opening of a store. Commits of a writer wait for the running flush and then share the next one, as in LMDB. */
class SimulatedStore implements Store {
  onClose: () => void = () => {};
  readonly #disk: SimulatedDisk;
  readonly #name: StoreName;
  readonly #content: SortedBytes;
  /** Of the writer; null: it only reads. */
  readonly #world: StoreWorld | null;
  /** In the running flush, then those that wait for the next one. */
  #flushing: Commit[] = [];
  #waiting: Commit[] = [];
  #open = true;

  constructor(disk: SimulatedDisk, name: StoreName, content: SortedBytes, world: StoreWorld | null) {
    this.#disk = disk;
    this.#name = name;
    this.#content = content;
    this.#world = world;
  }

  get isFlushing(): boolean {
    return this.#flushing.length + this.#waiting.length > 0;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    this.#assertOpen();
    return this.#content.get(key)?.slice();
  }

  read<Value>(key: Uint8Array, decode: (value: Uint8Array) => Value): Value | undefined {
    const value = this.get(key);
    if (value === undefined) return undefined;
    const decoded = decode(value);
    // The real one reads the next value into the same buffer.
    value.fill(0xff);
    return decoded;
  }

  range(options: RangeOptions, visit: (key: Uint8Array, value: Uint8Array) => boolean | undefined): void {
    this.#assertOpen();
    this.#content.range(options, visit);
  }

  snapshot(): StoreSnapshot {
    this.#assertOpen();
    const content = this.#content.copy();
    return {
      get: (key) => content.get(key)?.slice(),
      range: (options, visit) => content.range(options, visit),
      close: () => undefined,
    };
  }

  commit(writes: readonly StoreWrite[], done: (error: Error | null) => void): void {
    this.#assertOpen();
    assert(this.#world !== null, 'a store that is open for reading takes no commits');
    for (const { key } of writes) {
      assert(key.length >= 1 && key.length <= limits.storeKeyBytes, `a key of ${key.length} bytes`);
    }
    // Copied as the real one does when it encodes: the caller may reuse its buffers.
    const copies = writes.map(({ key, value }) => ({
      key: new Uint8Array(key),
      value: value === null ? null : new Uint8Array(value),
    }));
    this.#waiting.push({ writes: copies, done });
    if (this.#waiting.length === 1 && this.#flushing.length === 0) this.#scheduleFlush();
  }

  space(): StoreSpace | null {
    const { capacityBytes, usedBytes } = this.#disk;
    if (capacityBytes === null) return null;
    return { freeBytes: Math.max(0, capacityBytes - usedBytes), totalBytes: capacityBytes };
  }

  close(): void {
    if (!this.#open) return;
    this.abandon();
    this.onClose();
  }

  /** Ends without a flush: of the open commits a prefix survives, none of them is acknowledged. */
  abandon(): void {
    if (!this.#open) return;
    this.#open = false;
    const unflushed = [...this.#flushing, ...this.#waiting];
    const survivors = unflushed.slice(0, this.#disk.random.below(unflushed.length + 1));
    for (const commit of survivors) if (this.#failure([commit]) === null) this.#write(commit.writes);
    this.#disk.torn.kept += survivors.length;
    this.#disk.torn.lost += unflushed.length - survivors.length;
    this.#flushing = [];
    this.#waiting = [];
  }

  #scheduleFlush(): void {
    this.#disk.simulation.after(0, () => {
      if (!this.#open) return;
      this.#flushing = this.#waiting;
      this.#waiting = [];
      this.#disk.simulation.after(this.#disk.flushDelayMs(), () => this.#flushed());
    });
  }

  #flushed(): void {
    if (!this.#open) return;
    const commits = this.#flushing;
    this.#flushing = [];
    const error = this.#failure(commits);
    if (error === null) for (const commit of commits) this.#write(commit.writes);
    if (this.#waiting.length > 0) this.#scheduleFlush();
    for (const commit of commits) {
      this.#world?.whenAwake(() => {
        if (this.#open) commit.done(error);
      });
    }
  }

  #write(writes: readonly StoreWrite[]): void {
    this.#content.apply(writes);
    this.#disk.onWritten(this.#name, writes);
  }

  #failure(commits: readonly Commit[]): Error | null {
    const { capacityBytes, usedBytes, flushError } = this.#disk;
    if (flushError !== null) return flushError;
    if (capacityBytes === null) return null;
    const added = commits.reduce((sum, { writes }) => sum + this.#content.growthBytes(writes), 0);
    return usedBytes + added > capacityBytes ? new StoreFull(`${capacityBytes} bytes are full`) : null;
  }

  #assertOpen(): void {
    assert(this.#open, 'the store is open');
  }
}
