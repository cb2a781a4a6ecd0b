import type { Store } from '../../../src/runtime/ports.ts';
import { RecordSum } from '../../../src/wire/state-hash.ts';
import { hashedTables, isHashedKey, tableRange } from '../../../src/wire/state-keys.ts';

/** A walk over all records that the hash covers, some at a time, while the state goes on changing. */
export class StateScan {
  /** Of the records behind the position, as they are now: whoever writes there has to change it as well. */
  readonly sum = new RecordSum();
  readonly #ranges = hashedTables.map((table) => tableRange(table));
  #at = 0;
  /** First key that is not read yet. */
  #position: Uint8Array = this.#ranges[0]?.from ?? new Uint8Array(0);

  isBehind(key: Uint8Array): boolean {
    return Buffer.compare(key, this.#position) < 0;
  }

  /** Reads up to `records`; true when that was the last of them. */
  readOn(store: Store, records: number): boolean {
    let left = records;
    for (let range = this.#ranges[this.#at]; range !== undefined && left > 0; range = this.#ranges[this.#at]) {
      let last: Uint8Array | null = null;
      let count = 0;
      store.range({ from: this.#position, to: range.to, limit: left }, (key, value) => {
        if (isHashedKey(key)) this.sum.add(key, value);
        last = key;
        count += 1;
        return true;
      });
      if (count < left) this.#at += 1;
      const next = count < left ? (this.#ranges[this.#at]?.from ?? range.to) : successor(last ?? range.to);
      this.#position = next;
      left -= count;
    }
    return this.#at === this.#ranges.length;
  }
}

/** The first key after `key`. */
function successor(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1);
  next.set(key);
  return next;
}
