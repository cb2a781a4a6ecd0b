import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundaryOf, filePart } from '../../../src/api/multipart.ts';

const type = 'multipart/form-data; boundary=b';
const part = (disposition: string, content: string): string =>
  `--b\r\nContent-Disposition: form-data; ${disposition}\r\nContent-Type: x/y\r\n\r\n${content}\r\n`;
const fileOf = (body: string | Uint8Array, contentType = type): string | null => {
  const found = filePart(Buffer.from(body), contentType, 'file');
  return found === null ? null : Buffer.from(found).toString();
};

describe('boundaryOf', () => {
  it.each([
    ['multipart/form-data; boundary=----x', '----x'],
    ['Multipart/Form-Data;charset=utf-8; Boundary="a b\\"c"', 'a b"c'],
    ['multipart/form-data', null],
    ['multipart/form-data; boundary=', null],
    ['multipart/mixed; boundary=x', null],
    [`multipart/form-data; boundary=${'x'.repeat(71)}`, null],
    ['', null],
  ])('%s', (contentType, boundary) => {
    expect(boundaryOf(contentType)).toBe(boundary);
  });
});

describe('filePart', () => {
  it('finds the first file under the name', () => {
    const body = `${part('name="file"', 'value')}${part('name="other"; filename="o"', 'other')}${part('name="file"; filename="a.json"', '[]')}${part('name="file"; filename="b.json"', '{}')}--b--\r\n`;
    expect(fileOf(body)).toBe('[]');
  });

  it('keeps every byte between the lines, line breaks too', () => {
    expect(fileOf(`preamble\r\n${part('name=file; filename=x', '\r\n--c\r\n\r\n')}--b--`)).toBe('\r\n--c\r\n\r\n');
    expect(fileOf(`${part('name="file"; filename="x"', '')}--b--`)).toBe('');
  });

  it.each([
    ['', type],
    [`${part('name="file"; filename="x"', '[]')}`, type],
    [part('name="file"; filename="x"', '[]').slice(0, 50), type],
    [`${part('name="file"', '[]')}--b--`, type],
    ['--b--\r\n', type],
    [`${part('name="file"; filename="x"', '[]')}--b--`, 'multipart/form-data; boundary=other'],
    ['[]', 'application/json'],
  ])('%j as %s has none', (body, contentType) => {
    expect(fileOf(body, contentType)).toBeNull();
  });

  it('survives any bytes', () => {
    const pieces = fc.array(
      fc.constantFrom(
        '--b',
        '\r\n',
        '--',
        'Content-Disposition: form-data; name="file"; filename="f"',
        '\r\n\r\n',
        'x',
      ),
    );
    fc.assert(
      fc.property(pieces, (list) => void fileOf(list.join(''))),
      { numRuns: 2_000 },
    );
  });
});
