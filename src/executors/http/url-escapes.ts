import { quoteAsGo } from '../../core/schedule/go-text.ts';

/**
 * Percent-encoding by the rules of Go's net/url. All strings here hold one byte of UTF-8 per character, since escapes
 * stand for bytes.
 */
export type UrlPart = 'path' | 'user' | 'host' | 'zone' | 'fragment';

/** What is wrong with a URL, without the URL. */
export class UrlError extends Error {
  override readonly name = 'UrlError';
}

/** Characters that a part holds unescaped. */
const plain: Readonly<Record<UrlPart, RegExp>> = {
  path: /[A-Za-z0-9\-_.~$&+,/:;=@]/,
  user: /[A-Za-z0-9\-_.~$&+,;=]/,
  host: /[A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"]/,
  zone: /[A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"]/,
  fragment: /[A-Za-z0-9\-_.~$&+,/:;=?@!()*]/,
};
/** Sub-delimiters and brackets: Go leaves them as they were written, and escapes none by itself. */
const tolerated = /[!$&'()*+,;=:@[\]%]/;
const escapeSequence = /^%[0-9A-Fa-f]{2}/;

export function escapePart(bytes: string, part: UrlPart): string {
  let escaped = '';
  for (const byte of bytes) escaped += plain[part].test(byte) ? byte : percentOf(byte);
  return escaped;
}

export function unescapePart(bytes: string, part: UrlPart): string {
  let unescaped = '';
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? '';
    if (byte !== '%') {
      checkPlain(byte, part);
      unescaped += byte;
      continue;
    }
    const sequence = bytes.slice(at, at + 3);
    checkEscape(sequence, part);
    unescaped += String.fromCharCode(Number.parseInt(sequence.slice(1), 16));
    at += 2;
  }
  return unescaped;
}

/** A path is kept as it was written if that is valid, and encoded anew if not. */
export const encodedPath = (bytes: string): string => encoded(bytes, 'path');
export const encodedFragment = (bytes: string): string => encoded(bytes, 'fragment');

function encoded(bytes: string, part: UrlPart): string {
  const unescaped = unescapePart(bytes, part);
  for (const byte of bytes) {
    if (!tolerated.test(byte) && !plain[part].test(byte)) return escapePart(unescaped, part);
  }
  return bytes;
}

function checkPlain(byte: string, part: UrlPart): void {
  if ((part === 'host' || part === 'zone') && byte < '\x80' && !plain[part].test(byte)) {
    throw new UrlError(`invalid character ${quoteAsGo(byte)} in host name`);
  }
}

/** A host has escapes for bytes beyond ASCII only (RFC 3986), and for the percent sign of a zone (RFC 6874). */
function checkEscape(sequence: string, part: UrlPart): void {
  const fine = escapeSequence.test(sequence) && (sequence === '%25' || isAllowed(sequence, part));
  if (!fine) throw new UrlError(`invalid URL escape ${quoteAsGo(sequence)}`);
}

function isAllowed(sequence: string, part: UrlPart): boolean {
  const byte = String.fromCharCode(Number.parseInt(sequence.slice(1), 16));
  if (part === 'host') return byte >= '\x80';
  if (part === 'zone') return byte === ' ' || plain.host.test(byte);
  return true;
}

const percentOf = (byte: string): string => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
