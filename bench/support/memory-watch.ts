import type { Curves } from '../frame/reading.ts';
import { median } from '../frame/statistics.ts';
import { type MemoryUse, memoryOf } from './processes.ts';

const lookEachMs = 1_000;

export interface MemorySample extends MemoryUse {
  /** Since the watch began. */
  readonly atMs: number;
}

/** Looks at the memory of a process each second, from its making until it is stopped. */
export class MemoryWatch {
  readonly samples: MemorySample[] = [];
  readonly #pid: number;
  readonly #begunAt = performance.now();
  readonly #timer: NodeJS.Timeout;

  constructor(pid: number) {
    this.#pid = pid;
    this.#timer = setInterval(() => this.#lookAgain(), lookEachMs);
    this.look();
  }

  look(): MemorySample {
    const sample = { atMs: performance.now() - this.#begunAt, ...memoryOf(this.#pid) };
    this.samples.push(sample);
    return sample;
  }

  /** The process may have ended: whoever wants something of it will fail with the reason. */
  #lookAgain(): void {
    try {
      this.look();
    } catch {
      this.stop();
    }
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Its own memory over time. */
  curves(title: string): Curves {
    const points = this.samples.map(({ atMs, anonymousMegabytes }) => [atMs / 1_000, anonymousMegabytes] as const);
    return { kind: 'course', title, xAxis: 'seconds', yAxis: 'RssAnon, MB', lines: [{ name: 'Carillon', points }] };
  }
}

/**
 * How far the values of a time lie apart once it has settled, in percent: the second half in ten parts, the medians of
 * these, (largest - smallest) / their median. What a collector of garbage does within a part is no drift.
 */
export function driftPercent(values: readonly number[]): number {
  const settled = values.slice(values.length >> 1);
  const parts = Math.min(10, settled.length);
  const medians = Array.from({ length: parts }, (_, part) =>
    median(
      settled.slice(Math.floor((part * settled.length) / parts), Math.floor(((part + 1) * settled.length) / parts)),
    ),
  );
  return ((Math.max(...medians) - Math.min(...medians)) / median(medians)) * 100;
}
