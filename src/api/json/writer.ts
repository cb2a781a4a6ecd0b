import { isUtf8 } from 'node:buffer';
import { sortedKeys } from '../../core/compare-bytewise.ts';
import { sequenceLength } from './string-literal.ts';

/** Nothing in it is escaped: most texts of jobs, in a quarter of the time. */
const plain = /^[ !#-%'-;=?-[\]-~]*$/;
/** What encoding/json escapes beyond JSON.stringify, so that the text is safe inside HTML and JavaScript. */
const unsafe = /[<>&\u2028\u2029]/g;
const escapedUnsafe = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** A string as Go's encoding/json writes it. */
export const jsonString = (text: string): string =>
  plain.test(text) ? `"${text}"` : JSON.stringify(text).replace(unsafe, escapedUnsafe);

/** As `jsonString`, of bytes that need not be UTF-8: each byte that isn't becomes the escape `\ufffd`. */
export function jsonBytes(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (isUtf8(buffer)) return jsonString(buffer.toString('utf8'));
  const pieces: string[] = [];
  let from = 0;
  for (let at = 0; at < buffer.length; ) {
    const length = sequenceLength(buffer, at);
    if (length === 0) {
      pieces.push(jsonString(buffer.toString('utf8', from, at)).slice(1, -1), '\\ufffd');
      from = at + 1;
    }
    at += Math.max(length, 1);
  }
  pieces.push(jsonString(buffer.toString('utf8', from)).slice(1, -1));
  return `"${pieces.join('')}"`;
}

/** An object whose keys are sorted bytewise, as Go writes maps; null: `null`. */
export function jsonMap<Value>(map: Readonly<Record<string, Value>> | null, write: (value: Value) => string): string {
  if (map === null) return 'null';
  let members = '';
  for (const key of sortedKeys(map)) {
    const value = map[key];
    if (value === undefined) continue;
    members += `${members === '' ? '' : ','}${jsonString(key)}:${write(value)}`;
  }
  return `{${members}}`;
}

export const jsonStringMap = (map: Readonly<Record<string, string>> | null): string => jsonMap(map, jsonString);

export const jsonStrings = (list: readonly string[] | null): string =>
  list === null ? 'null' : `[${list.map(jsonString).join(',')}]`;

const INDENT = '    ';

/** Compact JSON with Go's indentation: four spaces, empty objects and arrays on one line. */
export function indentJson(compact: string): string {
  const pieces: string[] = [];
  let depth = 0;
  let from = 0;
  const flush = (to: number): void => {
    pieces.push(compact.slice(from, to));
    from = to;
  };
  const newLine = (): number => pieces.push('\n', INDENT.repeat(depth));
  for (let at = 0; at < compact.length; at += 1) {
    const character = compact[at];
    if (character === '"') {
      at = endOfString(compact, at);
    } else if (character === '{' || character === '[') {
      flush(at + 1);
      const next = compact[at + 1];
      if (next === '}' || next === ']') {
        at += 1;
        continue;
      }
      depth += 1;
      newLine();
    } else if (character === '}' || character === ']') {
      flush(at);
      depth -= 1;
      newLine();
    } else if (character === ',') {
      flush(at + 1);
      newLine();
    } else if (character === ':') {
      flush(at + 1);
      pieces.push(' ');
    }
  }
  flush(compact.length);
  return pieces.join('');
}

/** Index of the quote that closes the string opened at `at`. */
function endOfString(compact: string, at: number): number {
  let index = at + 1;
  while (compact[index] !== '"') index += compact[index] === '\\' ? 2 : 1;
  return index;
}
