import type { JournalContents, JournalWrite } from '../../../src/core/dispatch/worker-types.ts';
import type { AppendFiles, Store, StoreWrite } from '../../../src/runtime/ports.ts';
import { journalWrite, readJournal } from '../../../src/wire/journal-codec.ts';
import { journalFrame, readJournalFrames } from '../../../src/wire/journal-frames.ts';
import { DecodeError } from '../../../src/wire/msgpack.ts';

/** The newest change of each key, by the key's bytes as Latin-1. */
type Changes = Map<string, StoreWrite>;

/**
 * The journal of the executions of this node: a store, and files with the changes ahead of it (docs/decisions/0011). A change
 * is in the kernel's hands when `append` returns, so that it survives the process; the store, which survives the machine,
 * gets what is left of the changes at each checkpoint: most executions are forgotten by then.
 */
export class Journal {
  readonly #store: Store;
  readonly #files: AppendFiles;
  /** Keys that the store holds. */
  readonly #stored = new Set<string>();
  /** Not in the store yet. */
  #ahead: Changes = new Map();
  /** On their way into the store. */
  #underWay: Changes | null = null;
  #file: number;
  #fileBytes = 0;

  constructor(store: Store, files: AppendFiles) {
    this.#store = store;
    this.#files = files;
    this.#file = (files.numbers().at(-1) ?? 0) + 1;
  }

  /**
   * What earlier lives left; call it once, first. A file that ends in the middle of a change was left by a process that
   * died with the machine, or before it began what the change announces: that change never was. Raises `DecodeError` for
   * damage within one boot of the machine; a machine that died may have kept any part of the files.
   */
  read(bootId: string): JournalContents {
    const records = new Map<string, readonly [Uint8Array, Uint8Array]>();
    this.#store.range({ from: null, to: null }, (key, value) => {
      records.set(textOf(key), [key, value]);
      this.#stored.add(textOf(key));
      return true;
    });
    const isSameBoot = bootId !== '' && readJournal(records.values()).bootId === bootId;
    for (const number of this.#files.numbers()) {
      const { writes, end } = readJournalFrames(this.#files.read(number));
      if (end === 'damaged' && isSameBoot) throw new DecodeError(`the journal's file ${number} is damaged`);
      for (const write of writes) {
        const { key, value } = write;
        if (value === null) records.delete(textOf(key));
        else records.set(textOf(key), [key, value]);
        this.#note(write);
      }
    }
    const inOrder = [...records].sort(([a], [b]) => (a < b ? -1 : 1));
    return readJournal(inOrder.map(([, record]) => record));
  }

  /** Bytes of the file that is being written. */
  get fileBytes(): number {
    return this.#fileBytes;
  }

  get isCheckpointing(): boolean {
    return this.#underWay !== null;
  }

  /** Survives the process from now on. Raises `StoreFull`, and then nothing of it is written. */
  append(changes: readonly JournalWrite[]): void {
    const writes = changes.map(journalWrite);
    const frame = journalFrame(writes);
    this.#files.append(this.#file, frame);
    this.#fileBytes += frame.length;
    for (const write of writes) this.#note(write);
  }

  /**
   * Brings the changes so far, and `also`, into the store, and removes the files that held them. One at a time. After
   * `StoreFull` they wait for the next checkpoint.
   */
  checkpoint(also: readonly JournalWrite[], done: (error: Error | null) => void): void {
    const upTo = this.#file;
    this.#file += 1;
    this.#fileBytes = 0;
    for (const change of also) this.#note(journalWrite(change));
    const underWay = this.#ahead;
    this.#ahead = new Map();
    this.#underWay = underWay;
    this.#store.commit([...underWay.values()], (error) => {
      this.#underWay = null;
      if (error === null) this.#committed(underWay, upTo);
      else this.#ahead = new Map([...underWay, ...this.#ahead]);
      done(error);
    });
  }

  close(): void {
    this.#files.close();
    this.#store.close();
  }

  #committed(changes: Changes, upToFile: number): void {
    for (const [text, { value }] of changes) {
      if (value === null) this.#stored.delete(text);
      else this.#stored.add(text);
    }
    for (const number of this.#files.numbers()) if (number <= upToFile) this.#files.remove(number);
  }

  /** What comes and goes between two checkpoints is nothing that the store must hear of. */
  #note(write: StoreWrite): void {
    const text = textOf(write.key);
    if (write.value === null && !this.#stored.has(text) && this.#underWay?.has(text) !== true) this.#ahead.delete(text);
    else this.#ahead.set(text, write);
  }
}

const textOf = (key: Uint8Array): string => Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1');
