import { joinTail } from '../join-tail.ts';
import { limits } from '../limits.ts';
import { type ExecutionId, type MonoMs, monoMs } from '../units.ts';

interface Tail {
  readonly pieces: Uint8Array[];
  bytes: number;
  readonly dueMs: MonoMs;
}

/**
 * What running executions wrote since it was last shown, bounded per execution (limits.liveOutputBytes) and in rate
 * (limits.liveOutputMs): a job that floods its output costs its watchers no more than one that whispers.
 */
export class OutputTails {
  /** Every tail waits equally long: the first is the first due. */
  readonly #tails = new Map<ExecutionId, Tail>();

  add(id: ExecutionId, chunk: Uint8Array, nowMs: MonoMs): void {
    if (chunk.length === 0) return;
    let tail = this.#tails.get(id);
    if (tail === undefined) {
      tail = { pieces: [], bytes: 0, dueMs: monoMs(nowMs + limits.liveOutputMs) };
      this.#tails.set(id, tail);
    }
    // A copy of the bounded part: the chunk may be a view of a large buffer that its owner uses again.
    const piece = chunk.slice(Math.max(0, chunk.length - limits.liveOutputBytes));
    tail.pieces.push(piece);
    tail.bytes += piece.length;
    while (tail.bytes - (tail.pieces[0]?.length ?? 0) >= limits.liveOutputBytes) {
      tail.bytes -= tail.pieces.shift()?.length ?? 0;
    }
  }

  drop(id: ExecutionId): void {
    this.#tails.delete(id);
  }

  clear(): void {
    this.#tails.clear();
  }

  /** Hands over, and forgets, what is due. */
  takeDue(nowMs: MonoMs, visit: (id: ExecutionId, chunk: Uint8Array) => void): void {
    for (const [id, tail] of this.#tails) {
      if (tail.dueMs > nowMs) return;
      this.#tails.delete(id);
      visit(id, joinTail(tail.pieces, limits.liveOutputBytes));
    }
  }

  nextDeadline(): MonoMs | null {
    for (const { dueMs } of this.#tails.values()) return dueMs;
    return null;
  }
}
