import { assert } from '../assert.ts';
import { type LogIndex, logIndex, type MonoMs, type Term, term } from '../units.ts';
import type { RaftConfig } from './config.ts';
import type { Entry, HardState, RaftRandom, VoterId } from './entry.ts';
import type { RaftEffect } from './io.ts';
import { LogView, type StoredLog } from './log-view.ts';
import type { RaftMessage } from './messages.ts';
import { Voters } from './voters.ts';

export interface RaftOptions {
  readonly self: VoterId;
  /** Empty: this node doesn't know its cluster yet; it never leads. */
  readonly voters: readonly VoterId[];
  readonly config: RaftConfig;
  readonly random: RaftRandom;
  readonly now: MonoMs;
  /** What the disk holds; null: nothing yet. */
  readonly hardState: HardState | null;
  readonly log: StoredLog;
}

/**
 * What all roles share: term, vote, log and commit index, and the effects of the running step. Entries, hard state
 * and the messages that wait for them leave together, as one append, at the end of the step.
 */
export class Kernel {
  readonly self: VoterId;
  readonly voters: Voters;
  readonly config: RaftConfig;
  readonly random: RaftRandom;
  readonly log: LogView;
  #now: MonoMs;
  #term: Term;
  #vote: VoterId | null;
  #commit: LogIndex;
  /** Told to the shell: committed and durable here. */
  #published: LogIndex;
  #applied: LogIndex;

  /** Term or vote differ from what was last given to the disk: the next append carries them. */
  #isHardStateDirty = false;
  /** They changed in this step, which therefore ends with an append. */
  #isHardStateNew = false;
  /** The append that carries the newest term and vote. */
  #hardStateId = 0;
  #nextId = 1;

  #out: RaftEffect[] = [];
  #held: { readonly message: RaftMessage; readonly afterLog: boolean }[] = [];
  #entries: readonly Entry[] = [];
  #replacedTo: LogIndex | null = null;
  /** The append of the running step, once it has entries. */
  #openId: number | null = null;

