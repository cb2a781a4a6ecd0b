import { assert } from '../../core/assert.ts';
import { isSpace } from './scanner.ts';
import { decodeStringLiteral, decodeUtf8 } from './string-literal.ts';

export type JsonKind = 'object' | 'array' | 'string' | 'number' | 'bool' | 'null';

/** Walks JSON that `scanValue` found to be well-formed, value by value, building nothing by itself. */
export class Cursor {
  /** A text, for its pieces cost less than those of bytes. What is no UTF-8 can only be in strings, where it may be replaced first. */
  readonly #text: string;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#text = decodeUtf8(bytes);
    this.#skipSpace();
  }

  /** Kind of the value that begins here. */
  kind(): JsonKind {
    switch (this.#code()) {
      case 0x7b:
        return 'object';
      case 0x5b:
        return 'array';
      case 0x22:
        return 'string';
      case 0x74:
      case 0x66:
        return 'bool';
      case 0x6e:
        return 'null';
      default:
        return 'number';
    }
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
    return this.raw() === 'true';
  }

  /** Takes a number and gives it as it is written. */
  number(): string {
    return this.raw();
  }

  skip(): void {
    this.raw();
  }

  /** Takes the value and gives it as it is written. */
  raw(): string {
    const start = this.#at;
    const kind = this.kind();
    if (kind === 'object' || kind === 'array') this.#skipNested();
    else if (kind === 'string') this.#skipString();
    else this.#skipBare();
    const value = this.#text.slice(start, this.#at);
    this.#skipSpace();
    return value;
  }

  #sequence(close: number, visit: () => void): void {
    this.#at += 1;
    this.#skipSpace();
    while (this.#code() !== close) {
      visit();
      this.#skipSpace();
      if (this.#code() === 0x2c) this.#at += 1;
      this.#skipSpace();
    }
    this.#at += 1;
    this.#skipSpace();
  }

  #skipNested(): void {
    let depth = 0;
    do {
      const code = this.#code();
      if (code === 0x22) {
        this.#skipString();
        continue;
      }
      if (code === 0x7b || code === 0x5b) depth += 1;
      else if (code === 0x7d || code === 0x5d) depth -= 1;
      this.#at += 1;
    } while (depth > 0);
  }

  #skipString(): void {
    const text = this.#text;
    let at = this.#at + 1;
    for (let code = text.charCodeAt(at); code !== 0x22; code = text.charCodeAt(at)) {
      assert(at < text.length, 'the scanner checked that the string ends');
      at += code === 0x5c ? 2 : 1;
    }
    this.#at = at + 1;
  }

  #skipBare(): void {
    while (this.#at < this.#text.length) {
      const code = this.#text.charCodeAt(this.#at);
      if (isSpace(code) || code === 0x2c || code === 0x7d || code === 0x5d) return;
      this.#at += 1;
    }
  }

  #skipSpace(): void {
    while (isSpace(this.#text.charCodeAt(this.#at))) this.#at += 1;
  }

  #expect(code: number): void {
    assert(this.#code() === code, 'the scanner checked the syntax');
    this.#at += 1;
    this.#skipSpace();
  }

  #code(): number {
    assert(this.#at < this.#text.length, 'the scanner checked that the value ends');
    return this.#text.charCodeAt(this.#at);
  }
}
