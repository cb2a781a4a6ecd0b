import { describe, expect, it } from 'vitest';
import { Claims, waitOf } from '../../../src/core/dispatch/claims.ts';
import type { Now } from '../../../src/core/dispatch/in-flight.ts';
import type { ExecutionStart } from '../../../src/core/jobs/changes.ts';
import { limits } from '../../../src/core/limits.ts';
import { executionId, monoMs, nodeName, stamp, wallMs, wallNs } from '../../../src/core/units.ts';

const T = 1_700_000_000_000;
const idOf = (number: number) => executionId(stamp(1_700_000_000_000_000_000n + BigInt(number)), nodeName('n0'));
const startOf = (number: number, fields: Partial<ExecutionStart> = {}): ExecutionStart =>
  ({
    id: idOf(number),
    cause: 'schedule',
    attempt: 1,
    scheduledAtMs: wallMs(T),
    assignedAtNs: wallNs(BigInt(T - 100) * 1_000_000n),
    ...fields,
  }) as ExecutionStart;

/** So long before the time of the claims, by both clocks; the wall clock may be set otherwise. */
const clocks = (ms: number, wallBeforeMs = ms): Now => ({
  monoMs: monoMs(5_000 - ms),
  wallNs: wallNs(BigInt(T) * 1_000_000n - BigInt(wallBeforeMs * 1e6)),
});

describe('the wait of a start', () => {
  it('lasts until its time, when that is so near that it was claimed', () => {
    expect(waitOf(startOf(1), clocks(100.5).wallNs)).toBe(100.5);
    expect(waitOf(startOf(1), clocks(limits.claimAheadMs).wallNs)).toBe(limits.claimAheadMs);
  });

  it('is looked at again by its node when the clock was set back', () => {
    expect(waitOf(startOf(1), clocks(3_600_000).wallNs)).toBe(limits.claimAheadMs);
  });

  it.each([
    ['its time has come', startOf(1), 0],
    ['it is late', startOf(1), -1],
    [
      'it was due before the clock was set back',
      startOf(1, { assignedAtNs: wallNs(BigInt(T) * 1_000_000n) }),
      3_600_000,
    ],
    ['it is a retry', startOf(1, { attempt: 2, assignedAtNs: wallNs(BigInt(T + 5) * 1_000_000n) }), 100],
    ['it was asked for by hand', startOf(1, { cause: 'manual' }), 100],
  ])('is none when %s', (_why, start, ms) => {
    expect(waitOf(start, clocks(ms).wallNs)).toBe(0);
  });
});

describe('claims', () => {
  it('are due at their time, and not before', () => {
    const claims = new Claims();
    claims.add(startOf(1), 100, clocks(100));
    claims.add(startOf(2), 60, clocks(60));
    expect(claims.nextDeadline()).toBe(5_000);
    expect(claims.takeDue(clocks(1))).toEqual([]);
    expect(claims.takeDue(clocks(0))).toEqual([idOf(1), idOf(2)]);
    expect([claims.nextDeadline(), claims.has(idOf(1))]).toEqual([null, false]);
  });

  it('wait for the wall clock, which may be behind the duration or set back', () => {
    const claims = new Claims();
    claims.add(startOf(1), 100, clocks(100));
    expect(claims.takeDue(clocks(0, 0.25))).toEqual([]);
    expect(claims.nextDeadline()).toBe(5_000.25);
    expect(claims.takeDue(clocks(-1, 3_600_000))).toEqual([]);
    // It is looked at again soon: the clock may be set forward as well.
    expect(claims.nextDeadline()).toBe(5_001 + limits.claimAheadMs);
    expect(claims.takeDue(clocks(-1 - limits.claimAheadMs, 0))).toEqual([idOf(1)]);
  });

  it('wait for a clock that was set back no longer than they can be ahead, where they are tried again', () => {
    const claims = new Claims();
    const retry = startOf(1, { attempt: 2 });
    const waitMs = waitOf(retry, clocks(100, 11_000).wallNs);
    claims.add(retry, waitMs, clocks(0, 11_000));
    claims.add(startOf(2, { attempt: 2 }), 40, clocks(0, 40));
    expect(claims.takeDue(clocks(-40, 0.5))).toEqual([]);
    expect(claims.takeDue(clocks(-40.5, 0))).toEqual([idOf(2)]);
    expect(claims.takeDue(clocks(1 - limits.claimAheadMs, 10_751))).toEqual([]);
    expect(claims.takeDue(clocks(-limits.claimAheadMs, 10_750))).toEqual([idOf(1)]);
  });

  it('wait no longer when they are not to begin', () => {
    const claims = new Claims();
    claims.add(startOf(1), 100, clocks(100));
    claims.add(startOf(2), 100, clocks(100));
    claims.hurry(idOf(2));
    claims.hurry(idOf(3));
    expect(claims.takeDue(clocks(99))).toEqual([idOf(2)]);
    expect(claims.nextDeadline()).toBe(5_000);
  });
});
