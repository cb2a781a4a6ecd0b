import {
  closeSync,
  existsSync,
  fdatasync,
  fdatasyncSync,
  fsyncSync,
  openSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { crc32c } from '../wire/crc32c.ts';

/** Keeps the pages of one snapshot from being written over, until it is released. */
export interface Pin {
  release(): void;
}

interface Slot {
  readonly sequence: number;
  readonly bootId: string;
  /** The first two pages of the data file: LMDB's two meta pages. */
  readonly metas: Uint8Array;
}

const MAGIC = 0x43_41_4e_31;
const HEADER_BYTES = 64;
const BOOT_ID_AT = 20;
const BOOT_ID_BYTES = HEADER_BYTES - BOOT_ID_AT;
/** Two meta pages of the largest size that LMDB knows, and the header. */
const SLOT_BYTES = 256 << 10;
const LARGEST_METAS_BYTES = 128 << 10;

const dataPath = (path: string): string => join(path, 'data.mdb');
const anchorPath = (path: string): string => join(path, 'anchor');
const distrustPath = (path: string): string => join(path, 'distrusted');

/**
 * The last snapshot of an LMDB environment (opened without syncs) that is on the disk for certain (decision 0008).
 *
 * LMDB never writes over the pages of a snapshot that a reader holds, and a snapshot is found by its meta page alone. So
 * an anchor holds a snapshot, flushes the data, and then writes the meta pages into a file of its own, in one of two
 * slots with checksums. After a crash of the machine, when nobody knows which of the later pages were written, that
 * meta page is put back. What a process leaves behind when it is killed is whole: the page cache outlives it.
 */
export class Anchor {
  readonly #path: string;
  readonly #bootId: string;
  readonly #pageBytes: number;
  readonly #hold: () => Pin;
  readonly #dataFd: number;
  readonly #anchorFd: number;
  #sequence: number;
  #pin: Pin | null = null;

  /** Flushes what the environment holds: nothing may be written to it before. `hold`: keeps its latest snapshot. */
  constructor(path: string, bootId: string, pageBytes: number, hold: () => Pin) {
    this.#path = path;
    this.#bootId = bootId;
    this.#pageBytes = pageBytes;
    this.#hold = hold;
    this.#sequence = latestSlot(path)?.sequence ?? 0;
    this.#dataFd = openSync(dataPath(path), 'r+');
    const isNew = !existsSync(anchorPath(path));
    this.#anchorFd = openSync(anchorPath(path), isNew ? 'w+' : 'r+', 0o640);
    const pin = this.#hold();
    const metas = this.#readMetas();
    fdatasyncSync(this.#dataFd);
    // A slot that was written and not flushed when its process died: the other one is written over only now.
    fdatasyncSync(this.#anchorFd);
    this.#writeSlot(metas);
    // Both slots have their place on the disk from the beginning: a full one can't stop an anchor from moving.
    if (isNew) this.#writeSlot(metas);
    fdatasyncSync(this.#anchorFd);
    syncDirectory(path);
    rmSync(distrustPath(path), { force: true });
    this.#moved(pin);
  }

  /** Makes durable what is committed now. One at a time; `done` comes in a later turn. */
  move(done: (error: Error | null) => void): void {
    // In this order: what the meta pages show is the held snapshot, or a later one, whose pages are then kept as well.
    const pin = this.#hold();
    const metas = this.#readMetas();
    const failed = (error: Error): void => {
      pin.release();
      this.#distrust();
      done(error);
    };
    fdatasync(this.#dataFd, (error) => {
      const slotError = error ?? attempt(() => this.#writeSlot(metas));
      if (slotError !== null) {
        failed(slotError);
        return;
      }
      fdatasync(this.#anchorFd, (flushError) => {
        if (flushError !== null) {
          failed(flushError);
          return;
        }
        this.#moved(pin);
        done(null);
      });
    });
  }

  close(): void {
    this.#pin?.release();
    closeSync(this.#dataFd);
    closeSync(this.#anchorFd);
  }

  /** The anchor before is not needed any more: this one is on the disk. */
  #moved(pin: Pin): void {
    this.#pin?.release();
    this.#pin = pin;
  }

  #readMetas(): Uint8Array {
    const metas = new Uint8Array(2 * this.#pageBytes);
    readSync(this.#dataFd, metas, 0, metas.length, 0);
    return metas;
  }

  #writeSlot(metas: Uint8Array): void {
    this.#sequence += 1;
    const bytes = encodeSlot({ sequence: this.#sequence, bootId: this.#bootId, metas });
    writeSync(this.#anchorFd, bytes, 0, bytes.length, (this.#sequence % 2) * SLOT_BYTES);
  }

  /** After a failed flush the page cache shows what the disk may not have: the next life goes back to the anchor. */
  #distrust(): void {
    try {
      writeFileSync(distrustPath(this.#path), '');
    } catch {
      // The disk takes nothing any more; the node stops for the failed flush.
    }
  }
}

/**
 * Before anything opens the environment: puts it back to its anchor if the machine has been started anew since, or if a
 * flush had failed. Without an anchor it was written by commits that were flushed each.
 */
export function backToAnchor(path: string, bootId: string): void {
  const slot = latestSlot(path);
  if (slot === null || !existsSync(dataPath(path))) return;
  const isSameBoot = bootId !== '' && slot.bootId === bootId;
  if (isSameBoot && !existsSync(distrustPath(path))) return;
  const fd = openSync(dataPath(path), 'r+');
  try {
    writeSync(fd, slot.metas, 0, slot.metas.length, 0);
    fdatasyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** The later one of the two that is whole. */
function latestSlot(path: string): Slot | null {
  if (!existsSync(anchorPath(path))) return null;
  const fd = openSync(anchorPath(path), 'r');
  try {
    const slots = [0, 1].map((at) => {
      const bytes = new Uint8Array(HEADER_BYTES + LARGEST_METAS_BYTES);
      const read = readSync(fd, bytes, 0, bytes.length, at * SLOT_BYTES);
      return decodeSlot(bytes.subarray(0, read));
    });
    return slots.reduce((best, slot) => (best !== null && best.sequence > (slot?.sequence ?? 0) ? best : slot), null);
  } finally {
    closeSync(fd);
  }
}

/** Magic, checksum of all that follows, sequence, length of the meta pages, boot id; then the meta pages. */
function encodeSlot({ sequence, bootId, metas }: Slot): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + metas.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC);
  view.setFloat64(8, sequence);
  view.setUint32(16, metas.length);
  new TextEncoder().encodeInto(bootId, bytes.subarray(BOOT_ID_AT, BOOT_ID_AT + BOOT_ID_BYTES));
  bytes.set(metas, HEADER_BYTES);
  view.setUint32(4, crc32c(bytes.subarray(8)));
  return bytes;
}

/** Null: not a whole slot. */
function decodeSlot(bytes: Uint8Array): Slot | null {
  if (bytes.length < HEADER_BYTES) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = HEADER_BYTES + view.getUint32(16);
  if (view.getUint32(0) !== MAGIC || end > bytes.length) return null;
  if (view.getUint32(4) !== crc32c(bytes.subarray(8, end))) return null;
  const bootId = new TextDecoder().decode(bytes.subarray(BOOT_ID_AT, BOOT_ID_AT + BOOT_ID_BYTES)).replace(/\0+$/, '');
  return { sequence: view.getFloat64(8), bootId, metas: bytes.slice(HEADER_BYTES, end) };
}

function attempt(action: () => void): Error | null {
  try {
    action();
    return null;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function syncDirectory(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
