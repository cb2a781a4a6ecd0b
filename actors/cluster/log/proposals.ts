import { limits } from '../../../src/core/limits.ts';
import { type LogIndex, logIndex } from '../../../src/core/units.ts';
import type { LogCommand } from './protocol.ts';

export type Proposal = Extract<LogCommand, { type: 'propose' }>;

/** Proposals that wait for the end of the batch, and those that are in the log and not committed. */
export class Proposals {
  #gathered: Proposal[] = [];
  /** Growing indexes: the order of insertion is that of the log. */
  readonly #uncommitted = new Map<LogIndex, Pick<Proposal, 'sequence' | 'refusals'>>();

  gather(proposal: Proposal): void {
    this.#gathered.push(proposal);
  }

  /** Takes out those that must leave the disk's reserve alone. */
  takeRefusable(): readonly Proposal[] {
    const refusable = this.#gathered.filter((proposal) => !proposal.fromReserve);
    if (refusable.length > 0) this.#gathered = this.#gathered.filter((proposal) => proposal.fromReserve);
    return refusable;
  }

  get hasRefusable(): boolean {
    return this.#gathered.some((proposal) => !proposal.fromReserve);
  }

  /** What was gathered, in slices of at most one append. */
  takeSlices(): readonly (readonly Proposal[])[] {
    const slices: Proposal[][] = [];
    let bytes = 0;
    for (const proposal of this.#gathered) {
      const slice = slices.at(-1);
      bytes += proposal.entry.length;
      if (slice === undefined || slice.length === limits.entriesPerAppend || bytes > limits.bytesPerAppend) {
        slices.push([proposal]);
        bytes = proposal.entry.length;
      } else {
        slice.push(proposal);
      }
    }
    this.#gathered = [];
    return slices;
  }

  accepted(proposals: readonly Proposal[], firstIndex: LogIndex): void {
    proposals.forEach(({ sequence, refusals }, at) => {
      this.#uncommitted.set(logIndex(firstIndex + at), { sequence, refusals });
    });
  }

  committed(upTo: LogIndex): void {
    for (const index of this.#uncommitted.keys()) {
      if (index > upTo) return;
      this.#uncommitted.delete(index);
    }
  }

  /** Takes out what will never be committed. */
  dropped(from: LogIndex): readonly Pick<Proposal, 'sequence' | 'refusals'>[] {
    const gone = [...this.#uncommitted].filter(([index]) => index >= from);
    for (const [index] of gone) this.#uncommitted.delete(index);
    return gone.map(([, proposal]) => proposal);
  }
}
