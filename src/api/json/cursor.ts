import { assert } from '../../core/assert.ts';
import { isSpace } from './scanner.ts';
import { decodeStringLiteral } from './string-literal.ts';

export type JsonKind = 'object' | 'array' | 'string' | 'number' | 'bool' | 'null';

const kinds: ReadonlyMap<number, JsonKind> = new Map([
  [0x7b, 'object'],
  [0x5b, 'array'],
  [0x22, 'string'],
  [0x74, 'bool'],
  [0x66, 'bool'],
  [0x6e, 'null'],
]);

/** Walks JSON that `scanValue` found to be well-formed, value by value, building nothing by itself. */
export class Cursor {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#skipSpace();
  }

  /** Kind of the value that begins here. */
  kind(): JsonKind {
    return kinds.get(this.#byte()) ?? 'number';
  }

  /** Calls `visit` with each key, the cursor being on its value; `visit` takes that value (reads or skips it). */
  members(visit: (key: string) => void): void {
    this.#sequence(0x7d, () => {
      const key = this.string();
      this.#skipSpace();
      this.#expect(0x3a);
      visit(key);
    });
  }

  /** Calls `visit` at each element; `visit` takes it. */
  elements(visit: () => void): void {
    this.#sequence(0x5d, visit);
  }

  string(): string {
    return decodeStringLiteral(this.raw());
  }

  /** True of `true`, false of `false`. */
  boolean(): boolean {
    return this.raw()[0] === 0x74;
  }

  /** Takes a number and gives it as it is written. */
  number(): string {
    return Buffer.from(this.raw()).toString('latin1');
  }

  skip(): void {
    this.raw();
  }

  /** Takes the value and gives its bytes; a view. */
  raw(): Uint8Array {
    const start = this.#at;
    const kind = this.kind();
    if (kind === 'object' || kind === 'array') this.#skipNested();
    else if (kind === 'string') this.#skipString();
    else this.#skipBare();
    const value = this.#bytes.subarray(start, this.#at);
    this.#skipSpace();
    return value;
  }

  #sequence(close: number, visit: () => void): void {
    this.#at += 1;
    this.#skipSpace();
    while (this.#byte() !== close) {
      visit();
      this.#skipSpace();
      if (this.#byte() === 0x2c) this.#at += 1;
      this.#skipSpace();
    }
    this.#at += 1;
    this.#skipSpace();
  }

  #skipNested(): void {
    let depth = 0;
    do {
      const byte = this.#byte();
      if (byte === 0x22) {
        this.#skipString();
        continue;
      }
      if (byte === 0x7b || byte === 0x5b) depth += 1;
      else if (byte === 0x7d || byte === 0x5d) depth -= 1;
      this.#at += 1;
    } while (depth > 0);
  }

  #skipString(): void {
    const bytes = this.#bytes;
    let at = this.#at + 1;
    for (let byte = bytes[at]; byte !== 0x22; byte = bytes[at]) {
      assert(byte !== undefined, 'the scanner checked that the string ends');
      at += byte === 0x5c ? 2 : 1;
    }
    this.#at = at + 1;
  }

  #skipBare(): void {
    for (;;) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined || isSpace(byte) || byte === 0x2c || byte === 0x7d || byte === 0x5d) return;
      this.#at += 1;
    }
  }

  #skipSpace(): void {
    while (isSpace(this.#bytes[this.#at] ?? 0)) this.#at += 1;
  }

  #expect(byte: number): void {
    assert(this.#byte() === byte, 'the scanner checked the syntax');
    this.#at += 1;
    this.#skipSpace();
  }

  #byte(): number {
    const byte = this.#bytes[this.#at];
    assert(byte !== undefined, 'the scanner checked that the value ends');
    return byte;
  }
}
