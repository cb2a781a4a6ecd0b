import { type EventLoopUtilization, performance } from 'node:perf_hooks';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';

/** The heap of this thread, and how busy it is. */
export interface Heap {
  /** Memory that the heap holds of the operating system, garbage included. */
  committedBytes(): number;
  /** Share of the time since the last call that this thread did not wait. */
  busyShare(): number;
  /** Collects all garbage at once; takes some milliseconds for each ten megabytes that live. */
  collect(): void;
}

/** Contexts that are made from now on, those of threads too, can collect their garbage when they want. */
export function exposeCollector(): void {
  setFlagsFromString('--expose-gc');
}

/** Null: this thread's context is older than `exposeCollector`. */
export function openHeap(): Heap | null {
  const { gc } = globalThis;
  if (gc === undefined) return null;
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
    collect: () => void gc(),
  };
}
