import { assert } from '../assert.ts';
import type { LogIndex } from '../units.ts';

interface Read {
  readonly id: number;
  /** Commit index when it was asked. */
  readonly index: LogIndex;
}

/**
 * Reads of a leader that wait for the proof that it still leads (thesis section 6.4): a quorum answers a heartbeat that
 * was sent after they came. One round at a time serves all that came before it.
 */
export class Reads {
  #round = 0;
  #inRound: Read[] = [];
  #waiting: Read[] = [];
  /** Came before the leader had committed an entry of its term: it can't know yet what is committed. */
  #early: number[] = [];

  get round(): number {
    return this.#round;
  }

  get count(): number {
    return this.#inRound.length + this.#waiting.length + this.#early.length;
  }

  /** `commit` is null while the leader's barrier is not committed. */
  add(id: number, commit: LogIndex | null): void {
    if (commit === null) this.#early.push(id);
    else this.#waiting.push({ id, index: commit });
  }

  barrierCommitted(commit: LogIndex): void {
    for (const id of this.#early) this.#waiting.push({ id, index: commit });
    this.#early = [];
  }

  /** Starts a round if there is need of one and none is running. Returns whether heartbeats must go out. */
  startRound(): boolean {
    if (this.#inRound.length > 0 || this.#waiting.length === 0) return false;
    this.#round += 1;
    this.#inRound = this.#waiting;
    this.#waiting = [];
    return true;
  }

  /** A quorum answered the running round. */
  finishRound(): readonly Read[] {
    const done = this.#inRound;
    this.#inRound = [];
    return done;
  }

  /** Ids of all that wait; the leader is none any more. */
  abandon(): readonly number[] {
    const ids = [...this.#inRound, ...this.#waiting].map((read) => read.id).concat(this.#early);
    this.#inRound = [];
    this.#waiting = [];
    this.#early = [];
    return ids;
  }

  get isRoundOpen(): boolean {
    return this.#inRound.length > 0;
  }

  check(): void {
    assert(this.#waiting.length === 0 || this.#inRound.length > 0, 'nobody waits without a running round');
  }
}
