import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { retryPauseMs } from '../../../src/core/dispatch/retry.ts';
import { retryPauses } from '../../../src/core/jobs/retry-pauses.ts';
import { limits } from '../../../src/core/limits.ts';

const longest = { below: () => 0 };
const shortest = { below: (boundExclusive: number) => boundExclusive - 1 };

describe("the pause before a retry, by the job's `retry`", () => {
  it.each([
    ['10s', 1, '1h', 1, 10_000],
    ['10s', 1, '1h', 4_294_967_295, 10_000],
    ['10s', 2, '1h', 1, 10_000],
    ['10s', 2, '1h', 2, 20_000],
    ['10s', 2, '1h', 5, 160_000],
    ['10s', 3, '1m', 2, 30_000],
    ['10s', 3, '1m', 3, 60_000],
    ['10s', 2, '1h', 4_294_967_295, 3_600_000],
    ['720h', 100, '720h', 4_294_967_295, limits.retryPauseMostMs],
    ['1ms', 100, '720h', 4_294_967_295, limits.retryPauseMostMs],
    ['1.9999ms', 1, '1.5s', 1, 1],
  ])('%s times %i, at most %s: before retry %i %i ms', (interval, backoff, maxInterval, retry, pauseMs) => {
    const pauses = retryPauses({ interval, backoff, maxInterval });
    if (pauses === null) throw new Error('no pauses');
    expect(retryPauseMs(pauses, retry, longest)).toBe(pauseMs);
    expect(retryPauseMs(pauses, retry, shortest)).toBe(pauseMs - Math.floor(pauseMs / 10));
  });

  it('never gets shorter from one retry to the next, and stays below its limit', () => {
    const anyPauses = fc
      .record({
        intervalMs: fc.integer({ min: 1, max: limits.retryPauseMostMs }),
        backoff: fc.integer({ min: 1, max: limits.retryBackoffMost }),
        overMs: fc.nat(limits.retryPauseMostMs),
      })
      .map(({ intervalMs, backoff, overMs }) => {
        return { intervalMs, backoff, maxIntervalMs: Math.min(intervalMs + overMs, limits.retryPauseMostMs) };
      });
    fc.assert(
      fc.property(anyPauses, fc.integer({ min: 1, max: 4_294_967_294 }), (pauses, retry) => {
        const pauseMs = retryPauseMs(pauses, retry, longest);
        expect(Number.isSafeInteger(pauseMs)).toBe(true);
        expect(pauseMs).toBeGreaterThanOrEqual(pauses.intervalMs);
        expect(pauseMs).toBeLessThanOrEqual(pauses.maxIntervalMs);
        expect(retryPauseMs(pauses, retry + 1, longest)).toBeGreaterThanOrEqual(pauseMs);
      }),
    );
  });
});
