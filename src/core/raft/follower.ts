import { assert } from '../assert.ts';
import { type LogIndex, logIndex, type MonoMs, monoMs } from '../units.ts';
import type { VoterId } from './entry.ts';
import type { Kernel } from './kernel.ts';
import type { AppendRequest, HeartbeatRequest, RaftMessage } from './messages.ts';
import type { Role, Transition } from './role.ts';
import { PatientTimer } from './timer.ts';

/** A random time, so that voters rarely try at once (thesis section 3.4). */
export function electionDeadline(kernel: Kernel): MonoMs {
  const { electionTimeoutMs } = kernel.config;
  return monoMs(kernel.now + electionTimeoutMs + kernel.random.below(electionTimeoutMs));
}

/** Takes entries from the leader, and looks for another one when it falls silent. */
export class Follower implements Role {
  readonly #kernel: Kernel;
  readonly #timer: PatientTimer;
  #leader: VoterId | null;
  #heardAt: MonoMs;

  constructor(kernel: Kernel, leader: VoterId | null, firstDeadline: MonoMs) {
    this.#kernel = kernel;
    this.#leader = leader;
    this.#heardAt = kernel.now;
    this.#timer = new PatientTimer(firstDeadline, kernel.config.heartbeatMs);
  }

  get leader(): VoterId | null {
    return this.#leader;
  }

  get hearsLeader(): boolean {
    return this.#leader !== null && this.#kernel.now - this.#heardAt < this.#kernel.config.electionTimeoutMs;
  }

  get deadline(): MonoMs | null {
    return this.#canLead ? this.#timer.at : null;
  }

  get #canLead(): boolean {
    return this.#kernel.voters.has(this.#kernel.self);
  }

  enter(): Transition | null {
    return null;
  }

  receive(message: RaftMessage): Transition | null {
    switch (message.type) {
      case 'appendRequest':
        this.#hear(message.from);
        this.#append(message);
        return null;
      case 'heartbeatRequest':
        this.#hear(message.from);
        this.#heartbeat(message);
        return null;
      case 'timeoutNow':
        return this.#canLead ? { to: 'candidate', transfer: true } : null;
      default:
        return null;
    }
  }

  tick(): Transition | null {
    return this.#canLead && this.#timer.isDue(this.#kernel.now) ? { to: 'preCandidate' } : null;
  }

  persisted(): Transition | null {
    return null;
  }

  tookBack(): Transition | null {
    return null;
  }

  /** It voted for somebody, who now gets the time to win. */
  granted(): void {
    this.#timer.set(electionDeadline(this.#kernel));
  }

  /** The link to a peer was reset. If it was the leader's, an election is near; the jitter lets one voter be first. */
  lost(peer: VoterId): void {
    if (this.#leader !== peer) return;
    this.#leader = null;
    this.#timer.set(monoMs(this.#kernel.now + this.#kernel.random.below(this.#kernel.config.heartbeatMs)));
  }

  #hear(leader: VoterId): void {
    assert(this.#leader === null || this.#leader === leader, `two leaders in term ${this.#kernel.term}`);
    this.#leader = leader;
    this.#heardAt = this.#kernel.now;
    this.#timer.set(electionDeadline(this.#kernel));
  }

  /** Thesis section 3.5, "AppendEntries: receiver implementation" of figure 3.1. */
  #append(request: AppendRequest): void {
    const kernel = this.#kernel;
    if (request.prevIndex < kernel.commit) {
      this.#accept(request.from, kernel.commit);
    } else if (kernel.log.termAt(request.prevIndex) !== request.prevTerm) {
      this.#reject(request);
    } else {
      const fresh = request.entries.findIndex((entry) => kernel.log.termAt(entry.index) !== entry.term);
      if (fresh >= 0) kernel.append(request.entries.slice(fresh));
      const match = logIndex(request.prevIndex + request.entries.length);
      kernel.commitTo(logIndex(Math.min(request.commit, match)));
      this.#accept(request.from, match);
    }
  }

  #accept(leader: VoterId, match: LogIndex): void {
    const { self, term, log } = this.#kernel;
    const isUnsaved = match > log.persisted;
    this.#kernel.sendDurably({ type: 'appendAccepted', from: self, to: leader, term, match }, isUnsaved);
  }

  #reject(request: AppendRequest): void {
    const { self, term, log } = this.#kernel;
    const hintIndex = log.lastAtMost(request.prevIndex, request.prevTerm);
    this.#kernel.send({
      type: 'appendRejected',
      from: self,
      to: request.from,
      term,
      rejected: request.prevIndex,
      hintIndex,
      hintTerm: log.termAt(hintIndex),
    });
  }

  #heartbeat(request: HeartbeatRequest): void {
    const kernel = this.#kernel;
    kernel.commitTo(logIndex(Math.min(request.commit, kernel.log.last)));
    const { self, term } = kernel;
    kernel.send({ type: 'heartbeatReply', from: self, to: request.from, term, round: request.round });
  }

  check(): void {
    assert(this.#leader !== this.#kernel.self, 'nobody follows itself');
  }
}
