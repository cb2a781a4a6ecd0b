import type { RangeOptions, StoreWrite } from '../ports.ts';

/** Bytes as a string of one character per byte: strings compare as the bytes do, and serve as keys of a map. */
function textOf(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));

const NOTHING = new Uint8Array(0);

/** An ordered map of bytes in memory: the content of a simulated store. */
export class SortedBytes {
  readonly #values = new Map<string, Uint8Array>();
  #keys: string[] = [];
  #bytes = 0;

  /** Bytes of all keys and values. */
  get bytes(): number {
    return this.#bytes;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#values.get(textOf(key));
  }

  range(options: RangeOptions, visit: (key: Uint8Array, value: Uint8Array) => boolean | undefined): void {
    const { from, to, reverse = false, offset = 0, limit = Number.POSITIVE_INFINITY, keysOnly = false } = options;
    const first = from === null ? 0 : this.#lowerBound(textOf(from));
    const end = to === null ? this.#keys.length : this.#lowerBound(textOf(to));
    const count = Math.min(end - first - offset, limit);
    for (let step = 0; step < count; step += 1) {
      const key = this.#keys[reverse ? end - 1 - offset - step : first + offset + step];
      if (key === undefined) return;
      const value = keysOnly ? NOTHING : (this.#values.get(key)?.slice() ?? NOTHING);
      if (visit(bytesOf(key), value) === false) return;
    }
  }

  copy(): SortedBytes {
    const copy = new SortedBytes();
    for (const [key, value] of this.#values) copy.#values.set(key, value);
    copy.#keys = [...this.#keys];
    copy.#bytes = this.#bytes;
    return copy;
  }

  apply(writes: readonly StoreWrite[]): void {
    for (const { key, value } of writes) this.#write(textOf(key), value);
  }

  /** By how much `writes` would enlarge the content. */
  growthBytes(writes: readonly StoreWrite[]): number {
    return writes.reduce((sum, { key, value }) => {
      const old = this.get(key);
      const before = old === undefined ? 0 : key.length + old.length;
      return sum + (value === null ? 0 : key.length + value.length) - before;
    }, 0);
  }

  #write(key: string, value: Uint8Array | null): void {
    const old = this.#values.get(key);
    if (old !== undefined) this.#bytes -= key.length + old.length;
    if (value === null) {
      if (old === undefined) return;
      this.#values.delete(key);
      this.#keys.splice(this.#lowerBound(key), 1);
      return;
    }
    this.#values.set(key, value);
    this.#bytes += key.length + value.length;
    if (old === undefined) this.#keys.splice(this.#lowerBound(key), 0, key);
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
