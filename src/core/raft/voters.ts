import { assert } from '../assert.ts';
import { type LogIndex, logIndex } from '../units.ts';
import type { VoterId } from './entry.ts';

/** The voting members and the arithmetic of their majority. Without voters nothing is ever decided. */
export class Voters {
  readonly ids: readonly VoterId[];

  constructor(ids: readonly VoterId[]) {
    assert(new Set(ids).size === ids.length, 'a voter is listed twice');
    this.ids = [...ids].sort();
  }

  has(id: VoterId): boolean {
    return this.ids.includes(id);
  }

  /** `self` decides alone. */
  isAlone(self: VoterId): boolean {
    return this.ids.length === 1 && this.has(self);
  }

  /** How many are a majority. */
  get quorum(): number {
    return Math.floor(this.ids.length / 2) + 1;
  }

  /** True when a majority is in `holds`. */
  isQuorum(holds: (id: VoterId) => boolean): boolean {
    return this.ids.length > 0 && this.ids.filter(holds).length >= this.quorum;
  }

  /** The highest value that a majority has reached: of match indexes, what is stored by a quorum. */
  reachedByQuorum(reachedBy: (id: VoterId) => number): LogIndex {
    const values = this.ids.map(reachedBy).sort((a, b) => b - a);
    return logIndex(values[this.quorum - 1] ?? 0);
  }

  tally(votes: ReadonlyMap<VoterId, boolean>): 'won' | 'lost' | 'open' {
    if (this.isQuorum((id) => votes.get(id) === true)) return 'won';
    return this.isQuorum((id) => votes.get(id) !== false) ? 'open' : 'lost';
  }
}
