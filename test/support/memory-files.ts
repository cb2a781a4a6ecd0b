import type { AppendFiles } from '../../src/runtime/ports.ts';

/** Files in memory, which outlive the actors that write them, as those on a disk do. */
export class MemoryFiles implements AppendFiles {
  readonly #files = new Map<number, Uint8Array>();
  /** Thrown by the next appends instead of writing. */
  failure: Error | null = null;

  numbers(): readonly number[] {
    return [...this.#files.keys()].sort((a, b) => a - b);
  }

  read(number: number): Uint8Array {
    return this.#files.get(number)?.slice() ?? new Uint8Array();
  }

  append(number: number, bytes: Uint8Array): void {
    if (this.failure !== null) throw this.failure;
    this.replace(number, Buffer.concat([this.read(number), bytes]));
  }

  /** What damage does. */
  replace(number: number, bytes: Uint8Array): void {
    this.#files.set(number, new Uint8Array(bytes));
  }

  remove(number: number): void {
    this.#files.delete(number);
  }

  close(): void {}
}
