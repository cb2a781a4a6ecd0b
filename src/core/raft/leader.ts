import { assert } from '../assert.ts';
import { type LogIndex, logIndex, type MonoMs, monoMs } from '../units.ts';
import type { Entry, VoterId } from './entry.ts';
import type { Kernel } from './kernel.ts';
import type { RaftMessage } from './messages.ts';
import { Reads } from './reads.ts';
import { Replicator } from './replicator.ts';
import type { Role, Transition } from './role.ts';
import { PatientTimer } from './timer.ts';
import { UncommittedBytes } from './uncommitted.ts';

const NO_PAYLOAD = new Uint8Array(0);
const STEP_DOWN: Transition = { to: 'follower', leader: null };

/** Takes proposals, replicates them, and decides what is committed. Never replaces an entry of its log. */
export class Leader implements Role {
  readonly barrier: LogIndex;
  readonly #kernel: Kernel;
  readonly #replicator: Replicator;
  readonly #reads = new Reads();
  readonly #quorumTimer: PatientTimer;
  #heartbeatAt: MonoMs;
  readonly #uncommitted = new UncommittedBytes();
  #transfer: { readonly to: VoterId; readonly until: MonoMs } | null = null;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#replicator = new Replicator(kernel);
    this.barrier = logIndex(kernel.log.last + 1);
    this.#heartbeatAt = monoMs(kernel.now + kernel.config.heartbeatMs);
    const quorumAt = monoMs(kernel.now + kernel.config.electionTimeoutMs);
    this.#quorumTimer = new PatientTimer(quorumAt, kernel.config.heartbeatMs);
  }

  get hearsLeader(): boolean {
    return true;
  }

  /** A leader without followers waits for nothing. */
  get deadline(): MonoMs | null {
    if (this.#replicator.isAlone) return null;
    return monoMs(Math.min(this.#heartbeatAt, this.#quorumTimer.at));
  }

  get highestSent(): LogIndex {
    return this.#replicator.highestSent;
  }

  /** The barrier commits all that earlier leaders left: counting their entries directly is unsafe (thesis section 3.6.2). */
  enter(): Transition | null {
    const { term } = this.#kernel;
    this.#kernel.append([{ index: this.barrier, term, kind: 'barrier', payload: NO_PAYLOAD }]);
    this.#replicator.feedAll();
    return null;
  }

  /** Takes as many as the bound on the uncommitted log allows, and refuses the rest. */
  propose(payloads: readonly Uint8Array[]): void {
    if (this.#transfer !== null) {
      this.#kernel.emit({ type: 'refused', from: 0, reason: 'not_leader' });
      return;
    }
    const { config, log, commit, term } = this.#kernel;
    const firstIndex = logIndex(log.last + 1);
    const entries: Entry[] = [];
    for (const payload of payloads) {
      const isRoom =
        log.last + entries.length - commit < config.uncommittedEntries &&
        this.#uncommitted.bytes + payload.length <= config.uncommittedBytes;
      if (!isRoom) break;
      assert(payload.length <= config.bytesPerMessage, 'an entry fits into a message');
      const index = logIndex(firstIndex + entries.length);
      this.#uncommitted.add(index, payload.length);
      entries.push({ index, term, kind: 'command', payload });
    }
    this.#kernel.append(entries);
    if (entries.length > 0) this.#kernel.emit({ type: 'accepted', firstIndex, count: entries.length });
    if (entries.length < payloads.length) {
      this.#kernel.emit({ type: 'refused', from: entries.length, reason: 'overloaded' });
    }
    this.#replicator.feedAll();
  }

  receive(message: RaftMessage): Transition | null {
    const peer = this.#replicator.peer(message.from);
    if (peer === undefined) return null;
    peer.activeAt = this.#kernel.now;
    switch (message.type) {
      case 'appendAccepted':
        this.#replicator.accepted(message);
        this.#advance();
        this.#handOver();
        return null;
      case 'appendRejected':
        this.#replicator.rejected(message);
        return null;
      case 'heartbeatReply':
        peer.round = Math.max(peer.round, message.round);
        this.#replicator.answered(message.from);
        this.#serveReads();
        return null;
      default:
        return null;
    }
  }

  tick(): Transition | null {
    const { now, config } = this.#kernel;
    if (this.#replicator.isAlone) return null;
    if (this.#transfer !== null && now >= this.#transfer.until) this.#transfer = null;
    if (this.#quorumTimer.isDue(now)) {
      const isHeard = this.#replicator.isQuorum((peer) => now - peer.activeAt <= config.electionTimeoutMs);
      if (!isHeard) return STEP_DOWN;
      this.#quorumTimer.set(monoMs(now + config.electionTimeoutMs));
    }
    if (now >= this.#heartbeatAt) {
      this.#heartbeatAt = monoMs(now + config.heartbeatMs);
      this.#replicator.heartbeat(this.#reads.round);
    }
    return null;
  }

  persisted(): Transition | null {
    this.#advance();
    return null;
  }

  /** Entries that nobody else saw are as if never proposed. Else this leader can't keep its own log, and steps down. */
  tookBack(): Transition | null {
    const { log } = this.#kernel;
    if (this.#replicator.highestSent > log.last || this.barrier > log.last) return STEP_DOWN;
    this.#uncommitted.cutAfter(log.last);
    return null;
  }

  readIndex(id: number): void {
    const { commit, config } = this.#kernel;
    if (this.#reads.count >= config.pendingReads) {
      this.#kernel.emit({ type: 'readRefused', id, reason: 'overloaded' });
      return;
    }
    this.#reads.add(id, commit >= this.barrier ? commit : null);
    this.#serveReads();
  }

  entriesRead(peer: VoterId, entries: readonly Entry[]): void {
    this.#replicator.entriesRead(peer, entries);
  }

  /** Thesis section 3.10: stop taking proposals, bring the target up to date, let it call an election. */
  transferTo(to: VoterId): void {
    if (this.#replicator.peer(to) === undefined) return;
    this.#transfer = { to, until: monoMs(this.#kernel.now + this.#kernel.config.electionTimeoutMs) };
    this.#handOver();
  }

  /** It leads no more. */
  leave(): void {
    for (const id of this.#reads.abandon()) this.#kernel.emit({ type: 'readRefused', id, reason: 'not_leader' });
  }

  #handOver(): void {
    if (this.#transfer === null) return;
    const { self, term, log } = this.#kernel;
    const { to } = this.#transfer;
    if (this.#replicator.peer(to)?.match === log.last) this.#kernel.send({ type: 'timeoutNow', from: self, to, term });
  }

  /** Only an entry of the own term is committed by counting (thesis section 3.6.2); it commits all before it. */
  #advance(): void {
    const { log, commit, term } = this.#kernel;
    const stored = this.#replicator.storedByQuorum;
    if (stored <= commit || log.termAt(stored) !== term) return;
    this.#uncommitted.committedTo(stored);
    this.#kernel.commitTo(stored);
    this.#replicator.feedAll();
    if (commit < this.barrier) this.#reads.barrierCommitted(stored);
    this.#serveReads();
  }

  #serveReads(): void {
    const { round } = this.#reads;
    if (this.#reads.isRoundOpen && this.#isConfirmed(round)) this.#answerReads();
    if (!this.#reads.startRound()) return;
    if (this.#isConfirmed(this.#reads.round)) this.#answerReads();
    else this.#replicator.heartbeat(this.#reads.round);
  }

  #isConfirmed(round: number): boolean {
    return this.#replicator.isQuorum((peer) => peer.round >= round);
  }

  #answerReads(): void {
    for (const { id, index } of this.#reads.finishRound()) this.#kernel.emit({ type: 'readReady', id, index });
  }

  check(): void {
    const { log, commit } = this.#kernel;
    this.#replicator.check();
    this.#reads.check();
    assert(log.last >= this.barrier, 'a leader has its barrier');
    this.#uncommitted.check(commit, log.last);
  }
}
