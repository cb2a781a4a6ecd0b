import { assert } from '../assert.ts';
import { type LogIndex, logIndex, type MonoMs } from '../units.ts';
import type { RaftConfig } from './config.ts';

interface Inflight {
  readonly last: LogIndex;
  readonly bytes: number;
}

/**
 * What a leader knows of one follower (thesis sections 3.5 and 10.2.1). Invariant: 0 <= match < next <= last + 1.
 *
 * - `probe`: where the logs agree is unknown; one message at a time.
 * - `replicate`: it is known; messages are sent ahead of their acknowledgement, up to the limits in flight.
 * - `stranded`: it seems to need what is compacted. It is only asked now and then whether it has come by it.
 */
export class Progress {
  readonly #config: RaftConfig;
  #mode: 'probe' | 'replicate' | 'stranded' = 'probe';
  /** Durable on the follower up to here. Only grows while this leader leads. */
  #match: LogIndex = logIndex(0);
  /** First entry to send next. */
  #next: LogIndex;
  /** A probe is unanswered: nothing more is sent until an answer or a heartbeat's reply. */
  #probeSent = false;
  #inflight: Inflight[] = [];
  #inflightBytes = 0;
  /** The entry at `next` is being read back from disk. */
  reading = false;
  /** Highest commit index it was told. */
  toldCommit: LogIndex = logIndex(0);
  /** Last time it was heard. */
  activeAt: MonoMs;
  /** Newest round of reads that it answered. */
  round = 0;

  constructor(last: LogIndex, now: MonoMs, config: RaftConfig) {
    this.#config = config;
    this.#next = logIndex(last + 1);
    this.activeAt = now;
  }

  get mode(): 'probe' | 'replicate' | 'stranded' {
    return this.#mode;
  }

  get match(): LogIndex {
    return this.#match;
  }

  get next(): LogIndex {
    return this.#next;
  }

  get isPaused(): boolean {
    if (this.reading || this.#mode === 'stranded') return true;
    if (this.#mode === 'probe') return this.#probeSent;
    return this.#isFull;
  }

  get #isFull(): boolean {
    return this.#inflight.length >= this.#config.inflightMessages || this.#inflightBytes >= this.#config.inflightBytes;
  }

  /** A message with entries up to `last` (or none) is on its way. */
  sent(last: LogIndex | null, bytes: number): void {
    assert(!this.isPaused, 'nothing is sent to a paused follower');
    if (this.#mode === 'probe') {
      this.#probeSent = true;
    } else if (last !== null) {
      assert(last >= this.#next, 'what is sent lies ahead');
      this.#next = logIndex(last + 1);
      this.#inflight.push({ last, bytes });
      this.#inflightBytes += bytes;
    }
  }

  /** It stores all up to `match`. Returns whether that is news. */
  accepted(match: LogIndex): boolean {
    const isNews = match > this.#match;
    if (isNews) this.#match = match;
    this.#next = logIndex(Math.max(this.#next, match + 1));
    while (this.#inflight[0] !== undefined && this.#inflight[0].last <= match) this.#landed();
    if (this.#mode !== 'replicate' && match === this.#match) {
      this.#probe();
      this.#mode = 'replicate';
      this.#next = logIndex(this.#match + 1);
    }
    return isNews;
  }

  /** Its log doesn't hold the leader's entry at `rejected`. Returns false when the answer is an old one. */
  rejectedAt(rejected: LogIndex, agreeAtMost: LogIndex): boolean {
    if (this.#mode === 'replicate') {
      if (rejected <= this.#match) return false;
      this.#next = logIndex(this.#match + 1);
    } else {
      if (rejected !== this.#next - 1) return false;
      this.#next = logIndex(Math.max(Math.min(rejected, agreeAtMost + 1), this.#match + 1));
    }
    this.#probe();
    return true;
  }

  /** It answered a heartbeat: lost messages are made up for. */
  alive(): void {
    this.#probeSent = false;
    if (this.#isFull) this.#landed();
  }

  strand(): void {
    this.#probe();
    this.#mode = 'stranded';
  }

  /** Asks again, right after what is compacted: its last acknowledgement may have been lost. */
  retryAfter(base: LogIndex): void {
    assert(this.#mode === 'stranded', 'only the stranded are retried');
    this.#probe();
    this.#next = logIndex(Math.max(base, this.#match) + 1);
  }

  #probe(): void {
    this.#mode = 'probe';
    this.#probeSent = false;
    this.#inflight = [];
    this.#inflightBytes = 0;
  }

  #landed(): void {
    this.#inflightBytes -= this.#inflight.shift()?.bytes ?? 0;
  }

  check(last: LogIndex): void {
    assert(this.#match < this.#next && this.#next <= last + 1, `next ${this.#next} is out of place`);
    assert(this.#mode === 'replicate' || this.#inflight.length === 0, 'only replication is pipelined');
    assert(this.#inflight.length <= this.#config.inflightMessages, 'too many messages in flight');
    assert(this.#inflightBytes >= 0, 'bytes in flight are not negative');
  }
}
