import { describe, expect, it } from 'vitest';
import { copyPlain } from '../../../src/runtime/simulation/copy-plain.ts';

const message = {
  type: 'finished',
  nothing: null,
  absent: undefined,
  flag: true,
  number: -0,
  stamp: 1_767_226_060_000_111_002n,
  text: 'ü',
  bytes: new Uint8Array([1, 2, 3]).subarray(1),
  list: [1, [undefined, { deep: 'x' }]],
  map: new Map([['key', { value: 1n }]]),
  set: new Set([1, 2]),
};

describe('a copy of a message', () => {
  it('is what structured clone makes of it, and shares nothing with it', () => {
    const copy = copyPlain(message);
    expect(copy).toStrictEqual(structuredClone(message));
    expect(Object.keys(copy)).toEqual(Object.keys(message));
    expect(copy.list[1]).not.toBe(message.list[1]);
    copy.bytes[0] = 9;
    expect(message.bytes[0]).toBe(2);
  });

  it.each([
    ['a function', { act: () => undefined }],
    ['a symbol', { of: Symbol('of') }],
    ['a function in a map', new Map([['act', () => undefined]])],
  ])('can not be made of %s', (_, unsendable) => {
    expect(() => copyPlain(unsendable)).toThrow(/could not be cloned/);
  });

  it('has lost the class of an object, as it would between threads', () => {
    class Point {
      readonly x = 1;
      get twice(): number {
        return this.x * 2;
      }
    }
    expect(copyPlain({ point: new Point() }).point).toStrictEqual({ x: 1 });
  });
});
