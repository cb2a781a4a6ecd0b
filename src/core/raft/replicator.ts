import { assert } from '../assert.ts';
import { type LogIndex, logIndex, type Term } from '../units.ts';
import type { Entry, VoterId } from './entry.ts';
import type { Kernel } from './kernel.ts';
import type { AppendAccepted, AppendRejected, RaftMessage } from './messages.ts';
import { Progress } from './progress.ts';

/** Brings the followers' logs to the leader's, and knows what a quorum stores (thesis sections 3.5, 10.2.1). */
export class Replicator {
  readonly #kernel: Kernel;
  readonly #peers = new Map<VoterId, Progress>();
  /** The last entry that left this node: beyond it, nobody else can hold anything of this leader's. */
  #highestSent: LogIndex = logIndex(0);

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    for (const id of kernel.voters.ids) {
      if (id !== kernel.self) this.#peers.set(id, new Progress(kernel.log.last, kernel.now, kernel.config));
    }
  }

  get isAlone(): boolean {
    return this.#peers.size === 0;
  }

  get highestSent(): LogIndex {
    return this.#highestSent;
  }

  /** Undefined: not a follower of this leader. */
  peer(id: VoterId): Progress | undefined {
    return this.#peers.get(id);
  }

  /** A quorum, this node included, passes `test`. */
  isQuorum(test: (peer: Progress) => boolean): boolean {
    return this.#kernel.voters.isQuorum((id) => {
      const peer = this.#peers.get(id);
      return peer === undefined ? id === this.#kernel.self : test(peer);
    });
  }

  /** What a quorum stores durably. This node counts like any other: its own flush may come last. */
  get storedByQuorum(): LogIndex {
    const { voters, log } = this.#kernel;
    return voters.reachedByQuorum((id) => this.#peers.get(id)?.match ?? log.persisted);
  }

  heartbeat(round: number): void {
    const { self, term, commit } = this.#kernel;
    for (const [to, peer] of this.#peers) {
      const known = logIndex(Math.min(commit, peer.match));
      this.#kernel.send({ type: 'heartbeatRequest', from: self, to, term, commit: known, round });
    }
  }

  /** To all who can take more. */
  feedAll(): void {
    for (const [id, peer] of this.#peers) this.#feed(id, peer, false);
  }

  accepted(reply: AppendAccepted): void {
    const peer = this.#peers.get(reply.from);
    if (peer === undefined) return;
    assert(reply.match <= this.#kernel.log.last, `${reply.from} stores ${reply.match}, which was never sent`);
    peer.accepted(reply.match);
    this.#feed(reply.from, peer, false);
  }

  rejected(reply: AppendRejected): void {
    const peer = this.#peers.get(reply.from);
    if (peer === undefined) return;
    const { log } = this.#kernel;
    const agreeAtMost = reply.hintTerm === null ? reply.hintIndex : log.lastAtMost(reply.hintIndex, reply.hintTerm);
    if (peer.rejectedAt(reply.rejected, agreeAtMost)) this.#feed(reply.from, peer, true);
  }

  /** A heartbeat was answered. Who lacks something may have lost a message: asked again, even without entries. */
  answered(id: VoterId): void {
    const peer = this.#peers.get(id);
    if (peer === undefined) return;
    const { log } = this.#kernel;
    peer.alive();
    if (peer.mode === 'stranded') {
      peer.retryAfter(log.base);
      const prevTerm = log.termAt(logIndex(peer.next - 1));
      if (prevTerm !== null) this.#send(id, peer, prevTerm, []);
    } else if (peer.match < log.last) {
      this.#feed(id, peer, true);
    }
  }

  /** What was read back for a follower behind the cache. An answer to an old question is dropped. */
  entriesRead(id: VoterId, entries: readonly Entry[]): void {
    const peer = this.#peers.get(id);
    if (peer === undefined || !peer.reading) return;
    peer.reading = false;
    const isStillTrue = entries.every((entry) => this.#kernel.log.termAt(entry.index) === entry.term);
    const prevTerm = this.#kernel.log.termAt(logIndex(peer.next - 1));
    if (entries[0]?.index === peer.next && isStillTrue && prevTerm !== null && !peer.isPaused) {
      this.#send(id, peer, prevTerm, entries);
    }
    this.#feed(id, peer, false);
  }

  #feed(id: VoterId, peer: Progress, evenEmpty: boolean): void {
    const { log, config, commit } = this.#kernel;
    let mustSend = evenEmpty;
    while (!peer.isPaused) {
      const prevTerm = log.termAt(logIndex(peer.next - 1));
      const isBehind = peer.mode === 'replicate' && peer.toldCommit < commit;
      if (prevTerm === null) {
        peer.strand();
      } else if (peer.next <= log.last) {
        const entries = log.cached(peer.next, config.entriesPerMessage, config.bytesPerMessage);
        if (entries === null) this.#readBack(id, peer);
        else this.#send(id, peer, prevTerm, entries);
      } else if (mustSend || isBehind) {
        this.#send(id, peer, prevTerm, []);
      } else {
        return;
      }
      mustSend = false;
    }
  }

  #readBack(id: VoterId, peer: Progress): void {
    const { log, config } = this.#kernel;
    assert(peer.next <= log.persisted, 'what is not in memory is on disk');
    const to = logIndex(Math.min(log.persisted, peer.next + config.entriesPerMessage - 1));
    peer.reading = true;
    this.#kernel.emit({ type: 'readEntries', peer: id, from: peer.next, to });
  }

  #send(to: VoterId, peer: Progress, prevTerm: Term, entries: readonly Entry[]): void {
    const { self, term, commit } = this.#kernel;
    const prevIndex = logIndex(peer.next - 1);
    const message: RaftMessage = { type: 'appendRequest', from: self, to, term, prevIndex, prevTerm, entries, commit };
    const last = entries.at(-1)?.index ?? null;
    const bytes = entries.reduce((sum, entry) => sum + entry.payload.length, 0);
    peer.sent(last, bytes);
    peer.toldCommit = commit;
    this.#highestSent = logIndex(Math.max(this.#highestSent, last ?? 0));
    this.#kernel.send(message);
  }

  check(): void {
    for (const peer of this.#peers.values()) peer.check(this.#kernel.log.last);
    assert(this.#highestSent <= this.#kernel.log.last, 'what was sent is in the log');
  }
}
