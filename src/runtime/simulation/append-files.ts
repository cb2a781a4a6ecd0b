import { assert } from '../../core/assert.ts';
import { type AppendFiles, StoreFull } from '../ports.ts';

/** Room and health of the disk that the files are on. */
export interface FilesDisk {
  readonly capacityBytes: number | null;
  readonly usedBytes: number;
  readonly flushError: Error | null;
}

/** Files of a simulated node. What is appended survives every end of its process. */
export class SimulatedFiles {
  readonly #files = new Map<number, Uint8Array>();

  get bytes(): number {
    let bytes = 0;
    for (const content of this.#files.values()) bytes += content.length;
    return bytes;
  }

  /** One opening, by one life of an actor. */
  open(disk: FilesDisk): AppendFiles {
    const files = this.#files;
    let isOpen = true;
    const append = (number: number, added: Uint8Array): void => {
      assert(isOpen, 'the files are open');
      const { capacityBytes, usedBytes, flushError } = disk;
      if (flushError !== null) throw flushError;
      if (capacityBytes !== null && usedBytes + added.length > capacityBytes) {
        throw new StoreFull(`${capacityBytes} bytes are full`);
      }
      const before = files.get(number) ?? new Uint8Array();
      const after = new Uint8Array(before.length + added.length);
      after.set(before);
      after.set(added, before.length);
      files.set(number, after);
    };
    return {
      numbers: () => [...files.keys()].sort((a, b) => a - b),
      read: (number) => files.get(number)?.slice() ?? new Uint8Array(),
      append,
      remove: (number) => {
        assert(isOpen, 'the files are open');
        files.delete(number);
      },
      close: () => {
        isOpen = false;
      },
    };
  }
}
