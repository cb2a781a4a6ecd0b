import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lmdbStores } from '../../../src/adapters/lmdb-store.ts';
import { StoreFull } from '../../../src/runtime/ports.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

/** A file system of 24 MB, where the machine lets us mount one. */
function mountSmallDisk(): string | null {
  const directory = mkdtempSync(join(tmpdir(), 'carillon-full-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', directory]);
  if (status === 0) return directory;
  rmSync(directory, { recursive: true });
  return null;
}

const smallDisk = mountSmallDisk();

describe.skipIf(smallDisk === null)('an LMDB store on a full disk', () => {
  const directory = smallDisk ?? '';
  const ballast = join(directory, 'ballast');

  beforeEach(() => {
    const { bavail, bsize } = statfsSync(directory);
    writeFileSync(ballast, new Uint8Array(bavail * bsize - (1 << 20)));
  });

  afterEach(() => {
    spawnSync('umount', ['-l', directory]);
    rmSync(directory, { recursive: true });
  });

  it('answers StoreFull, keeps what was committed, and serves again when there is space', async () => {
    const store = lmdbStores(directory).open('log', 'write');
    const commit = (key: string, size: number) =>
      new Promise<Error | null>((resolve) => store.commit([{ key: bytes(key), value: new Uint8Array(size) }], resolve));
    expect(await commit('small', 10)).toBe(null);
    const failed = [commit('large', 4 << 20), commit('with it', 10)];
    for (const error of await Promise.all(failed)) expect(error).toBeInstanceOf(StoreFull);
    expect(store.get(bytes('small'))?.length).toBe(10);
    expect(store.get(bytes('large'))).toBe(undefined);
    expect(store.get(bytes('with it'))).toBe(undefined);
    rmSync(ballast);
    expect(await commit('large', 4 << 20)).toBe(null);
    expect(store.get(bytes('large'))?.length).toBe(4 << 20);
    store.close();
  });
});

describe('an LMDB store', () => {
  it('tells a reader that is told of a commit about it in the same turn of the event loop', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'carillon-store-'));
    const port = lmdbStores(directory, { mapSizeBytes: 16 << 20 });
    const writer = port.open('log', 'write');
    const reader = port.open('log', 'read');
    for (let round = 0; round < 200; round += 1) {
      reader.get(bytes('round'));
      await new Promise<void>((resolve) => {
        writer.commit([{ key: bytes('round'), value: bytes(String(round)) }], () => resolve());
      });
      expect(new TextDecoder().decode(reader.get(bytes('round')))).toBe(String(round));
    }
    reader.close();
    writer.close();
    rmSync(directory, { recursive: true });
  });

  it('keeps apart the values of one commit, of whatever length, and does not read them before it', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'carillon-store-'));
    const store = lmdbStores(directory, { mapSizeBytes: 16 << 20 }).open('log', 'write');
    const lengths = [0, 1, 63, 64, 65, 0, 5_000, 3, 100_000];
    const writes = lengths.map((length, at) => ({
      key: bytes(`key ${at}`),
      value: new Uint8Array(length).fill(at),
    }));
    const committed = new Promise<Error | null>((resolve) => store.commit(writes, resolve));
    for (const { value } of writes) value.fill(0xff);
    expect(await committed).toBe(null);
    for (const [at, length] of lengths.entries()) {
      const expected = new Uint8Array(length).fill(at);
      expect(store.read(bytes(`key ${at}`), (value) => Buffer.compare(value, expected))).toBe(0);
      expect(store.get(bytes(`key ${at}`))).toEqual(expected);
    }
    expect(store.read(bytes('none'), () => 'found')).toBe(undefined);
    store.close();
    rmSync(directory, { recursive: true });
  });
});
