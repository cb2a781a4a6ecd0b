import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeStringLiteral, decodeUtf8 } from '../../../src/api/json/string-literal.ts';
import { indentJson, jsonBytes, jsonString, jsonStringMap, jsonStrings } from '../../../src/api/json/writer.ts';

const decode = (literal: string | Uint8Array): string =>
  decodeStringLiteral(typeof literal === 'string' ? literal : decodeUtf8(literal));

describe('decodeStringLiteral', () => {
  it.each([
    ['"a\\n\\t\\b\\f\\r\\/\\\\\\""', 'a\n\t\b\f\r/\\"'],
    ['"\\u0041\\u00e9"', 'Aé'],
    ['"\\ud83d\\ude00"', '😀'],
    ['"\\uD83D\\uDE00"', '😀'],
    ['"\\ud800"', '\ufffd'],
    ['"\\udc00\\ud800"', '\ufffd\ufffd'],
    ['"\\ud800\\ud83d\\ude00"', '\ufffd😀'],
    ['"\\ud800\\u0041"', '\ufffdA'],
    ['"\\ud800x"', '\ufffdx'],
    ['"\\ud800\\n"', '\ufffd\n'],
    ['"\\u0041\\\\u0042"', 'A\\u0042'],
    ['"\\u0000"', '\u0000'],
  ])('%s', (literal, text) => {
    expect(decode(literal)).toBe(text);
  });

  it('replaces each byte that is no UTF-8', () => {
    const inner = [0x61, 0xff, 0xe2, 0x82, 0x62, 0xed, 0xa0, 0x80, 0xc0, 0x80, 0xf4, 0x90, 0x80, 0x80, 0xc3];
    const text = `a${'\ufffd'.repeat(3)}b${'\ufffd'.repeat(10)}`;
    expect(decode(Uint8Array.from([0x22, ...inner, 0x22]))).toBe(text);
  });

  it('gives back what JSON.stringify wrote', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => decode(JSON.stringify(text)) === text));
  });
});

describe('decodeUtf8', () => {
  it('leaves UTF-8 alone and gives no lone surrogate for anything', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect(decodeUtf8(bytes)).not.toMatch(/\p{Surrogate}/u);
      }),
    );
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => decodeUtf8(Buffer.from(text)) === text));
  });
});

describe('jsonString and jsonBytes', () => {
  it.each([
    ['a<b>&c', '"a\\u003cb\\u003e\\u0026c"'],
    ['\u2028\u2029', '"\\u2028\\u2029"'],
    ['\b\f\n\r\t', '"\\b\\f\\n\\r\\t"'],
    ['\u0000\u001f\u007f', '"\\u0000\\u001f\u007f"'],
    ['"\\/', '"\\"\\\\/"'],
    ['\ufffd é 😀', '"\ufffd é 😀"'],
  ])('%j', (text, json) => {
    expect(jsonString(text)).toBe(json);
    expect(jsonBytes(Buffer.from(text))).toBe(json);
  });

  it('writes bytes that are no UTF-8 as the escape', () => {
    expect(jsonBytes(Uint8Array.of(0x3c, 0xff, 0x0a, 0xe2, 0x82, 0x61))).toBe('"\\u003c\\ufffd\\n\\ufffd\\ufffda"');
  });

  it('writes JSON that parses to the decoded text, for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => JSON.parse(jsonBytes(bytes)) === decodeUtf8(bytes)),
    );
  });
});

describe('maps and lists', () => {
  it('sorts keys bytewise, also beyond the basic plane', () => {
    const map = { b: '1', a: '2', B: '3', '\uffee': '4', '😀': '5', é: '6', '': '7' };
    expect(jsonStringMap(map)).toBe('{"":"7","B":"3","a":"2","b":"1","é":"6","\uffee":"4","😀":"5"}');
  });

  it('keeps null and empty apart', () => {
    expect([jsonStringMap(null), jsonStringMap({})]).toEqual(['null', '{}']);
    expect([jsonStrings(null), jsonStrings([])]).toEqual(['null', '[]']);
  });
});

describe('indentJson', () => {
  it('indents by four blanks and leaves empty values on their line', () => {
    const compact = '{"a":[1,{"b":"x,:{}[]\\""}],"c":{},"d":[],"e":null}';
    expect(indentJson(compact)).toBe(
      '{\n    "a": [\n        1,\n        {\n            "b": "x,:{}[]\\""\n        }\n    ],\n    "c": {},\n    "d": [],\n    "e": null\n}',
    );
  });

  it('does what JSON.stringify does with four blanks', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => indentJson(JSON.stringify(value)) === JSON.stringify(value, null, 4)),
    );
  });
});
