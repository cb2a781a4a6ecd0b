import { type Heap, openHeap } from '../../adapters/heap.ts';

const LOOK_MS = 1_000;
/** Busier than this, a thread has no time to collect garbage. */
const IDLE_SHARE = 0.05;
/** Less than this is not worth a collection. */
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
  /** What the last collection left. */
  #keptBytes = 0;
  /** Looks since the first collection of this idle time; null: there was none. */
  #looksSinceFirst: number | null = null;

  constructor(heap: Heap) {
    this.#heap = heap;
  }

  /** To be called each second. */
  look(): void {
    if (this.#heap.busyShare() > IDLE_SHARE) {
      this.#looksSinceFirst = null;
      return;
    }
    if (this.#looksSinceFirst !== null) {
      this.#looksSinceFirst += 1;
      if (this.#looksSinceFirst < SECOND_AFTER_LOOKS) return;
      this.#looksSinceFirst = null;
      this.#collect();
    } else if (this.#heap.committedBytes() > this.#keptBytes + WORTH_BYTES) {
      this.#looksSinceFirst = 0;
      this.#collect();
    }
  }

  #collect(): void {
    this.#heap.collect();
    this.#keptBytes = this.#heap.committedBytes();
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
