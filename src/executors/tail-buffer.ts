/** The last bytes of a stream of any length, in constant memory: what Dkron keeps of an output (dkron-v4 section 11). */
export class TailBuffer {
  readonly #limitBytes: number;
  /** Grows by doubling up to the limit, then it is a ring. */
  #ring = new Uint8Array(0);
  #totalBytes = 0;

  /** `limitBytes`: how many last bytes are kept; 0 keeps none. */
  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** All bytes that were ever added. */
  get totalBytes(): number {
    return this.#totalBytes;
  }

  get droppedBytes(): number {
    return Math.max(0, this.#totalBytes - this.#limitBytes);
  }

  /** Copies what it keeps: the chunk may be used again. */
  add(chunk: Uint8Array): void {
    const kept = chunk.subarray(Math.max(0, chunk.length - this.#limitBytes));
    this.#reserve(Math.min(this.#limitBytes, this.#totalBytes + chunk.length));
    this.#totalBytes += chunk.length;
    if (kept.length === 0) return;
    const start = (this.#totalBytes - kept.length) % this.#limitBytes;
    const upToEnd = kept.subarray(0, this.#limitBytes - start);
    this.#ring.set(upToEnd, start);
    this.#ring.set(kept.subarray(upToEnd.length), 0);
  }

  /** The kept bytes in the order they were added, in a buffer of their own. */
  bytes(): Uint8Array {
    if (this.#totalBytes <= this.#limitBytes) return this.#ring.slice(0, this.#totalBytes);
    const oldest = this.#totalBytes % this.#limitBytes;
    const bytes = new Uint8Array(this.#limitBytes);
    bytes.set(this.#ring.subarray(oldest), 0);
    bytes.set(this.#ring.subarray(0, oldest), this.#limitBytes - oldest);
    return bytes;
  }

  /** Until the ring is full nothing has wrapped: growing keeps every byte in its place. */
  #reserve(neededBytes: number): void {
    if (neededBytes <= this.#ring.length) return;
    const grown = new Uint8Array(Math.min(this.#limitBytes, Math.max(neededBytes, this.#ring.length * 2, 1_024)));
    grown.set(this.#ring);
    this.#ring = grown;
  }
}
