import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodePercent, looseInteger, Query } from '../../../src/api/query.ts';

describe('Query, as Go’s net/url reads it', () => {
  it('takes the first of equal keys, blanks for +, and values without a key', () => {
    const query = new Query('q=a+b%20c&q=d&pretty&empty=&=x&a%3Db=c%26d');
    expect(query.get('q')).toBe('a b c');
    expect([query.has('pretty'), query.get('pretty'), query.get('empty'), query.get('')]).toEqual([true, '', '', 'x']);
    expect(query.get('a=b')).toBe('c&d');
    expect(query.get('none')).toBeUndefined();
  });

  it('drops pairs with a broken escape or a semicolon, and keeps the others', () => {
    const query = new Query('a=%zz&b=1;c=2&%=3&d=%4&e=5');
    expect(['a', 'b', 'c', '%', 'd'].map((key) => query.has(key))).toEqual([false, false, false, false, false]);
    expect(query.get('e')).toBe('5');
    expect(query.dropped).toBe('a=%zz');
    expect(['b=1;c', '%', 'x&&=%4'].map((text) => new Query(text).dropped)).toEqual(['b=1;c', '%', '=%4']);
    expect(['', '&', 'a=%25&b'].map((text) => new Query(text).dropped)).toEqual([null, null, null]);
  });

  it('reads maps', () => {
    const query = new Query(
      'metadata[a]=1&metadata%5Bb%5D=2&metadata[]=3&metadata[c=4&metadata]=5&metadata[d]e]=6&x[a]=7',
    );
    expect(query.map('metadata')).toEqual([
      ['a', '1'],
      ['b', '2'],
      ['d', '6'],
    ]);
  });
});

describe('decodePercent', () => {
  it.each([
    ['a%2Fb', 'a/b'],
    ['%C3%B1', 'ñ'],
    ['ñ%20', 'ñ '],
    ['%ff%fe', '\ufffd\ufffd'],
    ['a+b', 'a+b'],
    ['%', null],
    ['%4', null],
    ['%zz', null],
  ])('%s', (text, decoded) => {
    expect(decodePercent(text, false)).toBe(decoded);
  });

  it('undoes encodeURIComponent', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(decodePercent(encodeURIComponent(text), true)).toBe(text);
      }),
    );
  });
});

describe('looseInteger', () => {
  it.each([
    ['', 0],
    ['x', 0],
    ['1.5', 0],
    ['1e3', 0],
    [' 1', 0],
    ['+7', 7],
    ['-7', -7],
    ['007', 7],
    ['99999999999999999999', Number.MAX_SAFE_INTEGER],
    ['-99999999999999999999', Number.MIN_SAFE_INTEGER],
  ])('%s', (text, value) => {
    expect(looseInteger(text)).toBe(value);
  });
});
