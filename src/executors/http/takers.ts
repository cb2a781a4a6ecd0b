import { createGunzip } from 'node:zlib';
import type { TailBuffer } from '../tail-buffer.ts';
import type { BodyTaker } from './call.ts';

/** Keeps a body as it comes. */
export const keeping = (kept: TailBuffer): BodyTaker => ({
  add: (chunk) => {
    kept.add(chunk);
    return true;
  },
  end: (done) => done(null),
  drop: () => undefined,
});

/** Keeps a body unpacked. */
export function unpacking(kept: TailBuffer): BodyTaker {
  const gunzip = createGunzip();
  let fail = (_error: Error): void => undefined;
  gunzip.on('data', (chunk: Uint8Array) => kept.add(chunk));
  gunzip.on('error', (error) => fail(error));
  return {
    add: (chunk, flow) => {
      fail = (error) => flow.fail(error);
      if (gunzip.write(chunk)) return true;
      flow.pause();
      gunzip.once('drain', () => flow.resume());
      return true;
    },
    end: (done) => {
      fail = done;
      gunzip.once('end', () => done(null)).end();
    },
    drop: () => gunzip.destroy(),
  };
}

/** Reads a little, so that the connection can be used again; beyond it is cheaper to drop that. */
export function skipping(mostBytes: number): BodyTaker {
  let left = mostBytes;
  return {
    add: (chunk) => {
      left -= chunk.length;
      return left >= 0;
    },
    end: (done) => done(null),
    drop: () => undefined,
  };
}
