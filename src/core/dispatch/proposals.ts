import type { Command } from '../jobs/commands.ts';
import type { Effect, Proposal } from './in-flight.ts';

/** The commands that are proposed and not answered, and what each is for. */
export class Proposals {
  readonly #pending = new Map<number, Proposal>();
  #last = 0;

  /** Returns its number. */
  propose(command: Command, proposal: Proposal, out: Effect[]): number {
    this.#last += 1;
    this.#pending.set(this.#last, proposal);
    out.push({ type: 'propose', proposal: this.#last, command });
    return this.#last;
  }

  /** Each is answered once. */
  answered(proposal: number): Proposal | undefined {
    const pending = this.#pending.get(proposal);
    this.#pending.delete(proposal);
    return pending;
  }

  /** Answers are of no use any more, but to those who asked for a run. */
  forget(): void {
    for (const [number, { type }] of this.#pending) if (type !== 'run') this.#pending.delete(number);
  }
}
