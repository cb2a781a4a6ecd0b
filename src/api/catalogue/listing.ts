import type { JobPage, JobQuery, StateReads } from '../../core/jobs/reads.ts';
import type { JobRecord } from '../../core/jobs/records.ts';
import { limits } from '../../core/limits.ts';
import type { JobName } from '../../core/units.ts';
import { JobCatalogue } from './catalogue.ts';

/**
 * Pages of jobs. Few jobs are looked up in the store's indexes. Of many jobs, the first page that is asked for begins a
 * catalogue in memory; until it is complete, and once few are left, the store answers.
 */
export class JobListing {
  readonly #state: StateReads;
  /** Asks for a call of `build` in a later turn. */
  readonly #buildSoon: () => void;
  #catalogue: JobCatalogue | null = null;
  /** Jobs up to this name have been read; null: all of them. */
  #builtUpTo: string | null = '';

  constructor(state: StateReads, buildSoon: () => void) {
    this.#state = state;
    this.#buildSoon = buildSoon;
  }

  /** Changes are of concern. */
  get isKept(): boolean {
    return this.#catalogue !== null;
  }

  page(query: JobQuery): JobPage {
    if (this.#catalogue === null && this.#hasMany()) {
      this.#begin();
      this.#buildSoon();
    }
    if (this.#catalogue === null || this.#builtUpTo !== null) return this.#state.jobs(query);
    const { total, names } = this.#catalogue.page(query);
    return { total, jobs: this.#each(names) };
  }

  *#each(names: readonly string[]): Generator<JobRecord> {
    for (const name of names) {
      const job = this.#state.job(name as JobName);
      if (job !== undefined) yield job;
    }
  }

  /** These jobs have been written or deleted; what the store shows now is what counts. */
  changed(names: readonly JobName[]): void {
    const catalogue = this.#catalogue;
    if (catalogue === null) return;
    for (const name of names) {
      const job = this.#state.job(name);
      if (job === undefined) catalogue.remove(name);
      else catalogue.put(job);
    }
    if (this.#builtUpTo === null && catalogue.size < limits.jobsListedFromStore / 2) this.#catalogue = null;
  }

  /** Some changes were not heard of: begins anew. */
  missedSome(): void {
    if (this.#catalogue === null) return;
    this.#begin();
    this.#buildSoon();
  }

  /** Reads the next jobs into the catalogue. What changes behind it is told by `changed`. */
  build(): void {
    const catalogue = this.#catalogue;
    if (catalogue === null || this.#builtUpTo === null) return;
    const jobs: readonly JobRecord[] = this.#state.jobsAfter(this.#builtUpTo, limits.jobsPerListingTurn);
    for (const job of jobs) catalogue.put(job);
    const last = jobs.at(-1);
    this.#builtUpTo = jobs.length < limits.jobsPerListingTurn || last === undefined ? null : last.name;
    if (this.#builtUpTo !== null) this.#buildSoon();
  }

  #begin(): void {
    this.#catalogue = new JobCatalogue();
    this.#builtUpTo = '';
  }

  #hasMany(): boolean {
    const counts = Object.values(this.#state.statusCounts());
    return counts.reduce((sum, count) => sum + count, 0) >= limits.jobsListedFromStore;
  }
}
