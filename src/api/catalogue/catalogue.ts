import type { JobQuery, JobSortField } from '../../core/jobs/reads.ts';
import type { JobRecord } from '../../core/jobs/records.ts';
import { limits } from '../../core/limits.ts';
import { compareInstants, type Instant } from '../../core/units.ts';
import { nullableTimeSort, timestampSort } from '../../wire/state-keys.ts';
import { JobColumns, metadataPair, type Slot } from './columns.ts';
import { type Compare, JobOrder } from './order.ts';
import { Selection, type SlotTest } from './selection.ts';

type Filter = Pick<JobQuery, 'disabled' | 'status' | 'metadata' | 'search'>;

export interface NamePage {
  /** Jobs that match, before the cut. */
  readonly total: number;
  readonly names: readonly string[];
}

/**
 * All jobs as lists see them, in memory: any page in any order, with any filter, without a walk through the store's
 * indexes. Gives exactly what those give (`queryJobs`); whoever holds it keeps it true to the store.
 */
export class JobCatalogue {
  readonly #columns = new JobColumns();
  readonly #slots = new Map<string, Slot>();
  readonly #alive: boolean[] = [];
  readonly #free: Slot[] = [];
  readonly #orders: Readonly<Record<JobSortField, JobOrder>>;
  /** By filter; the one asked for last is the last. */
  readonly #selections = new Map<string, Selection>();

  constructor() {
    const columns = this.#columns;
    const order = (first: Compare): JobOrder =>
      new JobOrder(
        (a, b) => first(a, b) || compareTexts(columns.names.get(a), columns.names.get(b)),
        () => this.#alive.length,
        (slot) => this.#alive[slot] === true,
      );
    this.#orders = {
      name: order(() => 0),
      displayname: order((a, b) => compareTexts(columns.displayKeys.get(a), columns.displayKeys.get(b))),
      schedule: order((a, b) => compareTexts(columns.scheduleKeys.get(a), columns.scheduleKeys.get(b))),
      success_count: order((a, b) => compareCounts(columns.successCounts.get(a), columns.successCounts.get(b))),
      error_count: order((a, b) => compareCounts(columns.errorCounts.get(a), columns.errorCounts.get(b))),
      last_success: order((a, b) => compareTimes(columns.lastSuccesses.get(a), columns.lastSuccesses.get(b))),
      last_error: order((a, b) => compareTimes(columns.lastErrors.get(a), columns.lastErrors.get(b))),
      next: order((a, b) => compareTimes(columns.nexts.get(a), columns.nexts.get(b))),
    };
  }

  get size(): number {
    return this.#slots.size;
  }

  /** The job as it is now: new, or changed. */
  put(job: JobRecord): void {
    const known = this.#slots.get(job.name);
    const slot = known ?? this.#free.pop() ?? this.#alive.length;
    const changed = this.#columns.set(slot, job);
    if (known === undefined) {
      this.#slots.set(job.name, slot);
      this.#alive[slot] = true;
      for (const order of Object.values(this.#orders)) order.touch(slot);
      this.#touchSelections(slot);
      return;
    }
    this.#touchSelections(slot);
    if (changed.displayname) this.#orders.displayname.touch(slot);
    if (changed.schedule) this.#orders.schedule.touch(slot);
    if (changed.success_count) this.#orders.success_count.touch(slot);
    if (changed.error_count) this.#orders.error_count.touch(slot);
    if (changed.last_success) this.#orders.last_success.touch(slot);
    if (changed.last_error) this.#orders.last_error.touch(slot);
    if (changed.next) this.#orders.next.touch(slot);
  }

  remove(name: string): void {
    const slot = this.#slots.get(name);
    if (slot === undefined) return;
    this.#slots.delete(name);
    this.#alive[slot] = false;
    this.#free.push(slot);
    for (const order of Object.values(this.#orders)) order.touch(slot);
    this.#touchSelections(slot);
  }

  #touchSelections(slot: Slot): void {
    for (const selection of this.#selections.values()) selection.touch(slot);
  }

  page(query: JobQuery): NamePage {
    const slots = this.#orders[query.sort].slots();
    const selection = this.#selection(query);
    const total = selection?.count ?? slots.length;
    const start = Math.max(query.start, 0);
    const end = query.start < 0 ? 0 : Math.min(query.end ?? total, total);
    const chosen: Slot[] = [];
    let passed = selection === null ? start : 0;
    for (let at = passed; passed < end; at += 1) {
      const slot = slots[query.descending ? slots.length - 1 - at : at] ?? 0;
      if (selection?.has(slot) === false) continue;
      if (passed >= start) chosen.push(slot);
      passed += 1;
    }
    return { total, names: this.#names(chosen) };
  }

  #names(slots: readonly Slot[]): string[] {
    return slots.map((slot) => this.#columns.names.get(slot));
  }

  /** Null: no filter was given. */
  #selection({ disabled, status, metadata, search }: JobQuery): Selection | null {
    const tests = this.#tests({ disabled, status, metadata, search });
    if (tests.length === 0) return null;
    const key = JSON.stringify([disabled, status, metadata, search]);
    const known = this.#selections.get(key);
    const isAlive: SlotTest = (slot) => this.#alive[slot] === true;
    const selection = known ?? new Selection([isAlive, ...tests], this.#alive.length);
    this.#selections.delete(key);
    this.#selections.set(key, selection);
    const [oldest] = this.#selections.keys();
    if (this.#selections.size > limits.keptSelections && oldest !== undefined) this.#selections.delete(oldest);
    return selection;
  }

  /** Cheap filters come first. */
  #tests({ disabled, status, metadata, search }: Filter): readonly SlotTest[] {
    const columns = this.#columns;
    const tests: SlotTest[] = [];
    if (disabled !== null) tests.push((slot) => columns.disabled(slot) === disabled);
    if (status !== null) tests.push((slot) => columns.statuses.get(slot) === status);
    if (search !== '') {
      tests.push((slot) => columns.names.get(slot).includes(search) || columns.displaynames.get(slot).includes(search));
    }
    for (const pair of metadata.map(metadataPair)) tests.push((slot) => columns.hasMetadata(slot, pair));
    return tests;
  }
}

const compareTexts = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1);

/** Zero comes before every other number, negative ones too (wire/state-keys.ts, `countSort`). */
function compareCounts(a: number, b: number): number {
  if (a === b) return 0;
  if (a === 0 || b === 0) return a === 0 ? -1 : 1;
  return a - b;
}

/** Dkron orders by the JSON text of an instant; of seconds with equally many digits that is the order of numbers. */
function compareTimes(a: Instant | null, b: Instant | null): number {
  if (a === null || b === null) return a === b ? 0 : compareTexts(nullableTimeSort(a), nullableTimeSort(b));
  if (a[0] !== b[0] && hasTenDigits(a) && hasTenDigits(b)) return compareInstants(a, b);
  return compareInstants(a, b) === 0 ? 0 : compareTexts(timestampSort(a), timestampSort(b));
}

const hasTenDigits = ([seconds]: Instant): boolean => seconds >= 1_000_000_000 && seconds <= 9_999_999_999;
