/** A running hash of everything that happened: two runs with one hash took the same course. Not cryptographic. */
export class TraceHash {
  #low = 0x811c9dc5;
  #high = 0x9e3779b9;

  /** Mixes in any value that a message may hold, with its type and structure. */
  add(value: unknown): void {
    if (value === null || value === undefined) this.#word(1);
    else if (typeof value === 'object') this.#object(value);
    else this.#text(typeof value, String(value));
  }

  toString(): string {
    const hex = (word: number) => (word >>> 0).toString(16).padStart(8, '0');
    return hex(this.#high) + hex(this.#low);
  }

  #object(value: object): void {
    if (value instanceof Uint8Array) {
      this.#text('b', String(value.length));
      for (const byte of value) this.#word(byte);
    } else if (value instanceof Map || value instanceof Set || Array.isArray(value)) {
      this.#text('l', value.constructor.name);
      for (const item of value) this.add(item);
    } else {
      for (const [key, item] of Object.entries(value)) {
        this.#text('k', key);
        this.add(item);
      }
    }
    this.#word(3);
  }

  #text(tag: string, text: string): void {
    for (let index = 0; index < tag.length; index += 1) this.#word(tag.charCodeAt(index));
    this.#word(0x10001);
    for (let index = 0; index < text.length; index += 1) this.#word(text.charCodeAt(index));
    this.#word(0x10000);
  }

  #word(word: number): void {
    this.#low = Math.imul(this.#low ^ word, 0x01000193);
    this.#high = Math.imul(this.#high ^ word ^ (this.#low >>> 15), 0x85ebca6b);
  }
}
