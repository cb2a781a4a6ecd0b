import { limits } from '../../core/limits.ts';
import { quoteAsGo } from '../../core/schedule/go-text.ts';

/** `end` is the index after the first value. `error` is Go's sentence. */
export type Scan = { readonly ok: true; readonly end: number } | { readonly ok: false; readonly error: string };

/**
 * Checks the syntax of the first JSON value in `bytes` as Go's json.Decoder does, with its error texts. What follows
 * that value is not looked at. The nesting is kept in an array, so depth costs no stack.
 */
export function scanValue(bytes: Uint8Array): Scan {
  return new Scanner(bytes).scan();
}

/** As `scanValue`, for json.Unmarshal: nothing but white space may follow. */
export function scanDocument(bytes: Uint8Array): Scan {
  const scan = new Scanner(bytes).scan();
  if (!scan.ok) {
    const ended = scan.error === 'EOF' || scan.error === 'unexpected EOF';
    return ended ? { ok: false, error: 'unexpected end of JSON input' } : scan;
  }
  for (let at = scan.end; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (!isSpace(byte)) return { ok: false, error: syntaxError(byte, 'after top-level value') };
  }
  return scan;
}

export const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;
const isHex = (byte: number): boolean =>
  isDigit(byte) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66);

const syntaxError = (byte: number, context: string): string => `invalid character ${quoteCharacter(byte)} ${context}`;

/** A byte as a rune in single quotes: that is how Go names it, also when it is a piece of a longer UTF-8 sequence. */
function quoteCharacter(byte: number): string {
  if (byte === 0x27) return "'\\''";
  if (byte === 0x22) return `'"'`;
  return `'${quoteAsGo(String.fromCharCode(byte)).slice(1, -1)}'`;
}

const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const shortEscapes: ReadonlySet<number> = new Set([...'bfnrt\\/"'].map((character) => character.charCodeAt(0)));
const words: ReadonlyMap<number, string> = new Map(['true', 'false', 'null'].map((word) => [word.charCodeAt(0), word]));

/** Ends a scan from any depth of its calls; never leaves this module. */
class ScanFailure extends Error {}

class Scanner {
  readonly #bytes: Uint8Array;
  /** Opening bytes of the objects and arrays around `#at`. */
  readonly #open: number[] = [];
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  scan(): Scan {
    try {
      this.#skipSpace();
      if (this.#at >= this.#bytes.length) return { ok: false, error: 'EOF' };
      this.#value();
      while (this.#open.length > 0) this.#afterValue();
      return { ok: true, end: this.#at };
    } catch (error) {
      if (error instanceof ScanFailure) return { ok: false, error: error.message };
      throw error;
    }
  }

  /** One scalar, or the opening of an object or array up to and with its first scalar. */
  #value(): void {
    for (;;) {
      const byte = this.#nextVisible();
      if (byte === OPEN_BRACE) {
        if (!this.#enterObject(byte)) return;
      } else if (byte === OPEN_BRACKET) {
        if (!this.#enterArray(byte)) return;
      } else {
        this.#scalar(byte);
        return;
      }
    }
  }

  /** True: a value comes next. */
  #enterObject(byte: number): boolean {
    this.#push(byte);
    if (this.#nextVisible() === CLOSE_BRACE) {
      this.#pop();
      return false;
    }
    this.#key();
    return true;
  }

  #enterArray(byte: number): boolean {
    this.#push(byte);
    if (this.#nextVisible() === CLOSE_BRACKET) {
      this.#pop();
      return false;
    }
    return true;
  }

  #push(byte: number): void {
    if (this.#open.length >= limits.jsonDepth) this.#fail(byte, 'exceeded max depth');
    this.#open.push(byte);
    this.#at += 1;
  }

  #pop(): void {
    this.#open.pop();
    this.#at += 1;
  }

  /** Within an object or array, behind one of its values: its end, or the next value. */
  #afterValue(): void {
    const inObject = this.#open.at(-1) === OPEN_BRACE;
    const byte = this.#nextVisible();
    if (byte === (inObject ? CLOSE_BRACE : CLOSE_BRACKET)) {
      this.#pop();
      return;
    }
    if (byte !== COMMA) this.#fail(byte, inObject ? 'after object key:value pair' : 'after array element');
    this.#at += 1;
    if (inObject) {
      this.#nextVisible();
      this.#key();
    }
    this.#value();
  }

