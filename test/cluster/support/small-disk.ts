import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A file system in memory of a given size. Needs the right to mount. */
export class SmallDisk {
  readonly directory: string;
  readonly #filler: string;

  private constructor(directory: string) {
    this.directory = directory;
    this.#filler = path.join(directory, 'filler');
  }

  /** Says why not, when this process may not mount. */
  static mount(sizeBytes: number): SmallDisk | string {
    if (process.platform !== 'linux') return 'mounts a tmpfs: on Linux only';
    const directory = mkdtempSync(path.join(tmpdir(), 'carillon-disk-'));
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'carillon-test', directory], { stdio: 'pipe' });
      return new SmallDisk(directory);
    } catch (error) {
      rmdirSync(directory);
      return `this process may not mount a tmpfs: ${error instanceof Error ? error.message.trim() : error}`;
    }
  }

  get freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.directory);
    return bavail * bsize;
  }

  /** Somebody else takes the space, all but `leftBytes`. */
  fill(leftBytes: number): void {
    const file = openSync(this.#filler, 'a');
    try {
      const piece = Buffer.alloc(64 << 10);
      while (this.freeBytes > leftBytes) writeSync(file, piece, 0, Math.min(piece.length, this.freeBytes - leftBytes));
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
    } finally {
      closeSync(file);
    }
  }

  empty(): void {
    rmSync(this.#filler, { force: true });
  }

  unmount(): void {
    try {
      execFileSync('umount', [this.directory], { stdio: 'pipe' });
    } catch {
      // Something still has a file open there: it goes as soon as that ends.
      execFileSync('umount', ['--lazy', this.directory], { stdio: 'pipe' });
    }
    rmdirSync(this.directory);
  }
}
