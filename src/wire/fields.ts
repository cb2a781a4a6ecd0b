import { sortedKeys } from '../core/compare-bytewise.ts';
import type { Instant } from '../core/units.ts';
import { DecodeError, type Plain } from './msgpack.ts';

/** Reads a positional tuple field by field, each checked for its type: what is decoded is what was declared. */
export class FieldReader {
  readonly #fields: readonly unknown[];
  readonly #what: string;
  #at = 0;

  constructor(value: unknown, what: string) {
    if (!Array.isArray(value)) throw new DecodeError(`${what}: not a tuple`);
    this.#fields = value;
    this.#what = what;
  }

  /** Fields not yet read: appended fields of a later version are recognised by it. */
  get remaining(): number {
    return this.#fields.length - this.#at;
  }

  string(): string {
    const value = this.#next();
    return typeof value === 'string' ? value : this.#fail('a string', value);
  }

  number(): number {
    const value = this.#next();
    return typeof value === 'number' ? value : this.#fail('a number', value);
  }

  bigint(): bigint {
    const value = this.#next();
    return typeof value === 'bigint' ? value : this.#fail('a 64-bit integer', value);
  }

  boolean(): boolean {
    const value = this.#next();
    return typeof value === 'boolean' ? value : this.#fail('a boolean', value);
  }

  /** A copy, so that it does not keep the whole message alive. */
  bytes(): Uint8Array {
    const value = this.#next();
    return value instanceof Uint8Array ? value.slice() : this.#fail('bytes', value);
  }

  oneOf<const Choices extends readonly string[]>(choices: Choices): Choices[number] {
    const value = this.#next();
    const choice = choices.find((candidate) => candidate === value);
    return choice ?? this.#fail(`one of ${choices.join(', ')}`, value);
  }

  nullable<Value>(read: (reader: FieldReader) => Value): Value | null {
    if (this.#fields[this.#at] === null) {
      this.#at += 1;
      return null;
    }
    return read(this);
  }

  instant(): Instant {
    const reader = this.tuple('instant');
    return [reader.number(), reader.number()];
  }

  tuple(what: string): FieldReader {
    return new FieldReader(this.#next(), `${this.#what}.${what}`);
  }

  /** `read` takes one field of what it is given: the item. */
  list<Value>(read: (item: FieldReader) => Value): Value[] {
    const value = this.#next();
    if (!Array.isArray(value)) return this.#fail('a list', value);
    const items = new FieldReader(value, this.#what);
    return value.map(() => read(items));
  }

  /** A map of strings, in the order it was written. */
  stringMap(): Record<string, string> {
    return this.#map((value) => (typeof value === 'string' ? value : this.#fail('a string', value)));
  }

  numberMap(): Record<string, number> {
    return this.#map((value) => (typeof value === 'number' ? value : this.#fail('a number', value)));
  }

  mapOfMaps(): Record<string, Record<string, string>> {
    return this.#map((value) => new FieldReader([value], this.#what).stringMap());
  }

  #map<Value>(read: (value: unknown) => Value): Record<string, Value> {
    const pairs = this.#next();
    if (!Array.isArray(pairs) || pairs.length % 2 !== 0) return this.#fail('a map', pairs);
    const map: Record<string, Value> = Object.create(null) as Record<string, Value>;
    for (let index = 0; index < pairs.length; index += 2) {
      const key: unknown = pairs[index];
      if (typeof key !== 'string') return this.#fail('a map key', key);
      map[key] = read(pairs[index + 1]);
    }
    return map;
  }

  #next(): unknown {
    if (this.#at >= this.#fields.length) throw new DecodeError(`${this.#what}: field ${this.#at} is missing`);
    const value = this.#fields[this.#at];
    this.#at += 1;
    return value;
  }

  #fail(expected: string, got: unknown): never {
    throw new DecodeError(`${this.#what}: field ${this.#at - 1} is not ${expected} but ${typeof got}`);
  }
}

/**
 * A map as a flat list of keys and values, sorted bytewise: the same map gives the same bytes on every node, and no
 * key (`__proto__`) means anything to the codec.
 */
export function plainPairs<Value>(map: Readonly<Record<string, Value>>, write: (value: Value) => Plain): Plain[] {
  const pairs: Plain[] = [];
  for (const key of sortedKeys(map)) {
    const value = map[key];
    if (value !== undefined) pairs.push(key, write(value));
  }
  return pairs;
}

export const plainStringMap = (map: Readonly<Record<string, string>>): Plain => plainPairs(map, (value) => value);

export const plainMapOfMaps = (map: Readonly<Record<string, Readonly<Record<string, string>>>>): Plain =>
  plainPairs(map, plainStringMap);

export const plainNullable = <Value>(value: Value | null, write: (value: Value) => Plain): Plain =>
  value === null ? null : write(value);
