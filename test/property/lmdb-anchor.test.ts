import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { backToAnchor } from '../../src/adapters/lmdb-anchor.ts';
import { lmdbStores } from '../../src/adapters/lmdb-store.ts';
import { Prng } from '../../src/core/prng.ts';
import type { Store, StoreWrite } from '../../src/runtime/ports.ts';

const files = ['data.mdb', 'anchor'] as const;
/** What a disk writes whole. */
const sectorBytes = 512;

type Model = ReadonlyMap<string, string>;
type Image = Readonly<Record<(typeof files)[number], Buffer>>;

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (value: Uint8Array): string => new TextDecoder().decode(value);

/** A store on a disk that keeps what was flushed, and loses any other sector or not when the machine crashes. */
class Machine {
  readonly #root = mkdtempSync(join(tmpdir(), 'carillon-anchor-'));
  readonly #random: Prng;
  #lives = 0;
  #store: Store;
  #now: Model = new Map();
  /** What was flushed last for certain; of a flush whose data is on the disk and whose anchor may be, what that makes durable. */
  #durable: { readonly model: Model; readonly image: Image };
  #flushing: Model | null = null;

  constructor(random: Prng) {
    this.#random = random;
    this.#store = this.#open();
    this.#durable = { model: this.#now, image: this.#image() };
  }

  get #path(): string {
    return join(this.#root, String(this.#lives), 'state');
  }

