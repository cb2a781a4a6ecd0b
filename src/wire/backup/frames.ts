import { limits } from '../../core/limits.ts';
import { crc32c } from '../crc32c.ts';
import { FieldReader } from '../fields.ts';
import { decodePlain, encodePlain, type Plain } from '../msgpack.ts';

/*
 * The file of a backup (docs/api/backup.md): a line of text, then frames:
 *   length of what follows u32, big-endian · kind u8 · MessagePack tuple
 * The last frame holds how many frames were before it, and the checksum (CRC-32C) of all bytes before it.
 */
const FORMAT_LINE = new TextEncoder().encode('carillon-backup 1\n');
const HEAD_BYTES = 5;

/** Append-only; a retired code stays reserved. */
export const frameKinds = { header: 1, job: 2, execution: 3, note: 4, end: 255 } as const;

/** A file is not a whole backup of ours; the message says why. */
export class BackupInvalid extends Error {
  override readonly name = 'BackupInvalid';
}

export interface Frame {
  readonly kind: number;
  /** The tuple's bytes: a view. */
  readonly body: Uint8Array;
}

/** By its first bytes: whether a file claims to be a backup of ours. */
export const isBackup = (start: Uint8Array): boolean => startsWith(start, FORMAT_LINE.subarray(0, -2));

/** Writes a backup piece by piece. */
export class FrameWriter {
  #checksum = 0;
  #frames = 0;

  begin(): Uint8Array {
    return this.#sum(FORMAT_LINE);
  }

  frame(kind: number, fields: readonly Plain[]): Uint8Array {
    return this.copy({ kind, body: encodePlain(fields) });
  }

  /** A frame of another backup. */
  copy({ kind, body }: Frame): Uint8Array {
    this.#frames += 1;
    return this.#sum(frameBytes(kind, body));
  }

  end(): Uint8Array {
    return frameBytes(frameKinds.end, encodePlain([this.#frames, this.#checksum]));
  }

  #sum(bytes: Uint8Array): Uint8Array {
    this.#checksum = crc32c(bytes, this.#checksum);
    return bytes;
  }
}

function frameBytes(kind: number, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEAD_BYTES + body.length);
  new DataView(bytes.buffer).setUint32(0, body.length + 1);
  bytes[4] = kind;
  bytes.set(body, HEAD_BYTES);
  return bytes;
}

/** Reads a backup in pieces of any size. What it gives is only to be acted on once `finish` has found the file whole. */
export class FrameParser {
  /** Came and is not read yet. */
  #rest: Uint8Array = new Uint8Array(0);
  #checksum = 0;
  #frames = 0;
  #hasBegun = false;
  #hasEnded = false;

  /** The frames that are whole now, but for the last one, which is checked here. Throws `BackupInvalid`. */
  *push(piece: Uint8Array): Generator<Frame> {
    this.#rest = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    if (!this.#hasBegun) this.#begin();
    for (let frame = this.#next(); frame !== null; frame = this.#next()) {
      if (frame.kind === frameKinds.end) this.#end(frame.body);
      else yield frame;
    }
  }

  /** Throws `BackupInvalid` unless the whole file came, and is as it was written. */
  finish(): void {
    if (!this.#hasEnded) throw new BackupInvalid('the backup is cut off: its end is missing');
  }

  #begin(): void {
    if (this.#rest.length < FORMAT_LINE.length) return;
    if (!startsWith(this.#rest, FORMAT_LINE)) {
      const isOurs = isBackup(this.#rest);
      throw new BackupInvalid(isOurs ? 'the backup has a format of a later version' : 'the file is not a backup');
    }
    this.#hasBegun = true;
    this.#take(FORMAT_LINE.length);
  }

  #next(): Frame | null {
    if (!this.#hasBegun || this.#rest.length === 0) return null;
    if (this.#hasEnded) throw new BackupInvalid('the backup is damaged: something follows its end');
    if (this.#rest.length < HEAD_BYTES) return null;
    const view = new DataView(this.#rest.buffer, this.#rest.byteOffset, this.#rest.byteLength);
    const length = view.getUint32(0);
    if (length < 1 || length > limits.backupFrameBytes) {
      throw new BackupInvalid(`the backup is damaged: a frame of ${length} bytes`);
    }
    const total = HEAD_BYTES - 1 + length;
    if (this.#rest.length < total) return null;
    const kind = view.getUint8(4);
    const body = this.#rest.subarray(HEAD_BYTES, total);
    if (kind === frameKinds.end) {
      this.#rest = this.#rest.subarray(total);
    } else {
      this.#frames += 1;
      this.#take(total);
    }
    return { kind, body };
  }

  #take(bytes: number): void {
    this.#checksum = crc32c(this.#rest.subarray(0, bytes), this.#checksum);
    this.#rest = this.#rest.subarray(bytes);
  }

  #end(body: Uint8Array): void {
    const reader = fieldsOf({ kind: frameKinds.end, body });
    if (reader.number() !== this.#frames || reader.number() !== this.#checksum) {
      throw new BackupInvalid('the backup is damaged: its checksum is wrong');
    }
    this.#hasEnded = true;
  }
}

/** Throws `DecodeError`. */
export const fieldsOf = ({ kind, body }: Frame): FieldReader => new FieldReader(decodePlain(body), `frame ${kind}`);

function startsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  return bytes.length >= start.length && start.every((byte, at) => bytes[at] === byte);
}
