import { type FileHandle, open } from 'node:fs/promises';
import { type Frame, FrameParser, FrameWriter, isBackup } from '../../wire/backup/frames.ts';
import { type BackupHeader, decodeFrame } from '../../wire/backup/records.ts';
import { CliError } from '../types.ts';

/** Read in one go. */
const CHUNK_BYTES = 1 << 20;
/** Sent in one request, about: the server reads and imports as much in some tens of milliseconds. */
const PORTION_BYTES = 2 << 20;

/** Of a backup's file, or of a list of jobs. */
export interface RestoreFile {
  readonly isBackup: boolean;
  readonly bytes: number;
}

/** Throws a `CliError`. */
export async function lookAt(path: string): Promise<RestoreFile> {
  return await reading(path, async (file) => {
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(64), position: 0 });
    return { isBackup: isBackup(buffer.subarray(0, bytesRead)), bytes: (await file.stat()).size };
  });
}

/** Throws `BackupInvalid` unless it is a whole backup, and `CliError` when it can't be read. */
export async function readHeader(path: string): Promise<BackupHeader> {
  let header: BackupHeader | null = null;
  for await (const frame of framesOf(path)) {
    if (header !== null) continue;
    const first = decodeFrame(frame);
    if (first.type === 'header') header = first;
    else break;
  }
  if (header === null) throw new CliError(`${path}: the backup has no header`);
  return header;
}

export interface Portion {
  /** A small backup of its own. */
  readonly bytes: Uint8Array;
  /** Jobs that begin in it. */
  readonly jobs: number;
}

/** The backup in portions, in order. Sent one after the other they restore what the file would as a whole. */
export async function* portionsOf(path: string, isJob: (frame: Frame) => boolean): AsyncGenerator<Portion> {
  let header: Frame | null = null;
  let portion = new PortionWriter(null);
  for await (const frame of framesOf(path)) {
    if (header === null) {
      header = { kind: frame.kind, body: frame.body.slice() };
      portion = new PortionWriter(header);
      continue;
    }
    portion.add(frame, isJob(frame));
    if (portion.bytes < PORTION_BYTES) continue;
    yield portion.end();
    portion = new PortionWriter(header);
  }
  yield portion.end();
}

class PortionWriter {
  readonly #writer = new FrameWriter();
  readonly #pieces: Uint8Array[] = [this.#writer.begin()];
  #jobs = 0;
  bytes = 0;

  constructor(header: Frame | null) {
    if (header !== null) this.#pieces.push(this.#writer.copy(header));
  }

  add(frame: Frame, isJob: boolean): void {
    const piece = this.#writer.copy(frame);
    this.#pieces.push(piece);
    this.bytes += piece.length;
    if (isJob) this.#jobs += 1;
  }

  end(): Portion {
    return { bytes: Buffer.concat([...this.#pieces, this.#writer.end()]), jobs: this.#jobs };
  }
}

/** All frames; throws `BackupInvalid`, at the latest at the end. */
async function* framesOf(path: string): AsyncGenerator<Frame> {
  const parser = new FrameParser();
  const file = await opened(path);
  try {
    for (;;) {
      const { buffer, bytesRead } = await file.read({ buffer: Buffer.allocUnsafe(CHUNK_BYTES) });
      if (bytesRead === 0) break;
      yield* parser.push(buffer.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
  parser.finish();
}

async function reading<Result>(path: string, read: (file: FileHandle) => Promise<Result>): Promise<Result> {
  const file = await opened(path);
  try {
    return await read(file);
  } catch (error) {
    throw unreadable(path, error);
  } finally {
    await file.close();
  }
}

async function opened(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (error) {
    throw unreadable(path, error);
  }
}

const unreadable = (path: string, error: unknown): CliError =>
  new CliError(`${path} can't be read (${error instanceof Error ? error.message : String(error)})`);
