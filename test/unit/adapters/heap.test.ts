import { describe, expect, it } from 'vitest';
import { exposeCollector, openHeap } from '../../../src/adapters/heap.ts';

describe('the heap of a thread', () => {
  it('gives back what nobody holds any more', () => {
    exposeCollector();
    const heap = openHeap();
    if (heap === null) throw new Error('there is no collector');
    let held: Uint8Array | null = new Uint8Array(64 << 20);
    const before = heap.committedBytes();
    expect(held.length).toBeGreaterThan(0);
    held = null;
    heap.collect();
    expect(heap.committedBytes()).toBeLessThan(before - (32 << 20));
    expect(heap.busyShare()).toBeGreaterThanOrEqual(0);
  });
});
