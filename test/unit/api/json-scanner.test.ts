import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scanDocument, scanValue } from '../../../src/api/json/scanner.ts';
import { limits } from '../../../src/core/limits.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const errorOf = (text: string): string | null => {
  const scan = scanValue(bytes(text));
  return scan.ok ? null : scan.error;
};

describe('scanValue: Go’s error texts', () => {
  it.each([
    ['', 'EOF'],
    [' \n\t\r', 'EOF'],
    ['{', 'unexpected EOF'],
    ['{"a"', 'unexpected EOF'],
    ['{"a":', 'unexpected EOF'],
    ['{"a":1', 'unexpected EOF'],
    ['[1,', 'unexpected EOF'],
    ['"abc', 'unexpected EOF'],
    ['"a\\', 'unexpected EOF'],
    ['"\\u12', 'unexpected EOF'],
    ['nul', 'unexpected EOF'],
    ['-', 'unexpected EOF'],
    ['1.', 'unexpected EOF'],
    ['1e', 'unexpected EOF'],
    ['1e+', 'unexpected EOF'],
    ['xx', "invalid character 'x' looking for beginning of value"],
    ['[,', "invalid character ',' looking for beginning of value"],
    ['[1,]', "invalid character ']' looking for beginning of value"],
    ['{bad', "invalid character 'b' looking for beginning of object key string"],
    ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
    ["{'a':1}", "invalid character '\\'' looking for beginning of object key string"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":1 "b"', "invalid character '\"' after object key:value pair"],
    ['{"a":01}', "invalid character '1' after object key:value pair"],
    ['[1 2]', "invalid character '2' after array element"],
    ['"a\nb"', "invalid character '\\n' in string literal"],
    ['"a\u0000"', "invalid character '\\x00' in string literal"],
    ['"\\x"', "invalid character 'x' in string escape code"],
    ['"\\u12g4"', "invalid character 'g' in \\u hexadecimal character escape"],
    ['-x', "invalid character 'x' in numeric literal"],
    ['1.x', "invalid character 'x' after decimal point in numeric literal"],
    ['1ex', "invalid character 'x' in exponent of numeric literal"],
    ['trux', "invalid character 'x' in literal true (expecting 'e')"],
    ['fals0', "invalid character '0' in literal false (expecting 'e')"],
    ['nil', "invalid character 'i' in literal null (expecting 'u')"],
    ['+1', "invalid character '+' looking for beginning of value"],
    ['NaN', "invalid character 'N' looking for beginning of value"],
    ['\ufeff{}', "invalid character 'ï' looking for beginning of value"],
    ['\u0000', "invalid character '\\x00' looking for beginning of value"],
    ['\u007f', "invalid character '\\x7f' looking for beginning of value"],
    ['\u00ad', "invalid character 'Â' looking for beginning of value"],
  ])('%j: %s', (text, error) => {
    expect(errorOf(text)).toBe(error);
  });

  it('names a byte beyond ASCII that does not print by its code', () => {
    expect(scanValue(Uint8Array.of(0x85))).toEqual({
      ok: false,
      error: "invalid character '\\u0085' looking for beginning of value",
    });
  });
});

describe('scanValue: where the first value ends', () => {
  it.each([
    ['{} xx', 2],
    [' [1, 2]]', 7],
    ['"x"yy', 3],
    ['5x', 1],
    ['01', 1],
    ['-0.5e-3,', 7],
    ['null', 4],
    ['truefalse', 4],
    ['{"a":{"b":[{}]}}}', 16],
  ])('%j ends at %i', (text, end) => {
    expect(scanValue(bytes(text))).toEqual({ ok: true, end });
  });
});

describe('scanValue: depth', () => {
  it('takes as many levels as Go and no more', () => {
    const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
    expect(errorOf(nested(limits.jsonDepth))).toBeNull();
    expect(errorOf(nested(limits.jsonDepth + 1))).toBe("invalid character '[' exceeded max depth");
    expect(errorOf('{"a":'.repeat(100_000))).toBe("invalid character '{' exceeded max depth");
  });
});

describe('scanDocument', () => {
  it.each([
    ['[] x', "invalid character 'x' after top-level value"],
    ['', 'unexpected end of JSON input'],
    ['[1', 'unexpected end of JSON input'],
    ['{]', "invalid character ']' looking for beginning of object key string"],
  ])('%j: %s', (text, error) => {
    expect(scanDocument(bytes(text))).toEqual({ ok: false, error });
  });

  it('takes white space around the value', () => {
    expect(scanDocument(bytes(' {} \n')).ok).toBe(true);
  });
});

describe('scanDocument against JSON.parse', () => {
  const isJson = (text: string): boolean => {
    try {
      JSON.parse(text);
      return true;
    } catch {
      return false;
    }
  };

  it('takes what JSON.stringify writes', () => {
    fc.assert(fc.property(fc.json(), (text) => scanDocument(bytes(text)).ok));
  });

  it('agrees on texts made of JSON’s own characters', () => {
    const alphabet = fc.constantFrom(...'{}[],:"\\ \n0123456789-+.eEabcdeflnrstu'.split(''));
    fc.assert(
      fc.property(fc.string({ unit: alphabet, maxLength: 12 }), (text) => {
        expect(scanDocument(bytes(text)).ok).toBe(isJson(text));
      }),
      { numRuns: 20_000 },
    );
  });

  it('agrees on JSON with a character changed, taken out or put in', () => {
    fc.assert(
      fc.property(
        fc.json({ maxDepth: 3 }),
        fc.nat(),
        fc.constantFrom('', '"', '{', ']', ',', '\\', '1', ' '),
        fc.nat(1),
        (text, at, by, cut) => {
          const position = at % (text.length + 1);
          const changed = text.slice(0, position) + by + text.slice(position + cut);
          const wellFormed = Buffer.from(changed).toString('utf8');
          expect(scanDocument(bytes(wellFormed)).ok).toBe(isJson(wellFormed));
        },
      ),
      { numRuns: 5_000 },
    );
  });
});