  #key(): void {
    const byte = this.#current();
    if (byte !== QUOTE) this.#fail(byte, 'looking for beginning of object key string');
    this.#string();
    const separator = this.#nextVisible();
    if (separator !== COLON) this.#fail(separator, 'after object key');
    this.#at += 1;
  }

  #scalar(byte: number): void {
    const word = words.get(byte);
    if (byte === QUOTE) this.#string();
    else if (byte === MINUS || isDigit(byte)) this.#number();
    else if (word !== undefined) this.#word(word);
    else this.#fail(byte, 'looking for beginning of value');
  }

  /** Most bytes of a body are in strings: this loop keeps its position in a local. */
  #string(): void {
    const bytes = this.#bytes;
    let at = this.#at + 1;
    for (let byte = bytes[at]; byte !== QUOTE; byte = bytes[at]) {
      if (byte === BACKSLASH) {
        this.#at = at;
        this.#escape();
        at = this.#at;
      } else if (byte === undefined || byte < SPACE) {
        this.#at = at;
        this.#fail(this.#current(), 'in string literal');
      }
      at += 1;
    }
    this.#at = at + 1;
  }

  /** Leaves `#at` on the last byte of the escape. */
  #escape(): void {
    this.#at += 1;
    const byte = this.#current();
    if (shortEscapes.has(byte)) return;
    if (byte !== 0x75) this.#fail(byte, 'in string escape code');
    for (let digits = 0; digits < 4; digits += 1) {
      this.#at += 1;
      if (!isHex(this.#current())) this.#fail(this.#current(), 'in \\u hexadecimal character escape');
    }
  }

  /** A number may be ended by the end of the bytes: then it is complete only if nothing encloses it. */
  #number(): void {
    if (this.#current() === MINUS) {
      this.#at += 1;
      if (!isDigit(this.#current())) this.#fail(this.#current(), 'in numeric literal');
    }
    if (this.#current() === ZERO) this.#at += 1;
    else this.#digits();
    if (this.#bytes[this.#at] === DOT) {
      this.#at += 1;
      if (!isDigit(this.#current())) this.#fail(this.#current(), 'after decimal point in numeric literal');
      this.#digits();
    }
    const exponent = this.#bytes[this.#at];
    if (exponent !== 0x65 && exponent !== 0x45) return;
    this.#at += 1;
    const sign = this.#current();
    if (sign === MINUS || sign === 0x2b) this.#at += 1;
    if (!isDigit(this.#current())) this.#fail(this.#current(), 'in exponent of numeric literal');
    this.#digits();
  }

  #digits(): void {
    while (isDigit(this.#bytes[this.#at] ?? 0)) this.#at += 1;
  }

  #word(word: string): void {
    for (let index = 0; index < word.length; index += 1) {
      if (this.#current() !== word.charCodeAt(index)) {
        this.#fail(this.#current(), `in literal ${word} (expecting ${quoteCharacter(word.charCodeAt(index))})`);
      }
      this.#at += 1;
    }
  }

  #skipSpace(): void {
    while (isSpace(this.#bytes[this.#at] ?? 0)) this.#at += 1;
  }

  #nextVisible(): number {
    this.#skipSpace();
    return this.#current();
  }

  #current(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new ScanFailure('unexpected EOF');
    return byte;
  }

  #fail(byte: number, context: string): never {
    throw new ScanFailure(syntaxError(byte, context));
  }
}
