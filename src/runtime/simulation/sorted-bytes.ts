import type { RangeOptions, StoreWrite } from '../ports.ts';

/** Bytes as a string of one character per byte: strings compare as the bytes do, and serve as keys of a map. */
const textOf = ({ buffer, byteOffset, length }: Uint8Array): string =>
  Buffer.from(buffer, byteOffset, length).toString('latin1');

/** Neither is ever changed: readers share them. */
interface Entry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

const NOTHING = new Uint8Array(0);

/** An ordered map of bytes in memory: the content of a simulated store. */
export class SortedBytes {
  readonly #entries = new Map<string, Entry>();
  #keys: string[] = [];
  #bytes = 0;

  /** Bytes of all keys and values. */
  get bytes(): number {
    return this.#bytes;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#entries.get(textOf(key))?.value;
  }

  range(options: RangeOptions, visit: (key: Uint8Array, value: Uint8Array) => boolean | undefined): void {
    const { from, to, reverse = false, offset = 0, limit = Number.POSITIVE_INFINITY, keysOnly = false } = options;
    const first = from === null ? 0 : this.#lowerBound(textOf(from));
    const end = to === null ? this.#keys.length : this.#lowerBound(textOf(to));
    const count = Math.min(end - first - offset, limit);
    for (let step = 0; step < count; step += 1) {
      const key = this.#keys[reverse ? end - 1 - offset - step : first + offset + step];
      const entry = key === undefined ? undefined : this.#entries.get(key);
      if (entry === undefined || visit(entry.key, keysOnly ? NOTHING : entry.value) === false) return;
    }
  }

  copy(): SortedBytes {
    const copy = new SortedBytes();
    for (const [key, entry] of this.#entries) copy.#entries.set(key, entry);
    copy.#keys = [...this.#keys];
    copy.#bytes = this.#bytes;
    return copy;
  }

  apply(writes: readonly StoreWrite[]): void {
    for (const { key, value } of writes) this.#write(textOf(key), key, value);
  }

  /** By how much `writes` would enlarge the content. */
  growthBytes(writes: readonly StoreWrite[]): number {
    return writes.reduce((sum, { key, value }) => {
      const old = this.get(key);
      const before = old === undefined ? 0 : key.length + old.length;
      return sum + (value === null ? 0 : key.length + value.length) - before;
    }, 0);
  }

  #write(text: string, key: Uint8Array, value: Uint8Array | null): void {
    const old = this.#entries.get(text);
    if (old !== undefined) this.#bytes -= key.length + old.value.length;
    if (value === null) {
      if (old === undefined) return;
      this.#entries.delete(text);
      this.#keys.splice(this.#lowerBound(text), 1);
      return;
    }
    this.#entries.set(text, { key, value });
    this.#bytes += key.length + value.length;
    if (old === undefined) this.#keys.splice(this.#lowerBound(text), 0, text);
  }

  /** Index of the first key that is not before `key`. */
  #lowerBound(key: string): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const candidate = this.#keys[middle];
      if (candidate !== undefined && candidate < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
