import type { Effort } from './effort.ts';
import { type Figures, figuresOf } from './figures.ts';
import { currentLoad } from './machine.ts';
import { type Findings, isMet, type Reading } from './reading.ts';
import { Scope } from './scope.ts';
import type { BaselineFigures, Case, Contender, Sample, Suite } from './suite.ts';

export interface ReadingResult extends Reading {
  /** Null: there is no target. */
  readonly isMet: boolean | null;
}

export interface CaseResult {
  readonly name: string;
  readonly unit: string;
  readonly ours: Figures;
  readonly baselines: readonly BaselineFigures[];
  readonly readings: readonly ReadingResult[];
}

export interface ExperimentResult extends Findings {
  readonly name: string;
  readonly readings: readonly ReadingResult[];
}

export interface SuiteResult {
  readonly name: string;
  readonly about: string;
  readonly cases: readonly CaseResult[];
  readonly experiments: readonly ExperimentResult[];
  /** Load average of the last minute, before and after: what the suite itself does is in the latter. */
  readonly loadBefore: number;
  readonly loadAfter: number;
  /** Why the suite ended early; null: it did not. */
  readonly error: string | null;
}

export interface RunnerOptions {
  readonly effort: Effort;
  /** Where suites make their directories. */
  readonly directory: string;
  /** Told before each case. */
  readonly progress: (text: string) => void;
}

/** Runs one suite at a time and cleans up behind it, also on `abort`. */
export class Runner {
  readonly #options: RunnerOptions;
  #scope: Scope | null = null;

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  /** Never throws: what went wrong is in the result. */
  async run(suite: Suite): Promise<SuiteResult> {
    const scope = new Scope(this.#options.directory);
    this.#scope = scope;
    const cases: CaseResult[] = [];
    const experiments: ExperimentResult[] = [];
    const loadBefore = currentLoad();
    let error: string | null = null;
    try {
      for (const item of await suite.open(scope, this.#options.effort)) {
        this.#options.progress(`${suite.name}: ${item.name}`);
        if (item.type === 'case') cases.push(await runCase(item, this.#options.effort));
        else experiments.push(experimentResult(item.name, await item.run()));
      }
    } catch (failure) {
      error = describe(failure);
    }
    try {
      await scope.close();
    } catch (failure) {
      error ??= `while cleaning up: ${describe(failure)}`;
    }
    this.#scope = null;
    const { name, about } = suite;
    return { name, about, cases, experiments, loadBefore, loadAfter: currentLoad(), error };
  }

  /** Ends what the running suite has started. */
  async abort(): Promise<void> {
    await this.#scope?.close();
  }
}

/**
 * Contenders take turns, and each is the first as often as the others: what disturbs the machine for a while then
 * disturbs all of them, and so does what one leaves behind.
 */
async function runCase(item: Case, effort: Effort): Promise<CaseResult> {
  const contenders: readonly Contender[] = [item.ours, ...item.baselines];
  const samples = new Map<Contender, Sample[]>(contenders.map((contender) => [contender, []]));
  for (let round = -effort.warmups; round < effort.repetitions; round += 1) {
    const first = (round + effort.warmups) % contenders.length;
    for (const contender of [...contenders.slice(first), ...contenders.slice(0, first)]) {
      const sample = await contender.run();
      if (round >= 0) samples.get(contender)?.push(sample);
    }
  }
  const figures = (contender: Contender): Figures => figuresOf(contender.name, samples.get(contender) ?? []);
  const ours = figures(item.ours);
  const baselines = item.baselines.map((baseline) => {
    const its = figures(baseline);
    return { ...its, ratio: ours.perSecond / its.perSecond };
  });
  const readings = withVerdict(item.judge?.(ours, baselines) ?? []);
  return { name: item.name, unit: item.unit, ours, baselines, readings };
}

const experimentResult = (name: string, { readings, curves }: Findings): ExperimentResult => ({
  name,
  readings: withVerdict(readings),
  curves,
});

const withVerdict = (readings: readonly Reading[]): readonly ReadingResult[] =>
  readings.map((reading) => {
    if (!Number.isFinite(reading.ours)) throw new Error(`${reading.what}: ${reading.ours} is no figure`);
    return { ...reading, isMet: isMet(reading) };
  });

const describe = (failure: unknown): string =>
  failure instanceof Error ? (failure.stack ?? failure.message) : String(failure);
