import { assert } from '../assert.ts';
import { type LogIndex, logIndex, type Term } from '../units.ts';
import type { Entry } from './entry.ts';

/** From this index on, entries have this term, up to the next run. */
interface Run {
  readonly from: LogIndex;
  readonly term: Term;
}

/**
 * The term of every entry of the log, as runs: terms never fall along the log, so they fit in memory however long the
 * log is. Immutable: an earlier value is an exact memory of the log before an append that failed.
 */
export class Terms {
  /** Last compacted index; its term is still known, for the consistency check of the entry after it. */
  readonly base: LogIndex;
  readonly last: LogIndex;
  /** The first run covers `base`. */
  readonly #runs: readonly Run[];

  private constructor(base: LogIndex, last: LogIndex, runs: readonly Run[]) {
    this.base = base;
    this.last = last;
    this.#runs = runs;
  }

  static startingAt(base: LogIndex, baseTerm: Term): Terms {
    return new Terms(base, base, [{ from: base, term: baseTerm }]);
  }

  get lastTerm(): Term {
    const run = this.#runs.at(-1);
    assert(run !== undefined, 'a log has at least its base');
    return run.term;
  }

  /** Null: compacted, or not there. */
  at(index: LogIndex): Term | null {
    if (index < this.base || index > this.last) return null;
    return this.#runs[this.#runOf(index)]?.term ?? null;
  }

  /** With `entries` in place of whatever there was from the first one's index on. */
  with(entries: readonly Entry[]): Terms {
    const first = entries[0];
    if (first === undefined) return this;
    assert(first.index > this.base, `entry ${first.index} is already compacted`);
    assert(first.index <= this.last + 1, `entry ${first.index} would leave a gap after ${this.last}`);
    const runs = this.#runs.filter((run) => run.from < first.index);
    let previous = first.index - 1;
    let term = runs.at(-1)?.term ?? 0;
    for (const entry of entries) {
      assert(entry.index === previous + 1, `entries are not consecutive at ${entry.index}`);
      assert(entry.term >= term, `the term falls at ${entry.index}`);
      if (entry.term > term) runs.push({ from: entry.index, term: entry.term });
      previous = entry.index;
      term = entry.term;
    }
    return new Terms(this.base, logIndex(previous), runs);
  }

  compactedTo(index: LogIndex): Terms {
    assert(index >= this.base && index <= this.last, `can't compact ${this.base}..${this.last} to ${index}`);
    const at = this.#runOf(index);
    const term = this.#runs[at]?.term;
    assert(term !== undefined, 'every index has a run');
    return new Terms(index, this.last, [{ from: index, term }, ...this.#runs.slice(at + 1)]);
  }

  /**
   * The largest index up to `upTo` whose term is at most `term`: where two logs may agree at best, which skips a whole
   * term per round trip (thesis section 3.5, last paragraphs). The base, when all later ones are above.
   */
  lastAtMost(upTo: LogIndex, term: Term): LogIndex {
    let index = Math.min(upTo, this.last);
    for (let at = this.#runs.length - 1; at >= 0; at -= 1) {
      const run = this.#runs[at];
      if (run === undefined || run.from > index) continue;
      if (run.term <= term) return logIndex(index);
      index = run.from - 1;
    }
    return logIndex(Math.max(index, this.base));
  }

  #runOf(index: LogIndex): number {
    let at = this.#runs.length - 1;
    while (at > 0 && (this.#runs[at]?.from ?? 0) > index) at -= 1;
    return at;
  }

  check(): void {
    assert(this.#runs[0]?.from === this.base, 'the first run covers the base');
    for (let at = 1; at < this.#runs.length; at += 1) {
      const [before, run] = [this.#runs[at - 1], this.#runs[at]];
      assert(before && run && before.from < run.from && before.term < run.term, 'runs grow in index and term');
      assert(run.from <= this.last, 'no run begins after the end');
    }
  }
}
