import type { StoreWrite } from '../runtime/ports.ts';
import { crc32c } from './crc32c.ts';
import { FieldReader } from './fields.ts';
import { DecodeError, decodePlain, encodePlain } from './msgpack.ts';

/*
 * What a file of changes ahead of the journal's store holds: frames, one after another.
 *   length of the body u32 · checksum of the body (CRC-32C) u32, both big-endian · body
 * A body is a MessagePack array of changes, each [key, value], or [key, null] for a key that is gone.
 */
const HEAD_BYTES = 8;

export function journalFrame(writes: readonly StoreWrite[]): Uint8Array {
  const body = encodePlain(writes.map(({ key, value }) => [key, value]));
  const frame = new Uint8Array(HEAD_BYTES + body.length);
  const head = new DataView(frame.buffer);
  head.setUint32(0, body.length);
  head.setUint32(4, crc32c(body));
  frame.set(body, HEAD_BYTES);
  return frame;
}

export interface JournalFrames {
  readonly writes: readonly StoreWrite[];
  /** `cut`: the last frame is not there in full; `damaged`: a frame is, but not what was written. Both end the reading. */
  readonly end: 'whole' | 'cut' | 'damaged';
}

/** Raises `DecodeError` for a frame whose checksum is right and whose body can't be read. */
export function readJournalFrames(bytes: Uint8Array): JournalFrames {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const writes: StoreWrite[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (bytes.length - at < HEAD_BYTES) return { writes, end: 'cut' };
    const bodyAt = at + HEAD_BYTES;
    const length = view.getUint32(at);
    if (bytes.length - bodyAt < length) return { writes, end: 'cut' };
    const body = bytes.subarray(bodyAt, bodyAt + length);
    if (crc32c(body) !== view.getUint32(at + 4)) return { writes, end: 'damaged' };
    writes.push(...readBody(body));
    at = bodyAt + length;
  }
  return { writes, end: 'whole' };
}

function readBody(body: Uint8Array): StoreWrite[] {
  const changes = decodePlain(body);
  if (!Array.isArray(changes)) throw new DecodeError('a frame of the journal holds no list of changes');
  return changes.map((change: unknown) => {
    const fields = new FieldReader(change, 'change of the journal');
    return { key: fields.bytes(), value: fields.nullable((field) => field.bytes()) };
  });
}