  constructor(options: RaftOptions) {
    this.self = options.self;
    this.voters = new Voters(options.voters);
    this.config = options.config;
    this.random = options.random;
    this.log = new LogView(options.log, options.config);
    this.#now = options.now;
    this.#term = options.hardState?.term ?? term(0);
    this.#vote = options.hardState?.vote ?? null;
    this.#commit = logIndex(Math.max(options.hardState?.commit ?? 0, this.log.base));
    this.#published = this.log.base;
    this.#applied = this.log.base;
    const last = options.hardState?.last ?? logIndex(0);
    assert(last === this.log.last, `the log ends at ${this.log.last}, but it was written up to ${last}`);
    assert(this.#commit <= last, `committed up to ${this.#commit}, but the log ends at ${last}`);
    assert(this.#term >= this.log.lastTerm, `the log is of term ${this.log.lastTerm}, after the node's ${this.#term}`);
  }

  get now(): MonoMs {
    return this.#now;
  }

  get term(): Term {
    return this.#term;
  }

  get vote(): VoterId | null {
    return this.#vote;
  }

  get commit(): LogIndex {
    return this.#commit;
  }

  get published(): LogIndex {
    return this.#published;
  }

  get applied(): LogIndex {
    return this.#applied;
  }

  /** Term and vote as they are now would be found again after a crash. */
  get isHardStateDurable(): boolean {
    return !this.#isHardStateDirty && this.#hardStateId <= this.log.persistedId;
  }

  begin(now: MonoMs, out: RaftEffect[]): void {
    assert(now >= this.#now, 'monotonic time went backward');
    this.#now = now;
    this.#out = out;
  }

  emit(effect: RaftEffect): void {
    this.#out.push(effect);
  }

  /** Sent at once: for what binds nobody. */
  send(message: RaftMessage): void {
    this.#out.push({ type: 'send', message });
  }

  /**
   * Sent when this node's term and vote are durable, because the receiver will count on them (thesis section 3.8);
   * with `afterLog`, also all entries that are in the log now.
   */
  sendDurably(message: RaftMessage, afterLog = false): void {
    this.#held.push({ message, afterLog });
  }

  /** A later term, without a vote yet, or with one for oneself. */
  enterTerm(next: Term, vote: VoterId | null): void {
    assert(next > this.#term, `term ${next} is not after ${this.#term}`);
    this.#term = next;
    this.#vote = vote;
    this.#isHardStateDirty = true;
    this.#isHardStateNew = true;
  }

  castVote(candidate: VoterId): void {
    assert(this.#vote === null || this.#vote === candidate, 'one vote a term');
    if (this.#vote === candidate) return;
    this.#vote = candidate;
    this.#isHardStateDirty = true;
    this.#isHardStateNew = true;
  }

  /** At most once a step. Other entries at these places are replaced: another leader's log is the truth. */
  append(entries: readonly Entry[]): void {
    assert(this.#openId === null, 'one append a step');
    const first = entries[0];
    if (first === undefined) return;
    assert(first.index > this.#commit, `committed entry ${first.index} would be replaced`);
    this.#openId = this.#nextId;
    this.#nextId += 1;
    this.#entries = entries;
    this.#replacedTo = this.log.append(this.#openId, entries);
    if (this.#replacedTo !== null) this.emit({ type: 'dropped', from: first.index, reason: 'superseded' });
  }

  commitTo(index: LogIndex): void {
    if (index <= this.#commit) return;
    assert(index <= this.log.last, `can't commit ${index}: the log ends at ${this.log.last}`);
    this.#commit = index;
  }

  /** The state machine's own memory of what is committed may be ahead of this node's, after a restart. */
  markApplied(index: LogIndex): void {
    assert(index <= this.log.persisted, `applied ${index}, but the log is durable up to ${this.log.persisted} only`);
    this.#applied = logIndex(Math.max(this.#applied, index));
    this.commitTo(index);
  }

  /** The log as it was before the append `id`; what this node voted stays in mind and is written with the next one. */
  takeBack(id: number): void {
    const kept = this.log.takeBack(id);
    if (this.#hardStateId >= id) this.#isHardStateDirty = true;
    // What was known to be committed beyond were the entries that are gone.
    this.#commit = logIndex(Math.min(this.#commit, kept));
  }

  /** Ends the step: what it wrote becomes one append; what became visible is told. */
  finish(): void {
    const waits = !this.isHardStateDurable;
    const thenSend = this.#held.filter((held) => waits || held.afterLog).map((held) => held.message);
    for (const held of this.#held) {
      if (!waits && !held.afterLog) this.#out.push({ type: 'send', message: held.message });
    }
    const isNeeded = this.#openId !== null || this.#isHardStateNew || thenSend.length > 0;
    if (isNeeded) this.#emitAppend(thenSend);
    this.#held = [];
    const visible = logIndex(Math.min(this.#commit, this.log.persisted));
    if (visible > this.#published) {
      this.#published = visible;
      this.#out.push({ type: 'commit', index: visible });
      this.log.trim(visible);
    }
  }

  #emitAppend(thenSend: readonly RaftMessage[]): void {
    let id = this.#openId;
    if (id === null) {
      id = this.#nextId;
      this.#nextId += 1;
      this.log.append(id, []);
    }
    const withHardState = this.#isHardStateDirty || this.#entries.length > 0;
    const hardState = { term: this.#term, vote: this.#vote, commit: this.#commit, last: this.log.last };
    this.#out.push({
      type: 'append',
      id,
      entries: this.#entries,
      replacedTo: this.#replacedTo,
      hardState: withHardState ? hardState : null,
      thenSend,
    });
    if (this.#isHardStateDirty) this.#hardStateId = id;
    this.#isHardStateDirty = false;
    this.#isHardStateNew = false;
    this.#openId = null;
    this.#entries = [];
    this.#replacedTo = null;
  }

  check(): void {
    this.log.check();
    assert(this.#openId === null && this.#held.length === 0, 'a step leaves nothing behind');
    assert(this.log.lastTerm <= this.#term, 'no entry is of a later term');
    assert(this.#commit >= this.log.base && this.#commit <= this.log.last, 'the commit index lies within the log');
    assert(this.#published <= this.#commit && this.#published <= this.log.persisted, 'told is what is durable');
    assert(this.log.base <= this.#applied && this.#applied <= this.#commit, 'only what is applied is compacted');
  }
}
