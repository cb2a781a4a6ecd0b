import { assert, assertNever } from '../assert.ts';
import { limits } from '../limits.ts';
import { type MonoMs, monoMs } from '../units.ts';
import type { JournalWrite } from './worker-types.ts';

/**
 * Gathers changes of the journal into commits, one under way at a time: what comes while one is being flushed shares
 * the next (group commit). A newer change of a key replaces one that is not yet written.
 */
export class JournalWriter {
  readonly #waiting = new Map<string, JournalWrite>();
  #underWay: ReadonlyMap<string, JournalWrite> | null = null;
  #heldUntilMs: MonoMs | null = null;

  add(write: JournalWrite): void {
    this.#waiting.set(keyOf(write), write);
  }

  /** The next commit, if one may begin now. */
  take(nowMs: MonoMs): readonly JournalWrite[] | null {
    if (this.#underWay !== null || this.#waiting.size === 0) return null;
    if (this.#heldUntilMs !== null && nowMs < this.#heldUntilMs) return null;
    this.#heldUntilMs = null;
    const batch = new Map<string, JournalWrite>();
    for (const [key, write] of this.#waiting) {
      if (batch.size === limits.journalWritesPerCommit) break;
      batch.set(key, write);
      this.#waiting.delete(key);
    }
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
    this.#heldUntilMs = monoMs(nowMs + limits.journalRetryMs);
    return writes.values();
  }

  /** Nothing is left to write, or there is no space to write it. */
  get idle(): boolean {
    return this.#underWay === null && (this.#waiting.size === 0 || this.#heldUntilMs !== null);
  }

  /** The end of the pause after a failure. */
  nextDeadline(): MonoMs | null {
    return this.#heldUntilMs;
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
