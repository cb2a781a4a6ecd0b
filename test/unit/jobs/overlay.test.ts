import { beforeEach, describe, expect, it } from 'vitest';
import { OverlayTable } from '../../../src/core/jobs/overlay.ts';
import { limits } from '../../../src/core/limits.ts';

describe('a table of the state under a batch', () => {
  const committed = new Map<string, number>();
  let reads: string[] = [];
  const read = (key: string): number | undefined => {
    reads.push(key);
    return committed.get(key);
  };
  let table: OverlayTable<number>;
  const commit = (): void => {
    for (const [key, value] of table.drain()) {
      if (value === null) committed.delete(key);
      else committed.set(key, value);
    }
  };

  beforeEach(() => {
    committed.clear();
    reads = [];
    table = new OverlayTable(read, (value) => value >= 0);
  });

  it('reads again nothing that it wrote a moment ago', () => {
    table.put('a', 1);
    commit();
    expect(table.get('a')).toBe(1);
    table.put('a', 2);
    expect(table.drainWithBefore()).toEqual([{ key: 'a', before: 1, after: 2 }]);
    committed.set('a', 2);
    expect(table.get('a')).toBe(2);
    expect(reads).toEqual([]);
  });

  it('keeps nothing that was deleted, or that will hardly be read again', () => {
    table.put('a', 1);
    table.put('b', 1);
    commit();
    table.delete('a');
    table.put('b', -1);
    commit();
    expect(table.get('a')).toBeUndefined();
    expect(table.get('b')).toBe(-1);
    expect(reads).toEqual(['a', 'b']);
  });

  it('keeps what was written last, and so many', () => {
    for (let n = 0; n < limits.keptRecords; n += 1) table.put(`k${n}`, n);
    commit();
    table.put('k0', 7);
    table.put('new', 8);
    commit();
    expect([table.get('k0'), table.get('new'), table.get('k2')]).toEqual([7, 8, 2]);
    expect(reads).toEqual([]);
    expect(table.get('k1')).toBe(1);
    expect(reads).toEqual(['k1']);
  });

  it('forgets it when told to', () => {
    table.put('a', 1);
    commit();
    table.forgetKept();
    expect(table.get('a')).toBe(1);
    expect(reads).toEqual(['a']);
  });
});
