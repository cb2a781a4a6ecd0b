import type { RaftConfig } from '../../src/core/raft/config.ts';
import type { Entry, VoterId } from '../../src/core/raft/entry.ts';
import type { RaftEffect, RaftInput } from '../../src/core/raft/io.ts';
import type { RaftMessage } from '../../src/core/raft/messages.ts';
import { type LogIndex, logIndex, type MonoMs, monoMs, type Term } from '../../src/core/units.ts';
import { payloadText, RaftVoter } from './raft-voter.ts';

function demand(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`broken invariant: ${message}`);
}

/**
 * Voters, the messages between them, and a judge: after every event the properties of thesis figure 3.2 are checked,
 * and that nothing was said or shown before it was durable.
 */
export class RaftCluster {
  readonly voters: ReadonlyMap<VoterId, RaftVoter>;
  readonly down = new Set<VoterId>();
  /** On their way, in the order sent. */
  network: RaftMessage[] = [];
  now: MonoMs = monoMs(0);
  /** What some node was told is committed. */
  readonly committed: Entry[] = [];
  readonly readsDone = new Map<number, LogIndex>();
  readonly readsFailed = new Set<number>();
  readonly #readsAsked = new Map<number, number>();
  readonly #leaders = new Map<Term, VoterId>();
  /** By index and term: payload and the term before it. Two logs with an equal entry are equal up to it. */
  readonly #known = new Map<string, string>();
  readonly #published = new Map<VoterId, LogIndex>();

  constructor(names: readonly string[], config?: RaftConfig, seed = 1) {
    const voters = names.map((name, at) => new RaftVoter(name, names, config, seed * 100 + at * 10));
    this.voters = new Map(voters.map((voter) => [voter.id, voter]));
  }

  get up(): RaftVoter[] {
    return [...this.voters.values()].filter((voter) => !this.down.has(voter.id));
  }

  get leaders(): RaftVoter[] {
    return this.up.filter((voter) => voter.core.leadership.isLeader);
  }

  published(voter: RaftVoter): LogIndex {
    return this.#published.get(voter.id) ?? logIndex(0);
  }

  step(voter: RaftVoter, input: RaftInput): RaftEffect[] {
    if (input.type === 'readIndex') this.#readsAsked.set(input.id, this.committed.length);
    const effects = voter.step(input);
    const isFollowing = input.type === 'message' && input.message.type === 'appendRequest';
    for (const effect of effects) this.#judge(voter, effect, isFollowing);
    return effects;
  }

  deliver(message: RaftMessage): void {
    const voter = this.voters.get(message.to);
    if (voter === undefined || this.down.has(message.to)) return;
    this.step(voter, { type: 'message', now: this.now, message: structuredClone(message) });
  }

  flush(voter: RaftVoter): void {
    for (const effect of voter.flush(this.now)) this.#judge(voter, effect, false);
  }

  refuseFlush(voter: RaftVoter): void {
    for (const effect of voter.refuseFlush(this.now)) this.#judge(voter, effect, false);
  }

  crash(voter: RaftVoter): void {
    voter.pending = [];
    this.down.add(voter.id);
  }

  restart(voter: RaftVoter): void {
    this.down.delete(voter.id);
    this.#published.set(voter.id, voter.disk.base);
    voter.restart(this.now);
  }

  /** Deletes what every node has shown, so that nobody is left behind the log. */
  compact(voter: RaftVoter): void {
    const all = [...this.voters.values()].map((each) => this.published(each));
    const index = logIndex(Math.min(...all));
    if (index <= voter.core.compactedIndex) return;
    this.step(voter, { type: 'applied', now: this.now, index });
    voter.disk.compact(index);
    this.step(voter, { type: 'compact', now: this.now, index });
  }

