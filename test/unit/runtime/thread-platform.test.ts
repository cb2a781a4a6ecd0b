import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { monoMs } from '../../../src/core/units.ts';
import { Counters, makeSharedMetrics } from '../../../src/runtime/counters.ts';
import { makeThreadPlatform } from '../../../src/runtime/threads/platform.ts';

const DAY_MS = 86_400_000;

describe('the platform of a thread', () => {
  let pumps = 0;
  let onPump = () => {};
  const make = () =>
    makeThreadPlatform({
      metrics: new Counters(makeSharedMetrics()),
      logLevel: 'info',
      checkAlways: false,
      pump: () => {
        pumps += 1;
        onPump();
      },
      log: () => {},
      report: () => {},
    });

  beforeEach(() => {
    vi.useFakeTimers();
    pumps = 0;
    onPump = () => {};
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it('wakes at a time that is further away than one timer reaches, and not at once', () => {
    const platform = make();
    const at = monoMs(platform.monoNow() + 60 * DAY_MS);
    onPump = () => {
      if (platform.monoNow() < at) platform.wakeAt(at);
    };
    platform.wakeAt(at);
    vi.advanceTimersByTime(24 * DAY_MS);
    expect(pumps).toBe(0);
    vi.advanceTimersByTime(36 * DAY_MS - 1);
    expect(pumps).toBe(2);
    vi.advanceTimersByTime(2);
    expect(pumps).toBe(3);
  });

  it('pumps once for many requests, and for the last of several times', () => {
    const platform = make();
    for (let request = 0; request < 5; request += 1) platform.requestPump();
    vi.advanceTimersByTime(0);
    expect(pumps).toBe(1);
    platform.wakeAt(monoMs(platform.monoNow() + 10));
    platform.wakeAt(monoMs(platform.monoNow() + 50));
    vi.advanceTimersByTime(20);
    expect(pumps).toBe(1);
    vi.advanceTimersByTime(31);
    expect(pumps).toBe(2);
  });

  it('does nothing after it was closed', () => {
    const platform = make();
    platform.requestPump();
    platform.wakeAt(monoMs(platform.monoNow() + 10));
    platform.close();
    platform.requestPump();
    platform.wakeAt(monoMs(platform.monoNow() + 10));
    vi.advanceTimersByTime(DAY_MS);
    expect(pumps).toBe(0);
  });
});
