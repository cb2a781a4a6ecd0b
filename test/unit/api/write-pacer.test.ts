import { beforeEach, describe, expect, it } from 'vitest';
import { WritePacer } from '../../../src/api/write-pacer.ts';
import { limits } from '../../../src/core/limits.ts';
import { monoMs } from '../../../src/core/units.ts';

let nowMs: number;
let pacer: WritePacer;
let refused: number[];
/** Ends of the writes under way, by their number. */
let ends: Map<number, () => void>;
let next: number;

beforeEach(() => {
  nowMs = 5_000;
  pacer = new WritePacer(() => monoMs(nowMs));
  refused = [];
  ends = new Map();
  next = 0;
});

function submit(count: number): void {
  for (let left = count; left > 0; left -= 1) {
    const number = next;
    next += 1;
    pacer.submit(
      (ended) => void ends.set(number, ended),
      () => void refused.push(number),
    );
  }
  pacer.check();
}

/** Ends all that are under way, `tookMs` after now. */
function endAll(tookMs: number): void {
  nowMs += tookMs;
  for (const [number, ended] of [...ends]) {
    ends.delete(number);
    ended();
  }
  pacer.check();
}

describe('changes of clients', () => {
  it('begin at once while few are under way, and in their order behind others', () => {
    submit(limits.writesAtOnceLeast + 3);
    expect([...ends.keys()]).toEqual(Array.from({ length: limits.writesAtOnceLeast }, (_, at) => at));
    expect(pacer.waiting).toBe(3);
    endAll(1);
    expect([...ends.keys()]).toEqual([16, 17, 18]);
    expect([pacer.underWay, pacer.waiting]).toEqual([3, 0]);
  });

  it('are let through in greater numbers while they are fast, up to a bound', () => {
    for (let round = 0; round < 30; round += 1) {
      submit(limits.writesAtOnceMost * 2);
      endAll(limits.writeDelayMs);
      refused = [];
    }
    expect(pacer.underWay).toBe(limits.writesAtOnceMost);
  });

  it('are let through in smaller numbers as soon as they are slow, but not in none', () => {
    for (let round = 0; round < 30; round += 1) {
      submit(limits.writesAtOnceMost);
      endAll(1);
    }
    const before = pacer.underWay;
    submit(limits.writesWaiting - pacer.waiting);
    endAll(limits.writeDelayMs + 1);
    expect(pacer.underWay).toBeLessThan(before * 0.7);
    for (let round = 0; round < 10; round += 1) {
      submit(limits.writesWaiting - pacer.waiting);
      endAll(limits.writeDelayMs + 1);
    }
    expect(pacer.underWay).toBe(limits.writesAtOnceLeast);
  });

  it('do not earn room that nobody needs', () => {
    for (let round = 0; round < 1_000; round += 1) {
      submit(1);
      endAll(1);
    }
    submit(limits.writesAtOnceMost);
    expect(pacer.underWay).toBe(limits.writesAtOnceLeast);
  });

  it('are refused when too many wait', () => {
    submit(limits.writesAtOnceLeast + limits.writesWaiting);
    expect(refused).toEqual([]);
    submit(1);
    expect(refused).toEqual([next - 1]);
  });

  it('are refused when they have waited too long, and never begin', () => {
    submit(limits.writesAtOnceLeast + 2);
    nowMs += limits.writeWaitMs;
    submit(1);
    pacer.sweep();
    expect(refused).toEqual([]);
    nowMs += 1;
    pacer.sweep();
    expect(refused).toEqual([16, 17]);
    endAll(0);
    expect([...ends.keys()]).toEqual([18]);
  });
});
