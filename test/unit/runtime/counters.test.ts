import { describe, expect, it } from 'vitest';
import { limits } from '../../../src/core/limits.ts';
import { Counters, makeSharedMetrics } from '../../../src/runtime/counters.ts';

describe('shared metrics', () => {
  it('add up what all threads count, under one name each', () => {
    const shared = makeSharedMetrics();
    const [first, second] = [new Counters(shared), new Counters(shared)];
    first.count('runs_total{result="ok"}', 2);
    second.count('runs_total{result="ok"}', 3);
    second.gauge('backlog', 1.5);
    first.gauge('backlog', 0.25);
    expect(first.readCounters().get('runs_total{result="ok"}')).toBe(5);
    expect(second.readGauges()).toEqual(new Map([['backlog', 0.25]]));
  });

  it('are kept when a thread is replaced', () => {
    const shared = makeSharedMetrics();
    new Counters(shared).count('runs_total', 1);
    new Counters(shared).count('runs_total', 1);
    expect(new Counters(shared).readCounters().get('runs_total')).toBe(2);
  });

  it('show that the table is full, and count no wrong name', () => {
    const counters = new Counters(makeSharedMetrics());
    for (let index = 0; index < limits.metricSlots + 9; index += 1) counters.count(`name_${index}`, 1);
    const read = counters.readCounters();
    expect(read.size).toBe(limits.metricSlots);
    expect(read.get('runtime_metric_table_full')).toBe(10);
    expect(read.get('name_0')).toBe(1);
  });

  it('refuse names that do not fit and parts of counts', () => {
    const counters = new Counters(makeSharedMetrics());
    expect(() => counters.count('x'.repeat(limits.metricNameBytes + 1), 1)).toThrow('bytes');
    expect(() => counters.count('half', 0.5)).toThrow('whole numbers');
  });
});
