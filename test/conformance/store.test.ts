import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lmdbStores } from '../../src/adapters/lmdb-store.ts';
import { Prng } from '../../src/core/prng.ts';
import type { RangeOptions, Store, StorePort, StoreWrite } from '../../src/runtime/ports.ts';
import { Simulation } from '../../src/runtime/simulation/simulation.ts';
import { SimulatedDisk } from '../../src/runtime/simulation/store.ts';

/** One implementation of the port, with an empty disk. */
interface Bench {
  readonly port: StorePort;
  /** Lets flushes end: virtual time has to be driven. */
  drive(): void;
  dispose(): void;
}

function lmdbBench(): Bench {
  const directory = mkdtempSync(join(tmpdir(), 'carillon-store-'));
  return {
    port: lmdbStores(directory, { mapSizeBytes: 64 << 20 }),
    drive: () => {},
    dispose: () => rmSync(directory, { recursive: true }),
  };
}

function simulatedBench(): Bench {
  const simulation = new Simulation(1);
  const disk = new SimulatedDisk(simulation, new Prng(1));
  const port = disk.portFor({ onEnd: () => {}, whenAwake: (action) => action() });
  return { port, drive: () => simulation.runFor(1_000), dispose: () => {} };
}

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (value: Uint8Array | undefined) => (value === undefined ? undefined : new TextDecoder().decode(value));
const put = (key: string, value: string): StoreWrite => ({ key: bytes(key), value: bytes(value) });
const remove = (key: string): StoreWrite => ({ key: bytes(key), value: null });

