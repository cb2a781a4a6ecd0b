import { limits } from '../../core/limits.ts';

/** Bytes of request bodies held by all requests of a server together. */
export class BodyBudget {
  #heldBytes = 0;

  take(bytes: number): boolean {
    if (this.#heldBytes + bytes > limits.bufferedBodyBytes) return false;
    this.#heldBytes += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#heldBytes -= bytes;
  }
}

/** Gathers one body, up to its limit; beyond, it throws away what was gathered and everything that follows. */
export class BodyIntake {
  readonly limitBytes: number;
  readonly #budget: BodyBudget;
  #chunks: Uint8Array[] = [];
  #heldBytes = 0;
  #discardedBytes = 0;
  #refusal: 'too_large' | 'overloaded' | null = null;

  constructor(limitBytes: number, budget: BodyBudget) {
    this.limitBytes = limitBytes;
    this.#budget = budget;
  }

  /** Null: everything that came is held. */
  get refusal(): 'too_large' | 'overloaded' | null {
    return this.#refusal;
  }

  /** So much was thrown away that reading on serves nobody. */
  get isEndless(): boolean {
    return this.#discardedBytes > limits.discardedBodyBytes;
  }

  /** Takes a copy: the chunk's memory is the server's. */
  add(chunk: Uint8Array): void {
    const tooLarge = this.#heldBytes + chunk.length > this.limitBytes;
    if (this.#refusal === null && (tooLarge || !this.#budget.take(chunk.length))) {
      this.release();
      this.#refusal = tooLarge ? 'too_large' : 'overloaded';
    }
    if (this.#refusal !== null) {
      this.#discardedBytes += chunk.length;
      return;
    }
    this.#heldBytes += chunk.length;
    this.#chunks.push(chunk.slice());
  }

  bytes(): Uint8Array {
    const [only] = this.#chunks;
    return only !== undefined && this.#chunks.length === 1 ? only : Buffer.concat(this.#chunks);
  }

  /** The body is no longer needed. Idempotent. */
  release(): void {
    this.#budget.give(this.#heldBytes);
    this.#heldBytes = 0;
    this.#chunks = [];
  }
}
