import { spawnSync } from 'node:child_process';
import { constants, mkdirSync, mkdtempSync, openSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert } from '../../core/assert.ts';

/** Made by one call of `mkfifo`, which costs a process. */
const BATCH = 32;

/**
 * Pipes for the output of jobs. Node itself gives children sockets, which can't be opened again: a job that
 * writes to /dev/stderr would fail. A pipe is lent to one job after another; between them nobody has it open.
 */
export class NamedPipes {
  readonly #directory: string;
  readonly #free: string[] = [];
  #made = 0;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /**
   * `directory`: a place that is this process's alone, where what an earlier life left is removed; null: the system's
   * for temporary files, which also serves when the other one can hold no pipes. The answer is null when neither can.
   */
  static open(directory: string | null): NamedPipes | null {
    if (process.platform === 'win32') return null;
    const own = directory === null ? null : NamedPipes.#openIn(directory, () => makeEmpty(directory));
    return own ?? NamedPipes.#openIn(tmpdir(), () => undefined);
  }

  static #openIn(parent: string, prepare: () => void): NamedPipes | null {
    try {
      prepare();
      // A name that no earlier life had: one of its jobs may still be about to open its pipe.
      const pipes = new NamedPipes(mkdtempSync(join(parent, 'carillon-pipes-')));
      if (pipes.#make()) return pipes;
      pipes.close();
    } catch {
      // No place for files: jobs get Node's sockets.
    }
    return null;
  }

  /** A path of a pipe that nobody has open; null: no more could be made. */
  borrow(): string | null {
    return this.#free.length > 0 || this.#make() ? (this.#free.pop() ?? null) : null;
  }

  /** Nobody has the pipe open any more. */
  giveBack(path: string): void {
    assert(!this.#free.includes(path), 'a pipe is given back once');
    this.#free.push(path);
  }

  /** Someone keeps the pipe open for ever: it is lent no more. */
  forget(path: string): void {
    rmSync(path, { force: true });
  }

  /** A shell that opens its pipe at this moment makes a file of that name: what it leaves, the next life removes. */
  close(): void {
    try {
      rmSync(this.#directory, { recursive: true, force: true, maxRetries: 3, retryDelay: 10 });
    } catch {
      // Nothing but empty files can be left.
    }
  }

  #make(): boolean {
    const paths = Array.from({ length: BATCH }, (_, index) => join(this.#directory, String(this.#made + index)));
    this.#made += BATCH;
    const { status } = spawnSync('mkfifo', ['-m', '600', ...paths], { stdio: 'ignore', windowsHide: true });
    if (status !== 0) return false;
    this.#free.push(...paths.reverse());
    return true;
  }
}

function makeEmpty(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(directory)) {
    if (name.startsWith('carillon-pipes-')) rmSync(join(directory, name), { recursive: true, force: true });
  }
}

/** Reading end that never blocks, also while nobody writes. */
export const openForReading = (path: string): number => openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);

/** Writing end for a child: it blocks when the pipe is full, as programs expect. Needs a reader. */
export const openForChildToWrite = (path: string): number => openSync(path, constants.O_WRONLY);
