import { assert, assertNever } from '../assert.ts';
import { type LogIndex, logIndex, type MonoMs, type Term } from '../units.ts';
import { Candidate } from './candidate.ts';
import type { Entry } from './entry.ts';
import { electionDeadline, Follower } from './follower.ts';
import type { Leadership, RaftEffect, RaftInput } from './io.ts';
import { Kernel, type RaftOptions } from './kernel.ts';
import { Leader } from './leader.ts';
import type { RaftMessage } from './messages.ts';
import type { Role, Transition } from './role.ts';
import { answerPreVote, answerVote } from './votes.ts';

/**
 * Raft after Ongaro's thesis ("Consensus: Bridging Theory and Practice", 2014), as a pure state machine: leader election
 * with pre-vote and check-quorum, pipelined replication, linearizable reads, leadership transfer, compaction. It reads
 * no clock and does no I/O: `step` takes what happened and yields what to do, to be performed in order.
 */
export class RaftCore {
  readonly #kernel: Kernel;
  #role: Role;
  #told: Leadership;

  constructor(options: RaftOptions) {
    this.#kernel = new Kernel(options);
    const { voters, self, now, term } = this.#kernel;
    // Who decides alone has nobody to wait for.
    const firstDeadline = voters.isAlone(self) ? now : electionDeadline(this.#kernel);
    this.#role = new Follower(this.#kernel, null, firstDeadline);
    this.#told = { term, leader: null, isLeader: false, barrier: logIndex(0) };
  }

  get term(): Term {
    return this.#kernel.term;
  }

  get lastIndex(): LogIndex {
    return this.#kernel.log.last;
  }

  /** Last compacted index. */
  get compactedIndex(): LogIndex {
    return this.#kernel.log.base;
  }

  /** Committed, and durable here. */
  get commitIndex(): LogIndex {
    return this.#kernel.published;
  }

  get appliedIndex(): LogIndex {
    return this.#kernel.applied;
  }

  get leadership(): Leadership {
    return this.#told;
  }

  /** When to `tick`; null: never. */
  nextDeadline(): MonoMs | null {
    return this.#role.deadline;
  }

  /** Null: compacted, or beyond the end. */
  termAt(index: LogIndex): Term | null {
    return this.#kernel.log.termAt(index);
  }

  /** Entries from memory, up to both bounds and at least one; null: not in memory. */
  cachedEntries(from: LogIndex, maxEntries: number, maxBytes: number): readonly Entry[] | null {
    return this.#kernel.log.cached(from, maxEntries, maxBytes);
  }

  step(input: RaftInput, out: RaftEffect[]): void {
    this.#kernel.begin(input.now, out);
    this.#perform(input);
    this.#kernel.finish();
    this.#tellLeadership();
  }

  #perform(input: RaftInput): void {
    switch (input.type) {
      case 'tick':
        this.#become(this.#role.tick());
        break;
      case 'message':
        this.#receive(input.message);
        break;
      case 'persisted':
        this.#kernel.log.markPersisted(input.id);
        this.#become(this.#role.persisted());
        break;
      case 'appendFailed':
        this.#takeBack(input.id);
        break;
      case 'applied':
        this.#kernel.markApplied(input.index);
        break;
      case 'compact':
        assert(input.index <= this.#kernel.applied, 'only what is applied is compacted');
        this.#kernel.log.compactTo(input.index);
        break;
      case 'peerLost':
        if (this.#role instanceof Follower) this.#role.lost(input.peer);
        break;
      case 'propose':
      case 'readIndex':
      case 'entriesRead':
      case 'transferLeadership':
        this.#askLeader(input);
        break;
      default:
        assertNever(input);
    }
  }

  /** What only a leader does. */
  #askLeader(
    input: Extract<RaftInput, { type: 'propose' | 'readIndex' | 'entriesRead' | 'transferLeadership' }>,
  ): void {
    const leader = this.#role instanceof Leader ? this.#role : null;
    switch (input.type) {
      case 'propose':
        if (leader === null) this.#kernel.emit({ type: 'refused', from: 0, reason: 'not_leader' });
        else leader.propose(input.payloads);
        break;
      case 'readIndex':
        if (leader === null) this.#kernel.emit({ type: 'readRefused', id: input.id, reason: 'not_leader' });
        else leader.readIndex(input.id);
        break;
      case 'entriesRead':
        leader?.entriesRead(input.peer, input.entries);
        break;
      case 'transferLeadership':
        leader?.transferTo(input.to);
        break;
      default:
        assertNever(input);
    }
  }

  #takeBack(id: number): void {
    const kernel = this.#kernel;
    const lastBefore = kernel.log.last;
    kernel.takeBack(id);
    const seenElsewhere = this.#role instanceof Leader ? this.#role.highestSent : kernel.log.last;
    const from = logIndex(Math.max(kernel.log.last, seenElsewhere) + 1);
    if (from <= lastBefore) kernel.emit({ type: 'dropped', from, reason: 'storage_full' });
    this.#become(this.#role.tookBack());
  }

