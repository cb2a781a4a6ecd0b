import { type MonoMs, monoMs } from '../units.ts';

const RETRY_REFUSED_MS = 500;

/**
 * Items on their way into the log: those that come within some milliseconds share a command. Where several did, the next
 * command keeps a distance: what each costs is then shared by more. Items that come one by one never wait for it.
 */
export class Gathered<Item> {
  readonly #gatherMs: number;
  readonly #distanceMs: number;
  #items: Item[] = [];
  #dueMs: MonoMs | null = null;
  #notBeforeMs = 0;
  #waitsMs = 0;

  constructor(gatherMs: number, distanceMs: number = gatherMs) {
    this.#gatherMs = gatherMs;
    this.#distanceMs = distanceMs;
  }

  get dueMs(): MonoMs | null {
    return this.#dueMs === null ? null : monoMs(this.#dueMs + this.#waitsMs);
  }

  /** Items wait so much longer, from now on: something else is more urgent. 0: no longer. */
  wait(waitsMs: number): void {
    this.#waitsMs = waitsMs;
  }

  add(nowMs: MonoMs, item: Item): void {
    this.#items.push(item);
    this.#dueMs ??= monoMs(Math.max(nowMs + this.#gatherMs, this.#notBeforeMs));
  }

  /** Refused by the log for now (no space, overload), or of unknown outcome: they are proposed again. */
  putBack(nowMs: MonoMs, items: readonly Item[]): void {
    this.#items.push(...items);
    this.#dueMs ??= monoMs(nowMs + RETRY_REFUSED_MS);
  }

  /** Hands over all, once they are due. */
  take(nowMs: MonoMs): readonly Item[] {
    if (this.dueMs === null || this.dueMs > nowMs) return [];
    const items = this.#items;
    this.clear();
    if (items.length > 1) this.#notBeforeMs = nowMs + this.#distanceMs;
    return items;
  }

  clear(): void {
    this.#items = [];
    this.#dueMs = null;
  }
}
