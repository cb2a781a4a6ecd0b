import { type EventLoopUtilization, performance } from 'node:perf_hooks';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** The heap of this thread, and how busy it is. */
export interface Heap {
  /** Memory that the heap holds of the operating system, garbage included. */
  committedBytes(): number;
  /** Share of the time since the last call that this thread did not wait. */
  busyShare(): number;
  /** Collects all garbage at once; takes some milliseconds for each ten megabytes that live. */
  collect(): void;
}

/** Contexts that are made from now on, those of threads too, have a collector. */
export function exposeCollector(): void {
  setFlagsFromString('--expose-gc');
}

/**
 * From now on each thread collects its young objects by itself. They are few, and V8 wakes up to four more threads for
 * them each time, which then take the processor from those that work (docs/decisions/0010).
 */
export function collectYoungAlone(): void {
  setFlagsFromString('--no-parallel-scavenge');
}

/**
 * From now on a heap is collected when it has doubled. V8 would let it grow to four times what lives, as each thread's did by
 * turns (docs/decisions/0009).
 */
export function collectDoubledHeaps(): void {
  setFlagsFromString('--heap-growing-percent=100');
}

/** Null: it can't be collected. `exposeCollector` was called before. */
export function openHeap(): Heap | null {
  const collect = findCollector();
  if (collect === null) return null;
  let before: EventLoopUtilization = performance.eventLoopUtilization();
  return {
    committedBytes: () => {
      const { total_heap_size, external_memory } = getHeapStatistics();
      return total_heap_size + external_memory;
    },
    busyShare: () => {
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, before);
      before = now;
      return utilization;
    },
    collect,
  };
}

/** A context that is older than `exposeCollector` has none: a new one has that of the whole heap. */
function findCollector(): (() => void) | null {
  const found: unknown = globalThis.gc ?? runInNewContext('globalThis.gc');
  return typeof found === 'function' ? () => void found() : null;
}
