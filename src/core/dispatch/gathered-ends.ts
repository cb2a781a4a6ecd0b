import type { FinishItem } from '../jobs/commands.ts';
import { type MonoMs, monoMs } from '../units.ts';

/** Ends that arrive within this time share one log entry (measured-facts 10b). No start waits for an end. */
const GATHER_MS = 5;
const RETRY_REFUSED_MS = 500;
/** Outputs of one entry together, well below limits.bytesPerAppend. */
const MAX_ENTRY_BYTES = 4 << 20;

/** Ends on their way into the log. */
export class GatheredEnds {
  #items: FinishItem[] = [];
  #dueMs: MonoMs | null = null;

  get dueMs(): MonoMs | null {
    return this.#dueMs;
  }

  add(nowMs: MonoMs, item: FinishItem): void {
    this.#items.push(item);
    this.#dueMs ??= monoMs(nowMs + GATHER_MS);
  }

  /** Refused by the log for now (no leader, no space, overload): they are proposed again. */
  putBack(nowMs: MonoMs, items: readonly FinishItem[]): void {
    this.#items.push(...items);
    this.#dueMs ??= monoMs(nowMs + RETRY_REFUSED_MS);
  }

  /** What is due, in portions that fit one entry. */
  take(nowMs: MonoMs): FinishItem[][] {
    if (this.#dueMs === null || this.#dueMs > nowMs) return [];
    const portions: FinishItem[][] = [];
    let bytes = Number.POSITIVE_INFINITY;
    for (const item of this.#items) {
      if (bytes + item.output.length > MAX_ENTRY_BYTES) {
        portions.push([]);
        bytes = 0;
      }
      portions.at(-1)?.push(item);
      bytes += item.output.length;
    }
    this.clear();
    return portions;
  }

  clear(): void {
    this.#items = [];
    this.#dueMs = null;
  }
}
