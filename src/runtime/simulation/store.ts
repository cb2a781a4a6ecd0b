import { assert } from '../../core/assert.ts';
import { limits } from '../../core/limits.ts';
import type { Prng } from '../../core/prng.ts';
import {
  type AppendFiles,
  type RangeOptions,
  type Store,
  StoreFull,
  type StoreName,
  type StorePort,
  type StoreSnapshot,
  type StoreSpace,
  type StoreWrite,
} from '../ports.ts';
import { SimulatedFiles } from './append-files.ts';
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
  /** What was before each write that was published and is not durable, oldest first. */
  unflushed: StoreWrite[];
}

const isPublished = (name: StoreName): boolean => name === 'state';

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
  /** Crashes that found something published and not flushed: how often it was kept, and taken back. */
  readonly published = { kept: 0, takenBack: 0 };
  /** Called with what has just been written, in the event that wrote it. */
  onWritten: (store: StoreName, writes: readonly StoreWrite[]) => void = () => {};
  readonly #files = new Map<StoreName, File>();
  readonly #appendFiles = new SimulatedFiles();

  constructor(simulation: Simulation, random: Prng) {
    this.simulation = simulation;
    this.random = random;
  }

  get usedBytes(): number {
    let bytes = this.#appendFiles.bytes;
    for (const { content } of this.#files.values()) bytes += content.bytes;
    return bytes;
  }

  /** A new life of the node: nothing is open. Either its process was killed, or its machine: half of the time each. */
  boot(): void {
    for (const [name, file] of this.#files) {
      file.writerWasOpen = false;
      if (file.unflushed.length > 0) this.#afterCrash(name, file);
    }
  }

  #afterCrash(name: StoreName, file: File): void {
    const isKept = this.random.below(2) === 0;
    const before = file.unflushed.toReversed();
    file.unflushed = [];
    if (isKept) {
      this.published.kept += 1;
      return;
    }
    this.published.takenBack += 1;
    file.content.apply(before);
    this.onWritten(name, before);
  }

  /** The store port of one life of an actor. */
  portFor(world: StoreWorld): StorePort {
    return {
      open: (name, mode) => {
        const file = this.#file(name);
        if (mode === 'write') return this.#openWriter(name, file, world);
        if (!file.writerWasOpen)
          throw new Error(`the store ${name} is opened for reading before its writer has opened it`);
        return new SimulatedStore(this, name, file, null);
      },
    };
  }

  /** The files of one life of an actor. */
  openFiles(): AppendFiles {
    return this.#appendFiles.open(this);
  }

  flushDelayMs(): number {
    const slowMs = this.slownessMs === 0 ? 0 : this.random.below(this.slownessMs);
    return this.random.between(...FLUSH_US) / 1000 + slowMs;
  }

  /** Whether something is on its way into the store, or published there and not durable. */
  isFlushing(name: StoreName): boolean {
    const file = this.#files.get(name);
    return file?.writer?.isFlushing === true || (file?.unflushed.length ?? 0) > 0;
  }

  #openWriter(name: StoreName, file: File, world: StoreWorld): SimulatedStore {
    if (file.writer !== null) throw new Error(`the store ${name} has a writer already`);
    const store = new SimulatedStore(this, name, file, world);
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
      file = { content: new SortedBytes(), writer: null, writerWasOpen: false, unflushed: [] };
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
  readonly #file: File;
  readonly #content: SortedBytes;
  /** Of the writer; null: it only reads. */
  readonly #world: StoreWorld | null;
  /** In the running flush, then those that wait for the next one. */
  #flushing: Commit[] = [];
  #waiting: Commit[] = [];
  #open = true;

  constructor(disk: SimulatedDisk, name: StoreName, file: File, world: StoreWorld | null) {
    this.#disk = disk;
    this.#name = name;
    this.#file = file;
    this.#content = file.content;
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
    assert(!isPublished(this.#name), 'a store that is published to takes no commits');
    this.#waiting.push({ writes: this.#copied(writes), done });
    if (this.#waiting.length === 1 && this.#flushing.length === 0) this.#scheduleFlush();
  }

  publish(writes: readonly StoreWrite[]): void {
    assert(isPublished(this.#name), 'only what can be made again is published');
    const copies = this.#copied(writes);
    const error = this.#failure([{ writes: copies, done: () => undefined }]);
    if (error !== null) throw error;
    // Taken back from the last one on: of a key that is written twice, what was before the first is what stays.
    const before = copies.map(({ key }) => ({ key, value: this.#content.get(key) ?? null }));
    this.#file.unflushed.push(...before);
    this.#write(copies);
  }

  makeDurable(done: (error: Error | null) => void): void {
    this.#assertOpen();
    const flushed = this.#file.unflushed.length;
    this.#disk.simulation.after(this.#disk.flushDelayMs(), () => {
      if (!this.#open) return;
      const error = this.#disk.flushError;
      if (error === null) this.#file.unflushed = this.#file.unflushed.slice(flushed);
      this.#world?.whenAwake(() => {
        if (this.#open) done(error);
      });
    });
  }

  /** As the real one does when it encodes: the caller may reuse its buffers. */
  #copied(writes: readonly StoreWrite[]): readonly StoreWrite[] {
    this.#assertOpen();
    assert(this.#world !== null, 'a store that is open for reading takes no commits');
    return writes.map(({ key, value }) => {
      assert(key.length >= 1 && key.length <= limits.storeKeyBytes, `a key of ${key.length} bytes`);
      return { key: new Uint8Array(key), value: value === null ? null : new Uint8Array(value) };
    });
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
