import { describe, expect, it } from 'vitest';
import { retryAt } from '../../../src/core/dispatch/retry.ts';
import { chooseTargets, parseTags, type Worker } from '../../../src/core/dispatch/targets.ts';
import { epoch, nodeName, wallMs, wallNs } from '../../../src/core/units.ts';

const first = { below: () => 0 };

function worker(name: string, tags: Record<string, string>): Worker {
  return { node: nodeName(name), epoch: epoch(1), tags };
}

/** The nodes of Dkron's own tests (dkron-v4 12.4). */
const fleet = [
  worker('test1', { tag: 'test', extra: 'no', additional: 'value', additional2: 'value2' }),
  worker('test2', { tag: 'test', extra: 'tag', additional: 'value', additional2: 'value2' }),
  worker('test3', { tag: 'test_client', extra: 'tag', additional: 'value', additional2: 'value2' }),
];

const nodes = (tags: Record<string, string> | null) => chooseTargets(fleet, tags, first).map((target) => target.node);

describe('choosing targets (dkron-v4 4)', () => {
  it.each([
    [{ tag: 'test:2' }, ['test1', 'test2']],
    [{ tag: 'test:1' }, ['test1']],
    [null, ['test1', 'test2', 'test3']],
    [{ tag: 'test_client:1' }, ['test3']],
    [{ tag: 'no_tag' }, []],
    [{ foo: 'bar:1', tag: 'test:2' }, []],
    [{ tag: 'test:2', extra: 'tag:2' }, ['test2']],
    [{ tag: 'test:invalid' }, []],
    [{ tag: 'test:-1' }, []],
    [{ tag: 'test:0' }, []],
    [{ tag: 'test:99999999999999999999' }, []],
    [{ tag: 'test:1:2' }, ['test1', 'test2']],
  ])('%j', (tags, expected) => {
    expect(nodes(tags)).toEqual(expected);
  });

  it('takes the smallest count of all tags', () => {
    expect(parseTags({ key1: 'value1:2', key2: 'value2:5' })).toEqual({
      tags: [
        ['key1', 'value1'],
        ['key2', 'value2'],
      ],
      cardinality: 2,
    });
  });

  it('chooses distinct nodes, each one now and then', () => {
    const seen = new Set<string>();
    for (let seed = 0; seed < 9; seed += 1) {
      const chooser = { below: (bound: number) => seed % bound };
      const chosen = chooseTargets(fleet, { additional: 'value:2' }, chooser).map((target) => target.node);
      expect(new Set(chosen).size).toBe(2);
      for (const node of chosen) seen.add(node);
    }
    expect(seen.size).toBe(3);
  });
});

describe("the pause before a retry: Dkron's, never 0 (dkron-v4 2.5)", () => {
  it.each([
    [100, 2, 1_000],
    [500, 2, 1_000],
    [999, 3, 1_500],
    [1_000, 2, 1_500],
    [10_000, 2, 3_000],
    [10_000, 5, 4_500],
    [60_000, 2, 4_000],
    [600_000, 3, 6_500],
    [3_600_000, 5, 8_500],
  ])('after %i ms, attempt %i: %i ms', (elapsedMs, attempt, pauseMs) => {
    const now = wallMs(5_000);
    expect(retryAt(wallNs(0n), wallNs(BigInt(elapsedMs) * 1_000_000n), now, attempt)).toBe(now + pauseMs);
  });
});