  #open(): Store {
    return lmdbStores(join(this.#root, String(this.#lives)), { mapSizeBytes: 64 << 20 }).open('state', 'write');
  }

  #image(): Image {
    return { 'data.mdb': readFileSync(join(this.#path, 'data.mdb')), anchor: readFileSync(join(this.#path, 'anchor')) };
  }

  content(): Model {
    const found = new Map<string, string>();
    this.#store.range({ from: null, to: null }, (key, value) => {
      found.set(text(key), text(value));
      return undefined;
    });
    return found;
  }

  publishSome(): void {
    const next = new Map(this.#now);
    const writes: StoreWrite[] = [];
    for (let count = this.#random.below(60) + 1; count > 0; count -= 1) {
      const key = `key ${this.#random.below(300)}`;
      const value =
        this.#random.below(4) === 0 ? null : `${this.#random.below(1_000)}`.repeat(this.#random.below(900) + 1);
      writes.push({ key: bytes(key), value: value === null ? null : bytes(value) });
      if (value === null) next.delete(key);
      else next.set(key, value);
    }
    this.#store.publish(writes);
    this.#now = next;
  }

  /** Goes on changing while the flush runs. */
  async flush(until: 'end' | 'data' | 'anchor'): Promise<void> {
    const model = this.#now;
    const image = this.#image();
    const done = new Promise<Error | null>((resolve) => this.#store.makeDurable(resolve));
    for (let count = this.#random.below(4); count > 0; count -= 1) this.publishSome();
    expect(await done).toBeNull();
    if (until === 'end') {
      this.#durable = { model, image: { ...image, anchor: this.#image().anchor } };
    } else if (until === 'data') {
      // Nothing is written to the anchor before the data is flushed.
      writeFileSync(join(this.#path, 'anchor'), this.#durable.image.anchor);
    } else {
      this.#flushing = model;
      this.#durable = { ...this.#durable, image: { ...image, anchor: this.#durable.image.anchor } };
    }
  }

  /** The process dies, and what it wrote stays. */
  kill(): void {
    this.#store.close();
    backToAnchor(this.#path, bootId());
    this.#store = this.#open();
    expect(this.content()).toEqual(this.#now);
    this.#durable = { model: this.#now, image: this.#image() };
  }

  /** Of each sector that was not flushed, what was written last or what is on the disk is found. */
  crash(): void {
    const last = this.#image();
    this.#store.close();
    const after = Object.fromEntries(files.map((file) => [file, this.#torn(this.#durable.image[file], last[file])]));
    this.#lives += 1;
    mkdirSync(this.#path, { recursive: true });
    for (const file of files) writeFileSync(join(this.#path, file), after[file] ?? '');
    backToAnchor(this.#path, 'another boot');
    this.#store = this.#open();
    const found = this.content();
    const possible = [this.#durable.model, ...(this.#flushing === null ? [] : [this.#flushing])];
    expect(possible.map((model) => JSON.stringify([...model].sort()))).toContain(JSON.stringify([...found].sort()));
    this.#now = found;
    this.#flushing = null;
    this.#durable = { model: found, image: this.#image() };
  }

  #torn(durable: Buffer, last: Buffer): Buffer {
    const result = Buffer.from(last);
    const share = this.#random.below(5);
    for (let at = 0; at < durable.length; at += sectorBytes) {
      if (this.#random.below(4) >= share) durable.copy(result, at, at, at + sectorBytes);
    }
    // What was written behind the end that the disk knew of is zeroes, where it is not there.
    for (let at = durable.length; at < result.length; at += sectorBytes) {
      if (this.#random.below(4) >= share) result.fill(0, at, at + sectorBytes);
    }
    return result;
  }

  end(): void {
    this.#store.close();
    rmSync(this.#root, { recursive: true });
  }
}

const bootId = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'ascii').trim();

describe.skipIf(process.platform !== 'linux')('the anchor of a store that is published to', () => {
  it.each(Array.from({ length: 12 }, (_, seed) => seed))(
    'is what a crash of the machine leaves: seed %i',
    async (seed) => {
      const random = new Prng(seed);
      const machine = new Machine(random);
      for (let step = 0; step < 60; step += 1) {
        const drawn = random.below(10);
        if (drawn < 5) machine.publishSome();
        else if (drawn < 7) await machine.flush('end');
        else if (drawn < 8) machine.kill();
        else {
          if (random.below(3) > 0) await machine.flush(random.below(2) === 0 ? 'data' : 'anchor');
          machine.crash();
        }
      }
      machine.end();
    },
  );

  it('is gone back to when a flush had failed, also by the same boot', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'carillon-anchor-'));
    const path = join(directory, 'state');
    const store = lmdbStores(directory, { mapSizeBytes: 16 << 20 }).open('state', 'write');
    store.publish([{ key: bytes('a'), value: bytes('1') }]);
    expect(await new Promise((resolve) => store.makeDurable(resolve))).toBeNull();
    store.publish([{ key: bytes('a'), value: bytes('2') }]);
    store.close();
    writeFileSync(join(path, 'distrusted'), '');
    backToAnchor(path, bootId());
    const again = lmdbStores(directory, { mapSizeBytes: 16 << 20 }).open('state', 'write');
    expect(text(again.get(bytes('a')) ?? bytes(''))).toBe('1');
    again.publish([{ key: bytes('a'), value: bytes('3') }]);
    again.close();
    backToAnchor(path, bootId());
    const last = lmdbStores(directory, { mapSizeBytes: 16 << 20 }).open('state', 'write');
    expect(text(last.get(bytes('a')) ?? bytes(''))).toBe('3');
    last.close();
    rmSync(directory, { recursive: true });
  });

  it('is taken from the slot that is whole', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'carillon-anchor-'));
    const path = join(directory, 'state');
    const store = lmdbStores(directory, { mapSizeBytes: 16 << 20 }).open('state', 'write');
    const flush = async (): Promise<void> => {
      expect(await new Promise((resolve) => store.makeDurable(resolve))).toBeNull();
    };
    store.publish([{ key: bytes('a'), value: bytes('1') }]);
    await flush();
    const data = join(directory, 'data');
    copyFileSync(join(path, 'data.mdb'), data);
    const before = readFileSync(join(path, 'anchor'));
    store.publish([{ key: bytes('a'), value: bytes('2') }]);
    await flush();
    const torn = readFileSync(join(path, 'anchor'));
    store.close();
    const changed = torn.findIndex((byte, at) => byte !== before[at]);
    torn.fill(0, changed + 100, changed + 1_000);
    writeFileSync(join(path, 'anchor'), torn);
    copyFileSync(data, join(path, 'data.mdb'));
    backToAnchor(path, 'another boot');
    const again = lmdbStores(directory, { mapSizeBytes: 16 << 20 }).open('state', 'write');
    expect(text(again.get(bytes('a')) ?? bytes(''))).toBe('1');
    again.close();
    rmSync(directory, { recursive: true });
  });
});
