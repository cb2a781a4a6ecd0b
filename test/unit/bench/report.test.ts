import { describe, expect, it } from 'vitest';
import { describeMachine } from '../../../bench/frame/machine.ts';
import { atLeast, atMost, type Reading } from '../../../bench/frame/reading.ts';
import type { ReadingResult, SuiteResult } from '../../../bench/frame/runner.ts';
import { htmlPage } from '../../../bench/report/page.ts';
import { linearScale, ninesScale, powerScale } from '../../../bench/report/scale.ts';

const reading = (what: string, ours: number, target: Reading['target'], isMet: boolean | null): ReadingResult => ({
  what,
  unit: 'ms',
  ours,
  baseline: null,
  target,
  isMet,
});

const figures = { p50Ms: null, p99Ms: null, processorMicros: null, spread: 0, repetitions: [1] };
const suite: SuiteResult = {
  name: 'bells',
  about: 'ringing <loudly> & "clearly"',
  loadBefore: 0.5,
  loadAfter: 1.5,
  error: null,
  cases: [
    {
      name: 'ring',
      unit: 'rings',
      ours: { contender: 'ours', perSecond: 200, ...figures },
      baselines: [{ contender: 'raw', perSecond: 400, ratio: 0.5, ...figures }],
      readings: [reading('rate', 5, atLeast(10, ''), false)],
    },
  ],
  experiments: [
    {
      name: 'tune',
      readings: [reading('pitch', 5, atMost(10, ''), true)],
      curves: [
        {
          kind: 'distribution',
          title: 'how late',
          xAxis: 'ms',
          yAxis: 'share',
          lines: [
            {
              name: 'bell',
              points: [
                [1, 0.5],
                [10, 1],
              ],
            },
          ],
        },
      ],
    },
  ],
};
const page = (results: readonly SuiteResult[]): string =>
  htmlPage({ machine: describeMachine('/tmp'), smoke: false, seed: 7, suites: results });

/** Names of elements that were opened and not closed, or closed and not opened. */
function unbalanced(markup: string): readonly string[] {
  const open: string[] = [];
  for (const [, slash, name = ''] of markup.matchAll(/<(\/?)([a-z0-9]+)[^>]*>/gi)) {
    if (name === 'meta') continue;
    if (slash === '') open.push(name);
    else if (open.pop() !== name) return [`/${name}`];
  }
  return open;
}

describe('the page of results', () => {
  it('needs nothing else: no network, no script', () => {
    expect(page([suite])).not.toMatch(/<script|<link|<img|https?:|src=|url\(|@import/);
  });

  it('is whole, and shows texts as they are', () => {
    expect(unbalanced(page([suite]))).toEqual([]);
    expect(page([suite])).toContain('ringing &#60;loudly&#62; &#38; &#34;clearly&#34;');
  });

  it('puts what reaches its target to the right of the line, and what does not to its left', () => {
    const bars = [...page([suite]).matchAll(/<rect class="(\w+)" x="([\d.]+)" y="[\d.]+" width="([\d.]+)"/g)];
    const [missed, met, slower] = bars.map(([, tone, x, width]) => ({
      tone,
      from: Number(x),
      to: Number(x) + Number(width),
    }));
    expect([missed?.tone, met?.tone, slower?.tone]).toEqual(['worse', 'better', 'worse']);
    expect(missed?.to).toBeCloseTo(met?.from ?? 0, 0);
    expect(missed).toEqual(slower);
    expect(page([suite])).toContain('5.0 ms, ≥ 10.0 ms: missed');
  });

  it('tells of a suite that failed', () => {
    expect(page([{ ...suite, cases: [], experiments: [], error: 'cracked' }])).toContain('failed: cracked');
  });
});

describe('scales', () => {
  it('of numbers begin at nought and hold the largest', () => {
    const scale = linearScale(47);
    expect(scale.ticks.map(({ text }) => text)).toEqual(['0', '10', '20', '30', '40', '50']);
    expect([scale.at(0), scale.at(25), scale.at(50), scale.at(99)]).toEqual([0, 0.5, 1, 1]);
    expect(linearScale(0).at(0)).toBe(0);
  });

  it('of powers hold all values, and put what is too small at the beginning', () => {
    const scale = powerScale([0.5, 70], 0.1);
    expect(scale.ticks.map(({ value }) => Number(value.toPrecision(3)))).toEqual([0.1, 1, 10, 100]);
    expect([scale.at(0), scale.at(100)]).toEqual([0, 1]);
    expect(scale.at(10)).toBeCloseTo(2 / 3);
    expect(powerScale([], 0.1).ticks.length).toBeGreaterThan(1);
  });

  it('of nines give each as much room as the one before', () => {
    expect([0, 0.9, 0.99, 0.999, 0.9999, 1].map((share) => Number(ninesScale.at(share).toFixed(3)))).toEqual([
      0, 0.25, 0.5, 0.75, 1, 1,
    ]);
  });
});
