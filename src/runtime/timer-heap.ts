/** A setting of a timer; cancelled ones stay in the heap until they surface or are swept. */
export interface TimerHandle<Value> {
  readonly at: number;
  readonly sequence: number;
  readonly value: Value;
  live: boolean;
}

/** Binary min-heap ordered by (time, order of setting): equal times fire in the order in which they were set. */
export class TimerHeap<Value> {
  #heap: TimerHandle<Value>[] = [];
  #sequence = 0;
  #live = 0;

  get size(): number {
    return this.#live;
  }

  add(at: number, value: Value): TimerHandle<Value> {
    const handle = { at, sequence: this.#sequence, value, live: true };
    this.#sequence += 1;
    this.#live += 1;
    this.#heap.push(handle);
    this.#rise(this.#heap.length - 1);
    return handle;
  }

  cancel(handle: TimerHandle<Value>): void {
    if (!handle.live) return;
    handle.live = false;
    this.#live -= 1;
    if (this.#heap.length >= 64 && this.#heap.length > 2 * this.#live) this.#sweep();
  }

  /** Time of the next live timer; null: none. */
  nextAt(): number | null {
    this.#surface();
    return this.#heap[0]?.at ?? null;
  }

  /** Takes the next timer that is due at `now`. */
  popDue(now: number): Value | null {
    this.#surface();
    const first = this.#heap[0];
    if (first === undefined || first.at > now) return null;
    first.live = false;
    this.#live -= 1;
    this.#removeFirst();
    return first.value;
  }

  #surface(): void {
    while (this.#heap[0]?.live === false) this.#removeFirst();
  }

  #sweep(): void {
    const live = this.#heap.filter((handle) => handle.live);
    this.#heap = [];
    for (const handle of live) {
      this.#heap.push(handle);
      this.#rise(this.#heap.length - 1);
    }
  }

  #removeFirst(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#sink();
  }

  #before(first: number, second: number): boolean {
    const a = this.#heap[first];
    const b = this.#heap[second];
    if (a === undefined || b === undefined) return a !== undefined;
    return a.at === b.at ? a.sequence < b.sequence : a.at < b.at;
  }

  #swap(first: number, second: number): void {
    const a = this.#heap[first];
    const b = this.#heap[second];
    if (a === undefined || b === undefined) return;
    this.#heap[first] = b;
    this.#heap[second] = a;
  }

  #rise(start: number): void {
    let index = start;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#before(index, parent)) return;
      this.#swap(index, parent);
      index = parent;
    }
  }

  #sink(): void {
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const right = left + 1;
      const smaller = right < this.#heap.length && this.#before(right, left) ? right : left;
      if (smaller >= this.#heap.length || !this.#before(smaller, index)) return;
      this.#swap(index, smaller);
      index = smaller;
    }
  }
}