  #receive(message: RaftMessage): void {
    assert(message.to === this.#kernel.self, `a message for ${message.to} came to ${this.#kernel.self}`);
    if (message.type === 'preVoteRequest') {
      answerPreVote(this.#kernel, message, this.#role.hearsLeader);
    } else if (message.term < this.#kernel.term) {
      this.#answerOld(message);
    } else if (message.term === this.#kernel.term || this.#enterTermOf(message)) {
      this.#receiveInTerm(message);
    }
  }

  #receiveInTerm(message: RaftMessage): void {
    if (message.type === 'voteRequest') {
      const granted = answerVote(this.#kernel, message);
      if (granted && this.#role instanceof Follower) this.#role.granted();
      return;
    }
    if (message.type === 'appendRequest' || message.type === 'heartbeatRequest') {
      assert(!(this.#role instanceof Leader), `two leaders in term ${message.term}`);
      if (!(this.#role instanceof Follower)) this.#become({ to: 'follower', leader: message.from });
    }
    this.#become(this.#role.receive(message));
  }

  /** A later term ends every role (thesis section 3.3). Returns false for a message that is to be ignored. */
  #enterTermOf(message: RaftMessage): boolean {
    // A granted pre-vote names the term that the election would have.
    if (message.type === 'preVoteReply' && message.granted) return true;
    // Who hears a leader is not drawn into an election, unless the leader wants it.
    if (message.type === 'voteRequest' && !message.transfer && this.#role.hearsLeader) return false;
    this.#kernel.enterTerm(message.term, null);
    const isLeaders = message.type === 'appendRequest' || message.type === 'heartbeatRequest';
    this.#become({ to: 'follower', leader: isLeaders ? message.from : null });
    return true;
  }

  /** A leader or candidate of an earlier term learns of this one, so that it doesn't stay stuck behind a pre-vote. */
  #answerOld(message: RaftMessage): void {
    const { self, term, log } = this.#kernel;
    if (message.type === 'appendRequest' || message.type === 'heartbeatRequest') {
      const nowhere = { rejected: logIndex(0), hintIndex: log.base, hintTerm: null };
      this.#kernel.send({ type: 'appendRejected', from: self, to: message.from, term, ...nowhere });
    } else if (message.type === 'voteRequest') {
      this.#kernel.send({ type: 'voteReply', from: self, to: message.from, term, granted: false });
    }
  }

  #become(transition: Transition | null): void {
    for (let next = transition; next !== null; next = this.#role.enter()) {
      if (this.#role instanceof Leader) this.#role.leave();
      this.#role = this.#newRole(next);
    }
  }

  #newRole(transition: Transition): Role {
    switch (transition.to) {
      case 'follower':
        return new Follower(this.#kernel, transition.leader, electionDeadline(this.#kernel));
      case 'preCandidate':
        return new Candidate(this.#kernel, 'pre', false);
      case 'candidate':
        return new Candidate(this.#kernel, 'real', transition.transfer);
      case 'leader':
        return new Leader(this.#kernel);
      default:
        return assertNever(transition);
    }
  }

  #tellLeadership(): void {
    const now = this.#currentLeadership();
    const told = this.#told;
    if (now.term === told.term && now.leader === told.leader && now.isLeader === told.isLeader) return;
    // That a term has no leader yet is news only to those who believed in one.
    if (now.leader === null && told.leader === null) return;
    this.#told = now;
    this.#kernel.emit({ type: 'leadership', ...now });
  }

  #currentLeadership(): Leadership {
    const { term, self, published } = this.#kernel;
    if (this.#role instanceof Leader && published >= this.#role.barrier) {
      return { term, leader: self, isLeader: true, barrier: this.#role.barrier };
    }
    const leader = this.#role instanceof Follower ? this.#role.leader : null;
    return { term, leader, isLeader: false, barrier: logIndex(0) };
  }

  /** Asserts every invariant of this node. Those of the cluster need more than one to look at. */
  check(): void {
    this.#kernel.check();
    this.#role.check();
    if (this.#role instanceof Leader) assert(this.#kernel.vote === this.#kernel.self, 'a leader voted for itself');
  }
}
