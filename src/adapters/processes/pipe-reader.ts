import { closeSync, readSync } from 'node:fs';
import { Socket } from 'node:net';
import { limits } from '../../core/limits.ts';

/** What is read in one go; also the capacity of a pipe on Linux. */
const CHUNK_BYTES = 64 << 10;
/** Reads of one drain: more than a pipe holds means that somebody still writes, and then the event loop has its turn. */
const READS_PER_DRAIN = 8;

export interface PipeEvents {
  /** The chunk is the receiver's to keep. */
  chunk(bytes: Uint8Array): void;
  /** Once. `clean`: all has been read, and nobody has the pipe open for writing. */
  end(clean: boolean): void;
}

/**
 * Reads the output of one job from a pipe. Most jobs are over before their output is worth a place in the event loop:
 * `drain` reads what such a job left behind, with two system calls.
 */
export class PipeReader {
  readonly #descriptor: number;
  readonly #events: PipeEvents;
  #socket: Socket | null = null;
  #ended = false;
  /** Nobody wants the output any more: what comes is dropped. */
  #deaf = false;

  /** Takes over the descriptor of a reading end that never blocks. */
  constructor(descriptor: number, events: PipeEvents) {
    this.#descriptor = descriptor;
    this.#events = events;
  }

  /** Reads from now on whatever comes. A writer must have the pipe open already, or its end would be seen at once. */
  follow(): void {
    if (this.#socket !== null || this.#ended) return;
    const socket = new Socket({ fd: this.#descriptor, readable: true, writable: false });
    this.#socket = socket;
    socket.on('data', (bytes: Buffer) => {
      if (!this.#deaf) this.#events.chunk(bytes);
    });
    // An error is followed by `close`, and there is nothing to do about it.
    socket.on('error', () => undefined);
    let clean = false;
    socket.on('end', () => {
      clean = true;
    });
    socket.on('close', () => this.#end(clean));
  }

  /** Reads what is there, and follows only when somebody may still write. */
  drain(): void {
    if (this.#socket !== null || this.#ended) return;
    for (let read = 0; read < READS_PER_DRAIN; read += 1) {
      const bytes = this.#read();
      if (bytes === null) break;
      if (bytes.length === 0) {
        closeSync(this.#descriptor);
        this.#end(true);
        return;
      }
      this.#events.chunk(bytes);
    }
    this.follow();
  }

  /** Drops what comes from now on, and doesn't keep this process alive for it. `end` still comes. */
  ignore(): void {
    this.#deaf = true;
    this.follow();
    this.#socket?.unref();
  }

  /** Closes the pipe; who still writes gets SIGPIPE. */
  destroy(): void {
    if (this.#ended) return;
    if (this.#socket !== null) this.#socket.destroy();
    else {
      closeSync(this.#descriptor);
      this.#end(false);
    }
  }

  #end(clean: boolean): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#events.end(clean);
  }

  /** Null: nothing there, and somebody has the pipe open for writing. Empty: the end. */
  #read(): Uint8Array | null {
    try {
      const length = readSync(this.#descriptor, scratch, 0, CHUNK_BYTES, null);
      return new Uint8Array(scratch.subarray(0, length));
    } catch {
      return null;
    }
  }
}

/** One for all readers of this thread: its content never outlives a call. */
const scratch = Buffer.alloc(CHUNK_BYTES);

/**
 * Pipes that daemons left behind by jobs keep open: they are emptied so that the daemons don't die of SIGPIPE. When
 * there are too many the oldest is closed.
 */
export class AbandonedPipes {
  readonly #readers = new Set<PipeReader>();

  add(reader: PipeReader): void {
    this.#readers.add(reader);
    reader.ignore();
    if (this.#readers.size <= limits.abandonedPipes) return;
    const [oldest] = this.#readers;
    oldest?.destroy();
  }

  /** To be told when a reader ended. */
  delete(reader: PipeReader): void {
    this.#readers.delete(reader);
  }

  close(): void {
    for (const reader of [...this.#readers]) reader.destroy();
  }
}
