/**
 * How Go's standard library splits and quotes text: Dkron's error sentences contain such quotes (dkron-v4 3.2).
 */

/** unicode.IsSpace; JavaScript's \s has U+FEFF in addition and lacks U+0085. */
const blank = '[\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const blanks = new RegExp(`${blank}+`, 'u');
const outerBlanks = new RegExp(`^${blank}+|${blank}+$`, 'gu');

/** strings.TrimSpace. */
export const trimBlanks = (text: string): string => text.replace(outerBlanks, '');

/** strings.Fields: the pieces between runs of blanks; none is empty. */
export const splitAtBlanks = (text: string): string[] => text.split(blanks).filter((piece) => piece !== '');

const shortEscapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
};
/** strconv.IsPrint: letters, marks, numbers, punctuation, symbols and the plain blank. */
const printable = /[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u;

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

/** strconv.Quote. */
export function quoteAsGo(text: string): string {
  let quoted = '"';
  for (const character of text) {
    const short = shortEscapes[character];
    const code = character.codePointAt(0) ?? 0;
    if (short !== undefined) quoted += short;
    else if (isLoneSurrogate(code)) quoted += '\ufffd';
    else if (printable.test(character)) quoted += character;
    else if (code < 0x80) quoted += `\\x${hex(code, 2)}`;
    else if (code < 0x1_0000) quoted += `\\u${hex(code, 4)}`;
    else quoted += `\\U${hex(code, 8)}`;
  }
  return `${quoted}"`;
}

const utf8 = (code: number): number[] => {
  if (isLoneSurrogate(code)) return [0xef, 0xbf, 0xbd];
  if (code < 0x80) return [code];
  if (code < 0x800) return [0xc0 | (code >> 6), 0x80 | (code & 0x3f)];
  if (code < 0x1_0000) return [0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f)];
  return [0xf0 | (code >> 18), 0x80 | ((code >> 12) & 0x3f), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f)];
};

const isLoneSurrogate = (code: number): boolean => code >= 0xd800 && code <= 0xdfff;

/** The quoting of Go's `time` package: bytes that aren't plain ASCII are written in hexadecimal. */
export function quoteAsGoTime(text: string): string {
  let quoted = '"';
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (character === '"' || character === '\\') quoted += `\\${character}`;
    else if (code >= 0x20 && code < 0x80) quoted += character;
    else for (const byte of utf8(code)) quoted += `\\x${hex(byte, 2)}`;
  }
  return `${quoted}"`;
}
