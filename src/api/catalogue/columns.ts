import type { JobRecord } from '../../core/jobs/records.ts';
import { limits } from '../../core/limits.ts';
import type { Instant } from '../../core/units.ts';
import { textSort } from '../../wire/state-keys.ts';

/** Position of a job in all columns while it exists; a free one is given to the next job. */
export type Slot = number;

/** Instants of a column: NaN seconds for null. */
class InstantColumn {
  #seconds = new Float64Array(0);
  #nanos = new Int32Array(0);

  grow(capacity: number): void {
    this.#seconds = grown(this.#seconds, new Float64Array(capacity));
    this.#nanos = grown(this.#nanos, new Int32Array(capacity));
  }

  /** True when the value is another one than before. */
  set(slot: Slot, value: Instant | null): boolean {
    const [seconds, nanos] = value ?? [Number.NaN, 0];
    if (Object.is(this.#seconds[slot], seconds) && this.#nanos[slot] === nanos) return false;
    this.#seconds[slot] = seconds;
    this.#nanos[slot] = nanos;
    return true;
  }

  get(slot: Slot): Instant | null {
    const seconds = this.#seconds[slot] ?? Number.NaN;
    return Number.isNaN(seconds) ? null : [seconds, this.#nanos[slot] ?? 0];
  }
}

class NumberColumn {
  #values = new Float64Array(0);

  grow(capacity: number): void {
    this.#values = grown(this.#values, new Float64Array(capacity));
  }

  set(slot: Slot, value: number): boolean {
    if (this.#values[slot] === value) return false;
    this.#values[slot] = value;
    return true;
  }

  get(slot: Slot): number {
    return this.#values[slot] ?? 0;
  }
}

class TextColumn {
  readonly #values: string[] = [];

  set(slot: Slot, value: string): boolean {
    if (this.#values[slot] === value) return false;
    this.#values[slot] = value;
    return true;
  }

  get(slot: Slot): string {
    return this.#values[slot] ?? '';
  }
}

type Changed = Readonly<
  Record<'displayname' | 'schedule' | 'success_count' | 'error_count' | 'last_success' | 'last_error' | 'next', boolean>
>;

/** What lists order and filter jobs by, a column each: 100,000 jobs are scanned in some milliseconds. */
export class JobColumns {
  readonly names = new TextColumn();
  readonly displaynames = new TextColumn();
  readonly statuses = new TextColumn();
  /** Bytes of the sort key, a character each, so that comparing texts compares the bytes. */
  readonly displayKeys = new TextColumn();
  readonly scheduleKeys = new TextColumn();
  readonly successCounts = new NumberColumn();
  readonly errorCounts = new NumberColumn();
  readonly lastSuccesses = new InstantColumn();
  readonly lastErrors = new InstantColumn();
  readonly nexts = new InstantColumn();
  /** Pairs as JSON, one after the other: a tenth of the memory of maps. */
  readonly #metadata = new TextColumn();
  #disabled = new Uint8Array(0);
  #capacity = 0;

  /** Says which orders the job may have another place in now. */
  set(slot: Slot, job: JobRecord): Changed {
    if (slot >= this.#capacity) this.#grow(Math.max(1_024, this.#capacity * 2, slot + 1));
    this.names.set(slot, job.name);
    this.displaynames.set(slot, job.displayname);
    this.statuses.set(slot, job.status);
    this.#metadata.set(
      slot,
      Object.entries(job.metadata ?? {})
        .map(metadataPair)
        .join(''),
    );
    this.#disabled[slot] = job.disabled ? 1 : 0;
    return {
      displayname: this.displayKeys.set(slot, sortKey(job.displayname)),
      schedule: this.scheduleKeys.set(slot, sortKey(job.schedule)),
      success_count: this.successCounts.set(slot, job.successCount),
      error_count: this.errorCounts.set(slot, job.errorCount),
      last_success: this.lastSuccesses.set(slot, job.lastSuccess),
      last_error: this.lastErrors.set(slot, job.lastError),
      next: this.nexts.set(slot, job.next),
    };
  }

  disabled(slot: Slot): boolean {
    return this.#disabled[slot] === 1;
  }

  /** `pair` as `metadataPair` writes it. */
  hasMetadata(slot: Slot, pair: string): boolean {
    return this.#metadata.get(slot).includes(pair);
  }

  #grow(capacity: number): void {
    this.#capacity = capacity;
    this.#disabled = grown(this.#disabled, new Uint8Array(capacity));
    for (const column of [this.successCounts, this.errorCounts]) column.grow(capacity);
    for (const column of [this.lastSuccesses, this.lastErrors, this.nexts]) column.grow(capacity);
  }
}

function grown<Values extends Float64Array | Int32Array | Uint8Array>(old: Values, larger: Values): Values {
  larger.set(old);
  return larger;
}

/** Quotes within are escaped, so no pair is part of another. */
export const metadataPair = ([key, value]: readonly [string, string]): string => JSON.stringify([key, value]);

/** As the store's indexes cut and fold it (wire/state-keys.ts). */
function sortKey(text: string): string {
  if (text === '') return '';
  const bytes = textSort(text);
  return Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, limits.sortKeyBytes)).toString('latin1');
}
