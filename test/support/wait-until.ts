import { setTimeout as pause } from 'node:timers/promises';

export interface WaitOptions {
  /** What is awaited, for the error: "job1 has 3 executions". */
  readonly what: string;
  readonly deadlineMs?: number;
  readonly intervalMs?: number;
  /** Shown in the error: what was seen last. */
  readonly seen?: () => string;
}

/**
 * Asks `probe` again and again until it answers something other than `undefined`, null or false, and returns that.
 * For looking at a process from outside, where no event reaches the test. An error of the probe ends the wait.
 */
export async function waitUntil<Value>(
  probe: () => Promise<Value | undefined | null | false> | Value | undefined | null | false,
  options: WaitOptions,
): Promise<Value> {
  const deadlineMs = options.deadlineMs ?? 20_000;
  const intervalMs = options.intervalMs ?? 20;
  const startedAtMs = performance.now();
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== null && value !== false) return value;
    if (performance.now() - startedAtMs > deadlineMs) {
      const seen = options.seen === undefined ? '' : `; seen last: ${options.seen()}`;
      throw new Error(`Waited ${deadlineMs} ms in vain: ${options.what}${seen}`);
    }
    await pause(intervalMs);
  }
}
