import type { Entry, HardState } from '../../src/core/raft/entry.ts';
import type { AppendEffect } from '../../src/core/raft/io.ts';
import type { StoredLog } from '../../src/core/raft/log-view.ts';
import { type LogIndex, logIndex, type Term, term } from '../../src/core/units.ts';

/** The durable part of a voter in tests: what `append` effects say, once they are flushed. */
export class RaftDisk {
  hardState: HardState | null = null;
  base: LogIndex = logIndex(0);
  baseTerm: Term = term(0);
  entries: Entry[] = [];

  get last(): LogIndex {
    return this.entries.at(-1)?.index ?? this.base;
  }

  at(index: LogIndex): Entry | undefined {
    return this.entries[index - this.base - 1];
  }

  termAt(index: LogIndex): Term | undefined {
    return index === this.base ? this.baseTerm : this.at(index)?.term;
  }

  write(append: AppendEffect): void {
    const first = append.entries[0];
    if (first !== undefined) {
      const kept = first.index - this.base - 1;
      if (kept > this.entries.length) throw new Error(`the disk would have a gap before ${first.index}`);
      const replacedTo = kept < this.entries.length ? this.last : null;
      if (replacedTo !== append.replacedTo) throw new Error(`replaces up to ${replacedTo}, not ${append.replacedTo}`);
      this.entries = [...this.entries.slice(0, kept), ...append.entries];
    }
    if (append.hardState !== null) this.hardState = append.hardState;
  }

  compact(index: LogIndex): void {
    const at = this.termAt(index);
    if (at === undefined) throw new Error(`no entry ${index} to compact`);
    this.entries = this.entries.slice(index - this.base);
    this.base = index;
    this.baseTerm = at;
  }

  stored(): StoredLog {
    return { base: this.base, baseTerm: this.baseTerm, entries: this.entries };
  }
}
