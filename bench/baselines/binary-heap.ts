/** A binary heap of deadlines by id on typed arrays, with the position of each id, so that it can be cancelled. */
export class BinaryHeap {
  readonly #ids: Int32Array;
  readonly #positions: Int32Array;
  readonly #atMs: Float64Array;
  #size = 0;

  constructor(capacity: number) {
    this.#ids = new Int32Array(capacity);
    this.#positions = new Int32Array(capacity).fill(-1);
    this.#atMs = new Float64Array(capacity);
  }

  get size(): number {
    return this.#size;
  }

  /** An id that isn't in the heap. */
  add(id: number, atMs: number): void {
    this.#atMs[id] = atMs;
    this.#size += 1;
    this.#rise(this.#size - 1, id);
  }

  cancel(id: number): void {
    const position = this.#positions[id] ?? -1;
    if (position < 0) return;
    this.#positions[id] = -1;
    this.#size -= 1;
    const last = this.#ids[this.#size] ?? 0;
    if (last === id) return;
    this.#rise(position, last);
    this.#sink(this.#positions[last] ?? 0, last);
  }

  /** The id with the earliest deadline; -1: empty. */
  takeFirst(): number {
    if (this.#size === 0) return -1;
    const first = this.#ids[0] ?? 0;
    this.cancel(first);
    return first;
  }

  #rise(from: number, id: number): void {
    const atMs = this.#atMs[id] ?? 0;
    let position = from;
    while (position > 0) {
      const parent = (position - 1) >> 1;
      const other = this.#ids[parent] ?? 0;
      if ((this.#atMs[other] ?? 0) <= atMs) break;
      this.#put(position, other);
      position = parent;
    }
    this.#put(position, id);
  }

  #sink(from: number, id: number): void {
    const atMs = this.#atMs[id] ?? 0;
    let position = from;
    for (;;) {
      const left = 2 * position + 1;
      if (left >= this.#size) break;
      const right = left + 1;
      const leftAt = this.#atMs[this.#ids[left] ?? 0] ?? 0;
      const isRight = right < this.#size && (this.#atMs[this.#ids[right] ?? 0] ?? 0) < leftAt;
      const child = isRight ? right : left;
      const other = this.#ids[child] ?? 0;
      if ((this.#atMs[other] ?? 0) >= atMs) break;
      this.#put(position, other);
      position = child;
    }
    this.#put(position, id);
  }

  #put(position: number, id: number): void {
    this.#ids[position] = id;
    this.#positions[id] = position;
  }
}
