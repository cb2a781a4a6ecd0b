import { assert } from '../assert.ts';
import { type MonoMs, term } from '../units.ts';
import type { VoterId } from './entry.ts';
import { electionDeadline } from './follower.ts';
import type { Kernel } from './kernel.ts';
import type { RaftMessage } from './messages.ts';
import type { Role, Transition } from './role.ts';
import { PatientTimer } from './timer.ts';

/**
 * Asks for votes. First `pre`, which changes nothing anywhere, so that a node that can't win disturbs nobody (thesis
 * section 9.6); then for real, in the next term, where its own vote counts once it is durable.
 */
export class Candidate implements Role {
  readonly #kernel: Kernel;
  readonly #kind: 'pre' | 'real';
  readonly #isTransfer: boolean;
  readonly #timer: PatientTimer;
  readonly #votes = new Map<VoterId, boolean>();

  constructor(kernel: Kernel, kind: 'pre' | 'real', isTransfer: boolean) {
    this.#kernel = kernel;
    this.#kind = kind;
    this.#isTransfer = isTransfer;
    this.#timer = new PatientTimer(electionDeadline(kernel), kernel.config.heartbeatMs);
  }

  get hearsLeader(): boolean {
    return false;
  }

  get deadline(): MonoMs | null {
    return this.#timer.at;
  }

  enter(): Transition | null {
    const kernel = this.#kernel;
    if (this.#kind === 'real') kernel.enterTerm(term(kernel.term + 1), kernel.self);
    for (const id of kernel.voters.ids) {
      if (id !== kernel.self) this.#ask(id);
    }
    if (this.#kind === 'real') return null;
    this.#votes.set(kernel.self, true);
    return this.#decide();
  }

  /** A real request waits for the candidate's own vote to be durable: after a crash it must not ask for another log. */
  #ask(to: VoterId): void {
    const { self, log } = this.#kernel;
    const claim = { from: self, to, lastIndex: log.last, lastTerm: log.lastTerm };
    if (this.#kind === 'pre') {
      this.#kernel.send({ type: 'preVoteRequest', term: term(this.#kernel.term + 1), ...claim });
    } else {
      this.#kernel.sendDurably({
        type: 'voteRequest',
        term: this.#kernel.term,
        transfer: this.#isTransfer,
        ...claim,
      });
    }
  }

  receive(message: RaftMessage): Transition | null {
    if (message.type !== (this.#kind === 'pre' ? 'preVoteReply' : 'voteReply')) return null;
    if (message.type === 'preVoteReply' && message.granted && message.term !== this.#kernel.term + 1) return null;
    this.#votes.set(message.from, message.granted);
    return this.#decide();
  }

  tick(): Transition | null {
    return this.#timer.isDue(this.#kernel.now) ? { to: 'preCandidate' } : null;
  }

  persisted(): Transition | null {
    if (this.#kind === 'pre' || !this.#kernel.isHardStateDurable) return null;
    this.#votes.set(this.#kernel.self, true);
    return this.#decide();
  }

  tookBack(): Transition | null {
    return null;
  }

  #decide(): Transition | null {
    switch (this.#kernel.voters.tally(this.#votes)) {
      case 'won':
        return this.#kind === 'pre' ? { to: 'candidate', transfer: false } : { to: 'leader' };
      case 'lost':
        return { to: 'follower', leader: null };
      case 'open':
        return null;
    }
  }

  check(): void {
    assert(this.#kernel.voters.has(this.#kernel.self), 'only a voter is a candidate');
    assert(this.#kind === 'pre' || this.#kernel.vote === this.#kernel.self, 'a candidate votes for itself');
  }
}
