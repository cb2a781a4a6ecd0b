import { assert } from '../core/assert.ts';
import { limits } from '../core/limits.ts';
import type { Metrics } from './platform.ts';

const EMPTY = 0;
const CLAIMED = 1;
const PUBLISHED = 2;
/** Counts of names that found no slot, so that a full table shows itself. */
const OVERFLOW = 'runtime_metric_table_full';

/** Shared memory of one table: per slot a state, the name's length and bytes, and eight bytes of value. */
export interface SharedTable {
  readonly states: SharedArrayBuffer;
  readonly names: SharedArrayBuffer;
  readonly values: SharedArrayBuffer;
}

/** What the threads of a node share; survives every restart of an actor, since main holds it. */
export interface SharedMetrics {
  readonly counters: SharedTable;
  readonly gauges: SharedTable;
}

function makeTable(): SharedTable {
  return {
    states: new SharedArrayBuffer(limits.metricSlots * 8),
    names: new SharedArrayBuffer(limits.metricSlots * limits.metricNameBytes),
    values: new SharedArrayBuffer(limits.metricSlots * 8),
  };
}

/**
 * Slots by name, without a lock: a slot is claimed by compare-and-swap, named, published. A thread that dies between
 * claim and publication leaves a slot that nobody uses; a name that lands in two slots is summed up by the reader.
 */
class Slots {
  readonly #states: Int32Array;
  readonly #names: Uint8Array;
  readonly #known = new Map<string, number>();

  constructor(table: SharedTable) {
    this.#states = new Int32Array(table.states);
    this.#names = new Uint8Array(table.names);
  }

  /** The slot of `name`, claimed if need be; null: the table is full. */
  find(name: string): number | null {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const bytes = new TextEncoder().encode(name);
    assert(
      bytes.length > 0 && bytes.length <= limits.metricNameBytes,
      `a metric's name has 1..${limits.metricNameBytes} bytes: ${name}`,
    );
    for (let slot = 0; slot < limits.metricSlots; slot += 1) {
      if (this.#claim(slot, bytes) || this.nameAt(slot) === name) {
        this.#known.set(name, slot);
        return slot;
      }
    }
    return null;
  }

  /** From now on `name` counts into the slot of another name. */
  alias(name: string, slot: number): void {
    this.#known.set(name, slot);
  }

  nameAt(slot: number): string | null {
    if (Atomics.load(this.#states, slot * 2) !== PUBLISHED) return null;
    const length = Atomics.load(this.#states, slot * 2 + 1);
    const first = slot * limits.metricNameBytes;
    // TextDecoder refuses shared memory.
    return new TextDecoder().decode(this.#names.slice(first, first + length));
  }

  #claim(slot: number, bytes: Uint8Array): boolean {
    if (Atomics.compareExchange(this.#states, slot * 2, EMPTY, CLAIMED) !== EMPTY) return false;
    this.#names.set(bytes, slot * limits.metricNameBytes);
    Atomics.store(this.#states, slot * 2 + 1, bytes.length);
    Atomics.store(this.#states, slot * 2, PUBLISHED);
    return true;
  }
}

export function makeSharedMetrics(): SharedMetrics {
  const shared = { counters: makeTable(), gauges: makeTable() };
  new Slots(shared.counters).find(OVERFLOW);
  return shared;
}

/** One thread's way into the shared tables; any thread may also read all of them. */
export class Counters implements Metrics {
  readonly #counterSlots: Slots;
  readonly #gaugeSlots: Slots;
  readonly #counters: BigInt64Array;
  readonly #gauges: Float64Array;

  constructor(shared: SharedMetrics) {
    this.#counterSlots = new Slots(shared.counters);
    this.#gaugeSlots = new Slots(shared.gauges);
    this.#counters = new BigInt64Array(shared.counters.values);
    this.#gauges = new Float64Array(shared.gauges.values);
  }

  /** Adds a whole number to a counter. The name may carry Prometheus labels: `runs_total{result="ok"}`. */
  count(name: string, by: number): void {
    assert(Number.isSafeInteger(by), `${name} counts whole numbers, not ${by}`);
    const slot = this.#counterSlots.find(name) ?? this.#overflow(name);
    Atomics.add(this.#counters, slot, BigInt(by));
  }

  /** Sets a gauge; the last thread to set it wins. */
  gauge(name: string, value: number): void {
    const slot = this.#gaugeSlots.find(name);
    if (slot === null) this.count(OVERFLOW, 1);
    else this.#gauges[slot] = value;
  }

  /** All counters by name. */
  readCounters(): Map<string, number> {
    const read = new Map<string, number>();
    for (let slot = 0; slot < limits.metricSlots; slot += 1) {
      const name = this.#counterSlots.nameAt(slot);
      if (name === null) continue;
      read.set(name, (read.get(name) ?? 0) + Number(Atomics.load(this.#counters, slot)));
    }
    return read;
  }

  #overflow(name: string): number {
    const slot = this.#counterSlots.find(OVERFLOW);
    assert(slot !== null, 'the slot for names without a slot was claimed first');
    this.#counterSlots.alias(name, slot);
    return slot;
  }

  /** All gauges by name. */
  readGauges(): Map<string, number> {
    const read = new Map<string, number>();
    for (let slot = 0; slot < limits.metricSlots; slot += 1) {
      const name = this.#gaugeSlots.nameAt(slot);
      const value = this.#gauges[slot];
      if (name !== null && value !== undefined) read.set(name, value);
    }
    return read;
  }
}