describe.each([
  ['LMDB', lmdbBench],
  ['simulation', simulatedBench],
])('a store: %s', (_, makeBench) => {
  let bench: Bench;
  let store: Store;

  beforeEach(() => {
    bench = makeBench();
    store = bench.port.open('log', 'write');
  });

  afterEach(() => {
    store.close();
    bench.dispose();
  });

  const commit = (writes: readonly StoreWrite[]): Promise<Error | null> => {
    const done = new Promise<Error | null>((resolve) => store.commit(writes, resolve));
    bench.drive();
    return done;
  };

  const list = (options: Partial<RangeOptions> = {}): string[] => {
    const seen: string[] = [];
    store.range({ from: null, to: null, ...options }, (key, value) => {
      seen.push(`${text(key)}=${text(value)}`);
      return undefined;
    });
    return seen;
  };

  it('shows a commit when it is done, and not before', async () => {
    const order: string[] = [];
    const done = new Promise<void>((resolve) => {
      store.commit([put('a', '1')], (error) => {
        order.push(`done ${error} ${text(store.get(bytes('a')))}`);
        resolve();
      });
    });
    order.push(`turn ${text(store.get(bytes('a')))} ${list()}`);
    bench.drive();
    await done;
    expect(order).toEqual(['turn undefined ', 'done null 1']);
  });

  it('applies the writes of a commit in order, and commits in the order given', async () => {
    const done: number[] = [];
    store.commit([put('a', '1'), remove('a'), put('a', '2'), put('b', '1')], () => done.push(1));
    store.commit([remove('b'), remove('never there')], () => done.push(2));
    store.commit([put('c', '')], () => done.push(3));
    expect(await commit([])).toBe(null);
    expect(done).toEqual([1, 2, 3]);
    expect(list()).toEqual(['a=2', 'c=']);
    expect(store.get(bytes('c'))).toEqual(new Uint8Array(0));
  });

  it('gives copies, and takes them', async () => {
    const key = bytes('key');
    const value = bytes('value');
    store.commit([{ key, value }], () => {});
    key.fill(0);
    value.fill(0);
    await commit([put('other', 'xxxxx')]);
    const read = store.get(bytes('key'));
    expect(text(read)).toBe('value');
    store.get(bytes('other'));
    expect(text(read)).toBe('value');
    read?.fill(0);
    expect(text(store.get(bytes('key')))).toBe('value');
    const ranged: Uint8Array[] = [];
    store.range({ from: null, to: null }, (_key, each) => {
      ranged.push(each);
      return undefined;
    });
    expect(ranged.map(text)).toEqual(['value', 'xxxxx']);
    for (const each of ranged) expect(each.buffer.byteLength).toBe(each.length);
  });

  it('ranges from (inclusive) to (exclusive), both ways, with offset and limit', async () => {
    await commit(['a', 'b', 'c', 'd', 'e'].map((key) => put(key, key)));
    const keys = (options: Partial<RangeOptions>) => list({ ...options, keysOnly: true }).join('');
    expect(keys({ from: bytes('b'), to: bytes('d') })).toBe('b=c=');
    expect(keys({ from: bytes('b'), to: bytes('d'), reverse: true })).toBe('c=b=');
    expect(keys({ from: bytes('bb'), to: bytes('dd'), reverse: true })).toBe('d=c=');
    expect(keys({ reverse: true, offset: 1, limit: 2 })).toBe('d=c=');
    expect(keys({ offset: 4, limit: 9 })).toBe('e=');
    expect(keys({ offset: 5 })).toBe('');
    expect(keys({ limit: 0 })).toBe('');
    expect(keys({ from: bytes('d'), to: bytes('b') })).toBe('');
  });

  it('stops a range when told to, and survives a throw in it', async () => {
    await commit(['a', 'b', 'c'].map((key) => put(key, key)));
    let visits = 0;
    store.range({ from: null, to: null }, () => {
      visits += 1;
      return visits < 2;
    });
    expect(visits).toBe(2);
    expect(() =>
      store.range({ from: null, to: null }, () => {
        throw new Error('in a visit');
      }),
    ).toThrow('in a visit');
    expect(list()).toEqual(['a=a', 'b=b', 'c=c']);
  });

  it('refuses keys that are empty or too long, before it writes anything', async () => {
    const long = { key: new Uint8Array(1_979).fill(1), value: bytes('x') };
    expect(() => store.commit([put('a', '1'), long], () => {})).toThrow('a key of 1979 bytes');
    expect(() => store.commit([put('a', '1'), { key: new Uint8Array(0), value: null }], () => {})).toThrow('0 bytes');
    await commit([{ key: new Uint8Array(1_978).fill(1), value: bytes('x') }]);
    expect(list().length).toBe(1);
  });

  it('serves a reader that opened after the writer, and reopens with what was committed', async () => {
    await commit([put('a', '1')]);
    const reader = bench.port.open('log', 'read');
    expect(text(reader.get(bytes('a')))).toBe('1');
    await commit([put('a', '2')]);
    expect(text(reader.get(bytes('a')))).toBe('2');
    expect(() => reader.commit([put('a', '3')], () => {})).toThrow('open for reading');
    reader.close();
    expect(() => bench.port.open('state', 'read')).toThrow('writer');
  });

  it('keeps a snapshot as it was over turns, beside reads of what is new', async () => {
    await commit(['a', 'b', 'c'].map((key) => put(key, 'old')));
    const reader = bench.port.open('log', 'read');
    const snapshots = [store.snapshot(), reader.snapshot()];
    await commit([put('a', 'new'), remove('b'), put('d', 'new')]);
    for (const snapshot of snapshots) {
      expect(['a', 'b', 'd'].map((key) => text(snapshot.get(bytes(key))))).toEqual(['old', 'old', undefined]);
    }
    await commit([put('c', 'newer')]);
    expect(text(reader.get(bytes('a')))).toBe('new');
    for (const snapshot of snapshots) {
      const seen: string[] = [];
      snapshot.range({ from: bytes('b'), to: null }, (key, value) => seen.push(`${text(key)} ${text(value)}`) > 0);
      expect(seen).toEqual(['b old', 'c old']);
      snapshot.close();
    }
    const last = reader.snapshot();
    expect(text(last.get(bytes('c')))).toBe('newer');
    reader.close();
    last.close();
  });

  it('shows what is published at once, to all who have it open, and keeps it when it is opened again', async () => {
    const published = bench.port.open('state', 'write');
    const reader = bench.port.open('state', 'read');
    expect(reader.get(bytes('a'))).toBeUndefined();
    published.publish([put('a', '1'), put('b', '1'), remove('a'), put('c', '1')]);
    expect(['a', 'b', 'c'].map((key) => text(published.get(bytes(key))))).toEqual([undefined, '1', '1']);
    const inATurn = async (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    await inATurn();
    expect(text(reader.get(bytes('c')))).toBe('1');
    const long = { key: new Uint8Array(1_979).fill(1), value: bytes('x') };
    expect(() => published.publish([put('b', '2'), long])).toThrow('a key of 1979 bytes');
    const flushed = new Promise<Error | null>((resolve) => published.makeDurable(resolve));
    published.publish([put('b', '3')]);
    bench.drive();
    expect(await flushed).toBeNull();
    reader.close();
    published.close();
    await inATurn();
    const again = bench.port.open('state', 'write');
    expect(text(again.get(bytes('b')))).toBe('3');
    again.close();
  });

  it('takes commits, or is published to', () => {
    const published = bench.port.open('state', 'write');
    expect(() => published.commit([put('a', '1')], () => {})).toThrow('takes no commits');
    expect(() => store.publish([put('a', '1')])).toThrow('only what can be made again is published');
    published.close();
  });

  it('agrees with a sorted list for any writes and ranges', async () => {
    const key = fc.uint8Array({ minLength: 1, maxLength: 3, max: 3 });
    const write = fc.record({ key, value: fc.option(fc.uint8Array({ maxLength: 4 })) });
    const bound = fc.option(key);
    const range = fc.record({
      from: bound,
      to: bound,
      reverse: fc.boolean(),
      offset: fc.nat(3),
      limit: fc.nat(5),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(write, { maxLength: 6 }), { maxLength: 4 }),
        fc.array(range),
        async (commits, ranges) => {
          const model = new Map<string, string>();
          const hex = (value: Uint8Array) => Buffer.from(value).toString('hex');
          const clean: StoreWrite[] = [];
          store.range({ from: null, to: null, keysOnly: true }, (each) => {
            clean.push({ key: each, value: null });
            return undefined;
          });
          await commit(clean);
          for (const writes of commits) {
            for (const each of writes) {
              if (each.value === null) model.delete(hex(each.key));
              else model.set(hex(each.key), hex(each.value));
            }
            await commit(writes);
          }
          for (const options of ranges) {
            const seen: string[] = [];
            store.range(options, (each, value) => {
              seen.push(`${hex(each)}=${hex(value)}`);
              return undefined;
            });
            expect(seen).toEqual(modelRange(model, options));
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

/** The slow way to a range: everything, sorted, filtered, cut. */
function modelRange(model: ReadonlyMap<string, string>, options: RangeOptions): string[] {
  const bound = (value: Uint8Array | null) => (value === null ? null : Buffer.from(value).toString('hex'));
  const from = bound(options.from);
  const to = bound(options.to);
  const keys = [...model.keys()].filter((key) => (from === null || key >= from) && (to === null || key < to)).sort();
  if (options.reverse === true) keys.reverse();
  const offset = options.offset ?? 0;
  return keys.slice(offset, offset + (options.limit ?? keys.length)).map((key) => `${key}=${model.get(key)}`);
}
