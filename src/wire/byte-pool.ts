/**
 * Pieces of larger buffers, for keys and values on their way into a store: a buffer of its own for each, and its end,
 * cost more than what is written (docs/decisions/0010). Never sent in a message, which would carry the whole buffer;
 * who keeps a piece keeps all of its buffer.
 */
const POOL_BYTES = 1 << 16;
/** What is longer gets a buffer of its own. */
const LONGEST_PIECE_BYTES = POOL_BYTES / 8;

const encoder = new TextEncoder();
let pool = new Uint8Array(POOL_BYTES);
let used = 0;

/** Room for so many bytes: what is in it is of no meaning. */
function makeRoom(bytes: number): void {
  if (used + bytes <= POOL_BYTES) return;
  pool = new Uint8Array(POOL_BYTES);
  used = 0;
}

/** A copy of `bytes`. */
export function pooledBytes(bytes: Uint8Array): Uint8Array {
  const { length } = bytes;
  if (length > LONGEST_PIECE_BYTES) return bytes.slice();
  makeRoom(length);
  const piece = pool.subarray(used, used + length);
  piece.set(bytes);
  used += length;
  return piece;
}

/** One byte, then a text in UTF-8. */
export function pooledText(first: number, text: string): Uint8Array {
  const most = 1 + text.length * 3;
  if (most > LONGEST_PIECE_BYTES) {
    const bytes = encoder.encode(`\0${text}`);
    bytes[0] = first;
    return bytes;
  }
  makeRoom(most);
  pool[used] = first;
  let end = used + 1;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code > 0x7f) {
      end = used + 1 + encoder.encodeInto(text, pool.subarray(used + 1)).written;
      break;
    }
    pool[end] = code;
    end += 1;
  }
  const piece = pool.subarray(used, end);
  used = end;
  return piece;
}
