import { assert, assertNever } from '../assert.ts';
import { limits } from '../limits.ts';
import { type MonoMs, monoMs } from '../units.ts';
import type { JournalWrite } from './worker-types.ts';

/**
 * Gathers changes of the journal into writes, one under way at a time. A newer change of a key replaces one that is not
 * yet written. What nothing waits for is written along with the next change that something does wait for, or a moment later.
 */
export class JournalWriter {
  readonly #waiting = new Map<string, JournalWrite>();
  #underWay: ReadonlyMap<string, JournalWrite> | null = null;
  #heldUntilMs: MonoMs | null = null;
  /** When what waits is to be written, if there is space. */
  #dueMs: MonoMs | null = null;

  /** Something waits for it: written at the next `take`. */
  add(write: JournalWrite): void {
    this.#waiting.set(keyOf(write), write);
    this.#dueMs = monoMs(0);
  }

  /** Nothing waits for it. */
  addLazily(write: JournalWrite, nowMs: MonoMs): void {
    this.#waiting.set(keyOf(write), write);
    this.#dueMs ??= monoMs(nowMs + limits.journalGatherMs);
  }

  /** What nothing waits for is written at the next `take`, too. */
  hurry(): void {
    if (this.#waiting.size > 0) this.#dueMs = monoMs(0);
  }

  /** The next write, if one may begin now. */
  take(nowMs: MonoMs): readonly JournalWrite[] | null {
    if (this.#underWay !== null || this.#dueMs === null || nowMs < this.#dueMs) return null;
    if (this.#heldUntilMs !== null && nowMs < this.#heldUntilMs) return null;
    this.#heldUntilMs = null;
    const batch = new Map<string, JournalWrite>();
    for (const [key, write] of this.#waiting) {
      if (batch.size === limits.journalWritesPerCommit) break;
      batch.set(key, write);
      this.#waiting.delete(key);
    }
    if (this.#waiting.size === 0) this.#dueMs = null;
    this.#underWay = batch;
    return [...batch.values()];
  }

  /** The commit under way is durable: what it wrote. */
  written(): Iterable<JournalWrite> {
    assert(this.#underWay !== null, 'only a commit under way ends');
    const writes = this.#underWay.values();
    this.#underWay = null;
    return writes;
  }

  /** The commit under way found no space: its changes wait again, and none is tried for a while. */
  failed(nowMs: MonoMs): Iterable<JournalWrite> {
    assert(this.#underWay !== null, 'only a commit under way ends');
    const writes = this.#underWay;
    for (const [key, write] of writes) if (!this.#waiting.has(key)) this.#waiting.set(key, write);
    this.#underWay = null;
    this.#dueMs = monoMs(0);
    this.#heldUntilMs = monoMs(nowMs + limits.journalRetryMs);
    return writes.values();
  }

  /** A write may begin. */
  get isReady(): boolean {
    return this.#underWay === null && this.#heldUntilMs === null;
  }

  /** Nothing is left to write, or there is no space to write it. */
  get idle(): boolean {
    return this.#underWay === null && (this.#waiting.size === 0 || this.#heldUntilMs !== null);
  }

  /** When `take` has something to give that it did not have at once. */
  nextDeadline(): MonoMs | null {
    if (this.#underWay !== null || this.#dueMs === null) return null;
    const laterMs = Math.max(this.#dueMs, this.#heldUntilMs ?? 0);
    return laterMs === 0 ? null : monoMs(laterMs);
  }

  holds(write: JournalWrite): boolean {
    const key = keyOf(write);
    return this.#waiting.has(key) || this.#underWay?.has(key) === true;
  }
}

function keyOf(write: JournalWrite): string {
  switch (write.type) {
    case 'life':
    case 'term':
      return write.type;
    case 'entry':
      return `execution ${write.entry.id}`;
    case 'forget':
      return `execution ${write.id}`;
    default:
      return assertNever(write);
  }
}
