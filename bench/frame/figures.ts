import { median, percentile, spread } from './statistics.ts';
import type { Sample } from './suite.ts';

/** What the repetitions of one contender come to. Each figure is the median over the repetitions. */
export interface Figures {
  readonly contender: string;
  readonly perSecond: number;
  /** Latency of single operations in milliseconds; null where it isn't measured. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  /** Processor time of one operation in microseconds; null where it isn't measured. */
  readonly processorMicros: number | null;
  /** Of `perSecond`, over the repetitions: how much to trust it. */
  readonly spread: number;
  /** `perSecond` of each repetition, in their order. */
  readonly repetitions: readonly number[];
}

/** Throws when a repetition did nothing, or took no time. */
export function figuresOf(contender: string, samples: readonly Sample[]): Figures {
  const repetitions = samples.map((sample) => rateOf(contender, sample));
  const latencies = samples.flatMap(({ latenciesMs }) => (latenciesMs === null ? [] : [latenciesMs]));
  const overRepetitions = (percent: number): number | null =>
    latencies.length === 0 ? null : median(latencies.map((values) => percentile(values, percent)));
  const processorMicros = samples.flatMap(({ processorMs, operations }) =>
    processorMs === undefined ? [] : [(processorMs * 1_000) / operations],
  );
  return {
    contender,
    perSecond: median(repetitions),
    p50Ms: overRepetitions(50),
    p99Ms: overRepetitions(99),
    processorMicros: processorMicros.length === 0 ? null : median(processorMicros),
    spread: spread(repetitions),
    repetitions,
  };
}

function rateOf(contender: string, { operations, elapsedMs, latenciesMs }: Sample): number {
  const rate = (operations / elapsedMs) * 1000;
  if (!(operations > 0) || !(elapsedMs > 0) || !Number.isFinite(rate)) {
    throw new Error(`${contender}: ${operations} operations in ${elapsedMs} ms is no measurement`);
  }
  if (latenciesMs?.some((latency) => !(latency >= 0))) throw new Error(`${contender}: a latency below zero`);
  return rate;
}
