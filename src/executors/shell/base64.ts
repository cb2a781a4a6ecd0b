const paddingCode = '='.charCodeAt(0);
const isNewline = (code: number | undefined): boolean => code === 10 || code === 13;

const digitCodes = new Set(Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'));

export type Base64 = { readonly ok: true; readonly bytes: Uint8Array } | { readonly ok: false; readonly error: string };

/** Standard base64 with padding, line ends skipped, refused where Go refuses it, with Go's text. */
export function decodeBase64(text: string): Base64 {
  const input = Buffer.from(text);
  const offset = offsetOfError(input);
  if (offset !== null) return { ok: false, error: `illegal base64 data at input byte ${offset}` };
  return { ok: true, bytes: Buffer.from(text, 'base64') };
}

/** Go decodes groups of four characters; where it stumbles is part of its text. Null: well-formed. */
function offsetOfError(input: Uint8Array): number | null {
  let inGroup = 0;
  for (let at = 0; at < input.length; at += 1) {
    const code = input[at];
    if (code === undefined || isNewline(code)) continue;
    if (digitCodes.has(code)) inGroup = (inGroup + 1) % 4;
    else return code === paddingCode ? offsetOfPaddingError(input, at, inGroup) : at;
  }
  return inGroup === 0 ? null : input.length - inGroup;
}

/** `at`: the first padding character, after `inGroup` characters of its group. Nothing may follow the padding. */
function offsetOfPaddingError(input: Uint8Array, at: number, inGroup: number): number | null {
  if (inGroup < 2) return at;
  let next = at + 1;
  if (inGroup === 2) {
    while (isNewline(input[next])) next += 1;
    if (next === input.length) return next;
    if (input[next] !== paddingCode) return next - 1;
    next += 1;
  }
  while (isNewline(input[next])) next += 1;
  return next < input.length ? next : null;
}
