import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { assert } from '../core/assert.ts';
import { type AppendFiles, StoreFull } from '../runtime/ports.ts';

const namePattern = /^ahead-([0-9]{1,15})$/;
const noSpaceCodes: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT']);

/** Files `ahead-N` of a directory, which is made when it is missing. Nobody else may write to them. */
export function openAppendFiles(directory: string): AppendFiles {
  mkdirSync(directory, { recursive: true });
  return new DirectoryFiles(directory);
}

interface CurrentFile {
  readonly number: number;
  readonly descriptor: number;
  bytes: number;
}

class DirectoryFiles implements AppendFiles {
  readonly #directory: string;
  /** The file that was appended to last. */
  #current: CurrentFile | null = null;
  #open = true;

  constructor(directory: string) {
    this.#directory = directory;
  }

  numbers(): readonly number[] {
    const numbers = readdirSync(this.#directory).map((name) => Number(namePattern.exec(name)?.[1] ?? Number.NaN));
    return numbers.filter((number) => !Number.isNaN(number)).sort((a, b) => a - b);
  }

  read(number: number): Uint8Array {
    return readFileSync(this.#path(number));
  }

  append(number: number, bytes: Uint8Array): void {
    assert(this.#open, 'the files are open');
    const file = this.#currentFile(number);
    let written = 0;
    try {
      // A disk that fills up takes a part first, and says so with the next.
      while (written < bytes.length) written += writeSync(file.descriptor, bytes, written);
    } catch (error) {
      if (written > 0) ftruncateSync(file.descriptor, file.bytes);
      if (!isNoSpace(error)) throw error;
      throw new StoreFull('the disk is full', { cause: error });
    }
    file.bytes += bytes.length;
  }

  remove(number: number): void {
    if (this.#current?.number === number) this.#leaveCurrent();
    rmSync(this.#path(number), { force: true });
  }

  close(): void {
    this.#leaveCurrent();
    this.#open = false;
  }

  #currentFile(number: number): CurrentFile {
    if (this.#current?.number === number) return this.#current;
    this.#leaveCurrent();
    const path = this.#path(number);
    try {
      const descriptor = openSync(path, 'a', 0o600);
      const file = { number, descriptor, bytes: fstatSync(descriptor).size };
      this.#current = file;
      return file;
    } catch (error) {
      throw isNoSpace(error) ? new StoreFull('the disk is full', { cause: error }) : error;
    }
  }

  #leaveCurrent(): void {
    if (this.#current !== null) closeSync(this.#current.descriptor);
    this.#current = null;
  }

  #path(number: number): string {
    return join(this.#directory, `ahead-${number}`);
  }
}

const isNoSpace = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && noSpaceCodes.has(error.code);
