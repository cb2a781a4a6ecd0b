import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TailBuffer } from '../../../src/executors/tail-buffer.ts';

it('keeps the last bytes of any stream, and counts the others', () => {
  const chunk = fc.uint8Array({ maxLength: 40 });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 50 }), fc.array(chunk, { maxLength: 20 }), (limitBytes, chunks) => {
      const buffer = new TailBuffer(limitBytes);
      for (const piece of chunks) buffer.add(piece);
      const all = Buffer.concat(chunks);
      expect(Buffer.from(buffer.bytes())).toEqual(all.subarray(Math.max(0, all.length - limitBytes)));
      expect(buffer.totalBytes).toBe(all.length);
      expect(buffer.droppedBytes).toBe(Math.max(0, all.length - limitBytes));
    }),
  );
});

it('keeps nothing of a chunk that is used again', () => {
  const buffer = new TailBuffer(10);
  const chunk = Uint8Array.of(1, 2, 3);
  buffer.add(chunk);
  chunk.fill(9);
  expect([...buffer.bytes()]).toEqual([1, 2, 3]);
});
