import { type Heap, openHeap } from '../../adapters/heap.ts';

const LOOK_MS = 1_000;
/** Busier than this, a thread is not idle. */
const IDLE_SHARE = 0.02;
/** So many looks' worth of work make enough garbage for a collection, and so does a heap that has grown by so much. */
const WORTH_LOOKS = 0.5;
const WORTH_BYTES = 8 << 20;
/**
 * A second collection follows the first: V8 gives back the room of young objects only when a collection finds that
 * little was allocated since the one before, five seconds ago or more.
 */
const SECOND_AFTER_LOOKS = 6;

/**
 * Collects the garbage of a thread that has become idle. V8 does so when it needs room, and an idle thread needs none: what
 * a burst of work left behind would stay with the process for ever.
 */
export class IdleCollector {
  readonly #heap: Heap;
  /** Of the time since the last collection. */
  #busyLooks = 0;
  /** What the last collection left. */
  #keptBytes = 0;
  /** Looks since the first collection of this idle time; null: there was none. */
  #looksSinceFirst: number | null = null;

  constructor(heap: Heap) {
    this.#heap = heap;
  }

  /** To be called each second. */
  look(): void {
    const busyShare = this.#heap.busyShare();
    this.#busyLooks += busyShare;
    if (busyShare > IDLE_SHARE) {
      this.#looksSinceFirst = null;
    } else if (this.#looksSinceFirst !== null) {
      this.#looksSinceFirst += 1;
      if (this.#looksSinceFirst < SECOND_AFTER_LOOKS) return;
      this.#looksSinceFirst = null;
      this.#collect();
    } else if (this.#isWorthIt()) {
      this.#looksSinceFirst = 0;
      this.#collect();
    }
  }

  #isWorthIt(): boolean {
    return this.#busyLooks >= WORTH_LOOKS || this.#heap.committedBytes() > this.#keptBytes + WORTH_BYTES;
  }

  #collect(): void {
    this.#heap.collect();
    this.#keptBytes = this.#heap.committedBytes();
    // That was work, too, but none that makes garbage.
    this.#heap.busyShare();
    this.#busyLooks = 0;
  }
}

/** Watches over the heap of this thread; returns what ends that. */
export function collectWhenIdle(): () => void {
  const heap = openHeap();
  if (heap === null) return () => {};
  const collector = new IdleCollector(heap);
  const timer = setInterval(() => collector.look(), LOOK_MS);
  timer.unref();
  return () => clearInterval(timer);
}
