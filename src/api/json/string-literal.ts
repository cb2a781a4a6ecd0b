import { isUtf8 } from 'node:buffer';

const REPLACEMENT = '\ufffd';
const shortEscapes: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };
const escapes = /\\(?:u([0-9a-fA-F]{4})(?:\\u([0-9a-fA-F]{4}))?|([^u]))/g;

/**
 * The text of a JSON string, quotes included in `literal`, as Go's encoding/json decodes it: a lone surrogate becomes
 * U+FFFD, as did each byte that is not UTF-8 (`decodeUtf8`). The result holds no lone surrogate.
 */
export function decodeStringLiteral(literal: string): string {
  const inner = literal.slice(1, -1);
  return inner.includes('\\') ? replaceEscapes(inner) : inner;
}

function replaceEscapes(text: string): string {
  let result = '';
  let from = 0;
  escapes.lastIndex = 0;
  for (let match = escapes.exec(text); match !== null; match = escapes.exec(text)) {
    result += text.slice(from, match.index);
    const [, first, second, short = ''] = match;
    if (first === undefined) {
      result += shortEscapes[short] ?? short;
    } else {
      const pair = second === undefined ? null : surrogatePair(first, second);
      result += pair ?? codeUnit(first);
      // An escape that isn't the low half of a pair stands for itself: it is read again as the next one.
      if (pair === null && second !== undefined) escapes.lastIndex -= 6;
    }
    from = escapes.lastIndex;
  }
  return result + text.slice(from);
}

function surrogatePair(first: string, second: string): string | null {
  const high = Number.parseInt(first, 16);
  const low = Number.parseInt(second, 16);
  const isPair = high >= 0xd800 && high <= 0xdbff && low >= 0xdc00 && low <= 0xdfff;
  return isPair ? String.fromCharCode(high, low) : null;
}

function codeUnit(hex: string): string {
  const unit = Number.parseInt(hex, 16);
  return unit >= 0xd800 && unit <= 0xdfff ? REPLACEMENT : String.fromCharCode(unit);
}

/** Go replaces byte by byte what is not UTF-8; JavaScript's decoders replace longest broken prefixes. */
export function decodeUtf8(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (isUtf8(buffer)) return buffer.toString('utf8');
  let text = '';
  let from = 0;
  for (let at = 0; at < buffer.length; ) {
    const length = sequenceLength(buffer, at);
    if (length === 0) {
      text += buffer.toString('utf8', from, at) + REPLACEMENT;
      from = at + 1;
    }
    at += Math.max(length, 1);
  }
  return text + buffer.toString('utf8', from);
}

/** Bytes of the UTF-8 sequence at `at`; 0: there is none. */
export function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return 1;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || at + length > bytes.length) return 0;
  const second = bytes[at + 1] ?? 0;
  const least = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const most = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  if (second < least || second > most) return 0;
  for (let index = 2; index < length; index += 1) {
    const byte = bytes[at + index] ?? 0;
    if (byte < 0x80 || byte > 0xbf) return 0;
  }
  return length;
}
