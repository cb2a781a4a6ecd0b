import { describe, expect, it } from 'vitest';
import { IdleCollector } from '../../../src/runtime/threads/idle-collector.ts';

const megabytes = 1 << 20;

/** A heap of which collections leave `keptBytes`. */
class FakeHeap {
  committed = 0;
  keptBytes = 0;
  busy = 0;
  collections = 0;

  committedBytes(): number {
    return this.committed;
  }

  busyShare(): number {
    return this.busy;
  }

  collect(): void {
    this.collections += 1;
    this.committed = this.keptBytes;
  }
}

function looks(collector: IdleCollector, count: number): void {
  for (let look = 0; look < count; look += 1) collector.look();
}

describe('the collector of an idle thread', () => {
  it('collects twice what a burst of work has left, and then nothing before there is more', () => {
    const heap = new FakeHeap();
    const collector = new IdleCollector(heap);
    heap.committed = 50 * megabytes;
    heap.keptBytes = 10 * megabytes;
    looks(collector, 1);
    expect(heap.collections).toBe(1);
    looks(collector, 20);
    expect(heap.collections).toBe(2);
    heap.committed = 15 * megabytes;
    looks(collector, 20);
    expect(heap.collections).toBe(2);
    heap.committed = 20 * megabytes;
    looks(collector, 20);
    expect(heap.collections).toBe(4);
  });

  it('collects after much work, however large the heap is', () => {
    const heap = new FakeHeap();
    const collector = new IdleCollector(heap);
    heap.committed = 50 * megabytes;
    heap.keptBytes = 50 * megabytes;
    looks(collector, 20);
    expect(heap.collections).toBe(2);
    heap.busy = 0.2;
    looks(collector, 2);
    heap.busy = 0;
    looks(collector, 20);
    expect(heap.collections).toBe(2);
    heap.busy = 0.2;
    looks(collector, 1);
    heap.busy = 0;
    looks(collector, 20);
    expect(heap.collections).toBe(4);
  });

  it('leaves a busy thread alone', () => {
    const heap = new FakeHeap();
    const collector = new IdleCollector(heap);
    heap.committed = 50 * megabytes;
    heap.busy = 0.2;
    looks(collector, 20);
    expect(heap.collections).toBe(0);
    heap.busy = 0.01;
    looks(collector, 1);
    heap.busy = 0.2;
    looks(collector, 20);
    expect(heap.collections).toBe(1);
  });
});