  #judge(voter: RaftVoter, effect: RaftEffect, isFollowing: boolean): void {
    switch (effect.type) {
      case 'append':
        for (const entry of effect.entries) this.#judgeEntry(voter, entry, isFollowing);
        return;
      case 'send':
        this.#judgeSend(voter, effect.message);
        this.network.push(effect.message);
        return;
      case 'commit':
        this.#judgeCommit(voter, effect.index);
        return;
      case 'dropped':
        if (effect.reason === 'storage_full') this.#forget(voter, effect.from);
        return;
      case 'readReady':
        demand(effect.index >= (this.#readsAsked.get(effect.id) ?? 0), `read ${effect.id} is stale`);
        this.readsDone.set(effect.id, effect.index);
        return;
      case 'readRefused':
        this.readsFailed.add(effect.id);
        return;
      case 'readEntries': {
        const entries = voter.disk.entries.filter((entry) => entry.index >= effect.from && entry.index <= effect.to);
        const input: RaftInput = { type: 'entriesRead', now: this.now, peer: effect.peer, entries };
        this.step(voter, structuredClone(input));
        return;
      }
      default:
        return;
    }
  }

  /** Election safety and leader completeness at a barrier, log matching at every entry. */
  #judgeEntry(voter: RaftVoter, entry: Entry, isFollowing: boolean): void {
    if (entry.kind === 'barrier' && !isFollowing) {
      demand(!this.#leaders.has(entry.term), `two leaders in term ${entry.term}`);
      this.#leaders.set(entry.term, voter.id);
      for (const before of this.committed) {
        const held = voter.core.termAt(before.index);
        const isThere = before.index < voter.core.compactedIndex || held === before.term;
        demand(isThere, `leader ${voter.id} of ${entry.term} lacks ${before.index}`);
      }
    }
    const key = `${entry.index}/${entry.term}`;
    const content = `${payloadText(entry)} after term ${voter.core.termAt(logIndex(entry.index - 1)) ?? '-'}`;
    demand((this.#known.get(key) ?? content) === content, `two entries ${key}`);
    this.#known.set(key, content);
  }

  /** Votes and acknowledgements follow their flush (design P5). */
  #judgeSend(voter: RaftVoter, message: RaftMessage): void {
    const { hardState, last } = voter.disk;
    if (message.type === 'voteReply' && message.granted) {
      const isKept = hardState?.term === message.term && hardState.vote === message.to;
      demand(isKept || (hardState?.term ?? 0) > message.term, `${voter.id} voted before its disk knew`);
    }
    if (message.type === 'voteRequest') demand((hardState?.term ?? 0) >= message.term, `${voter.id} asked too early`);
    if (message.type === 'appendAccepted') {
      demand(last >= message.match && (hardState?.term ?? 0) >= message.term, `${voter.id} acknowledged too early`);
    }
  }

  /** State machine safety; what is shown is on the disks of a quorum, this node's among them. */
  #judgeCommit(voter: RaftVoter, upTo: LogIndex): void {
    const from = this.published(voter) + 1;
    for (let index = logIndex(from); index <= upTo; index = logIndex(index + 1)) {
      const entry = voter.disk.at(index);
      demand(entry !== undefined, `${voter.id} shows ${index}, which it doesn't hold`);
      const first = this.committed[index - 1];
      const isSame = first === undefined || (first.term === entry.term && payloadText(first) === payloadText(entry));
      demand(isSame, `${voter.id} commits another entry at ${index}`);
      if (first === undefined) this.committed.push(entry);
      demand(this.committed.length >= index, 'commits are consecutive');
      const holders = [...this.voters.values()].filter(
        ({ disk }) => disk.base > index || disk.termAt(index) === entry.term,
      );
      demand(holders.length * 2 > this.voters.size, `${index} is committed, but only ${holders.length} hold it`);
    }
    this.#published.set(voter.id, upTo);
  }

  /** Nobody ever saw them: their places may be taken by others. */
  #forget(voter: RaftVoter, from: LogIndex): void {
    if (this.#leaders.get(voter.core.term) !== voter.id) return;
    for (const key of this.#known.keys()) {
      const [index, term] = key.split('/').map(Number);
      if (index !== undefined && index >= from && term === voter.core.term) this.#known.delete(key);
    }
  }
}
