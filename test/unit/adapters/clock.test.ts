import { describe, expect, it } from 'vitest';
import { Clock, type TimeSource } from '../../../src/adapters/clock.ts';

/** An operating system whose wall clock shows whole milliseconds; each look at it takes a microsecond. */
function makeSource(wallStartMs = 1_000_000) {
  let monoNs = 5_000_000_123n;
  let offsetMs = 0;
  const source: TimeSource = {
    monoNs: () => monoNs,
    wallMs: () => {
      monoNs += 1_000n;
      return wallStartMs + offsetMs + Math.floor(Number(monoNs - 5_000_000_000n) / 1e6);
    },
  };
  const pass = (ms: number) => {
    monoNs += BigInt(ms * 1_000_000);
  };
  const set = (byMs: number) => {
    offsetMs += byMs;
  };
  return { source, pass, set, trueMs: () => wallStartMs + offsetMs + Number(monoNs - 5_000_000_000n) / 1e6 };
}

describe('the clock', () => {
  it('is within a few microseconds of the wall clock, and never ahead of it', () => {
    const { source, pass, trueMs } = makeSource();
    const clock = new Clock(source);
    for (const ms of [0.25, 0.5, 7, 1_000, 86_400_000]) {
      pass(ms);
      const late = trueMs() - Number(clock.wallNowNs()) / 1e6;
      expect(Math.abs(late)).toBeLessThan(0.01);
      expect(clock.wallNow()).toBeLessThanOrEqual(Math.floor(trueMs()));
    }
  });

  it('follows the wall clock when it is set', () => {
    const { source, pass, set, trueMs } = makeSource();
    const clock = new Clock(source);
    for (const byMs of [3_600_000, -7_200_000, 5]) {
      set(byMs);
      pass(1);
      const shownMs = Number(clock.wallNowNs()) / 1e6;
      expect(Math.abs(trueMs() - shownMs)).toBeLessThan(0.01);
    }
  });

  it('measures durations on the monotonic clock, which nobody sets', () => {
    const { source, pass, set } = makeSource();
    const clock = new Clock(source);
    const before = clock.monoNow();
    set(-60_000);
    pass(10);
    expect(clock.monoNow() - before).toBeCloseTo(10, 6);
  });

  it('shows the system time', () => {
    const before = Date.now();
    const shown = new Clock().wallNow();
    expect(shown).toBeGreaterThanOrEqual(before - 1);
    expect(shown).toBeLessThanOrEqual(Date.now() + 1);
  });
});
