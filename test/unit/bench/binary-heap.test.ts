import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BinaryHeap } from '../../../bench/baselines/binary-heap.ts';

it('takes deadlines in their order, without those that were cancelled: a wrong baseline would be no baseline', () => {
  const deadlines = fc.array(fc.record({ atMs: fc.nat(50), isCancelled: fc.boolean() }), { maxLength: 200 });
  fc.assert(
    fc.property(deadlines, (items) => {
      const heap = new BinaryHeap(items.length);
      for (const [id, { atMs }] of items.entries()) heap.add(id, atMs);
      for (const [id, { isCancelled }] of items.entries()) if (isCancelled) heap.cancel(id);
      const taken: number[] = [];
      for (let id = heap.takeFirst(); id !== -1; id = heap.takeFirst()) taken.push(id);
      const kept = [...items.keys()].filter((id) => items[id]?.isCancelled === false);
      expect([...taken].sort((a, b) => a - b)).toEqual(kept);
      const times = taken.map((id) => items[id]?.atMs ?? -1);
      expect(times).toEqual([...times].sort((a, b) => a - b));
      expect(heap.size).toBe(0);
    }),
  );
});
