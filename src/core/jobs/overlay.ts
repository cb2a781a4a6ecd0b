import { compareBytewise } from '../compare-bytewise.ts';
import { limits } from '../limits.ts';

/** One table of the state under a batch of uncommitted changes: apply reads its own writes (design 4.7). */
export class OverlayTable<Value> {
  readonly #committed: (key: string) => Value | undefined;
  readonly #changes = new Map<string, Value | null>();
  /** What was read for this batch: a job that is launched and ended in it is decoded once. */
  readonly #read = new Map<string, Value | undefined>();
  /** What earlier batches wrote last, the oldest first: most records that are read were written a moment ago. */
  readonly #kept = new Map<string, Value>();
  readonly #isKept: (value: Value) => boolean;
  /** Entries were added whose keys do not order after all committed ones. */
  #isMixed = false;

  /** `isKept`: whether a record that is written will be read again soon. */
  constructor(committed: (key: string) => Value | undefined, isKept: (value: Value) => boolean = () => true) {
    this.#committed = committed;
    this.#isKept = isKept;
  }

  /** Forgets what it kept to read it again. */
  forgetKept(): void {
    this.#kept.clear();
  }

  get(key: string): Value | undefined {
    const change = this.#changes.get(key);
    if (change !== undefined) return change ?? undefined;
    return this.before(key);
  }

  /** As committed, whatever this batch changed. */
  before(key: string): Value | undefined {
    const known = this.#read.get(key);
    if (known !== undefined || this.#read.has(key)) return known;
    const committed = this.#kept.get(key) ?? this.#committed(key);
    this.#read.set(key, committed);
    return committed;
  }

  put(key: string, value: Value): void {
    this.#changes.set(key, value);
  }

  /** As `put`, of a key that may order before others: history that comes back. */
  putAnywhere(key: string, value: Value): void {
    this.#changes.set(key, value);
    this.#isMixed = true;
  }

  delete(key: string): void {
    this.#changes.set(key, null);
  }

  /**
   * Visits, until `visit` returns false, the committed entries that `scan` yields, as changed, then the added ones
   * that `belongs` accepts. Those order after all committed ones, since stamps only grow, unless some were put anywhere.
   */
  visit(
    scan: (visit: (key: string, value: Value) => boolean) => void,
    belongs: (key: string) => boolean,
    visit: (key: string, value: Value) => boolean,
  ): void {
    if (this.#isMixed) this.#visitSorted(scan, belongs, visit);
    else this.#visitInTurn(scan, belongs, visit);
  }

  #visitSorted(
    scan: (visit: (key: string, value: Value) => boolean) => void,
    belongs: (key: string) => boolean,
    visit: (key: string, value: Value) => boolean,
  ): void {
    const entries: [string, Value][] = [];
    this.#visitInTurn(scan, belongs, (key, value) => entries.push([key, value]) > 0);
    entries.sort(([a], [b]) => compareBytewise(a, b));
    for (const [key, value] of entries) if (!visit(key, value)) return;
  }

  #visitInTurn(
    scan: (visit: (key: string, value: Value) => boolean) => void,
    belongs: (key: string) => boolean,
    visit: (key: string, value: Value) => boolean,
  ): void {
    const seen = new Set<string>();
    let goOn = true;
    scan((key, value) => {
      const change = this.#changes.get(key);
      if (change !== undefined) seen.add(key);
      if (change !== null) goOn = visit(key, change ?? value);
      return goOn;
    });
    if (!goOn) return;
    for (const [key, value] of [...this.#changes]) {
      if (value !== null && !seen.has(key) && belongs(key) && !visit(key, value)) return;
    }
  }

  /** The changes so far, in the order of their first touch; they are committed before the table is used again. */
  drain(): (readonly [key: string, value: Value | null])[] {
    const changes = [...this.#changes];
    for (const [key, value] of changes) this.#keep(key, value);
    this.#changes.clear();
    this.#read.clear();
    this.#isMixed = false;
    return changes;
  }

  #keep(key: string, value: Value | null): void {
    this.#kept.delete(key);
    if (value === null || !this.#isKept(value)) return;
    this.#kept.set(key, value);
    if (this.#kept.size <= limits.keptRecords) return;
    for (const oldest of this.#kept.keys()) {
      this.#kept.delete(oldest);
      return;
    }
  }

  /** As `drain`, each change with what was committed before it as far as this batch has read it. */
  drainWithRead(): { readonly key: string; readonly read: Value | undefined; readonly after: Value | null }[] {
    const changes = [...this.#changes].map(([key, after]) => ({ key, read: this.#read.get(key), after }));
    this.drain();
    return changes;
  }

  /** As `drain`, each change with what was committed before it. */
  drainWithBefore(): { readonly key: string; readonly before: Value | undefined; readonly after: Value | null }[] {
    const changes = [...this.#changes].map(([key, after]) => ({ key, before: this.before(key), after }));
    this.drain();
    return changes;
  }
}
