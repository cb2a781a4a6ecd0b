import type { Effort } from './effort.ts';
import { type Figures, figuresOf } from './figures.ts';
import { Scope } from './scope.ts';
import type { Case, Contender, Sample, Suite } from './suite.ts';

export interface BaselineResult extends Figures {
  /** Carillon's rate as a multiple of this one's, of the same run. */
  readonly ratio: number;
}

export interface CaseResult {
  readonly name: string;
  readonly unit: string;
  readonly ours: Figures;
  readonly baselines: readonly BaselineResult[];
}

export interface SuiteResult {
  readonly name: string;
  readonly about: string;
  readonly cases: readonly CaseResult[];
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
    let error: string | null = null;
    try {
      for (const item of await suite.open(scope, this.#options.effort)) {
        this.#options.progress(`${suite.name}: ${item.name}`);
        cases.push(await runCase(item, this.#options.effort));
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
    return { name: suite.name, about: suite.about, cases, error };
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
  return { name: item.name, unit: item.unit, ours, baselines };
}

const describe = (failure: unknown): string =>
  failure instanceof Error ? (failure.stack ?? failure.message) : String(failure);
