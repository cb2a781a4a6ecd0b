import { limits } from '../../core/limits.ts';
import type { AnswerStream } from '../http.ts';

const encoder = new TextEncoder();
const NEWLINE = 0x0a;
/** Pieces of a stored output, one at a time: a slow client holds no more than this. */
const PIECE_BYTES = 64 << 10;

/** A piece of what an execution wrote, as a follower is given it. */
export interface FollowedPart {
  readonly part: 'live' | 'soFar' | 'last';
  readonly offset: number;
  readonly chunk: Uint8Array;
  readonly closing: Uint8Array;
}

/** What is stored of an execution that has ended. */
export interface StoredOutput {
  readonly output: Uint8Array;
  /** Bytes that came before it and are not stored. */
  readonly droppedBytes: number;
  /** It begins with a line that tells why it failed. */
  readonly hasErrorLine: boolean;
}

interface Waiting {
  /** Bytes that were left out before it. */
  skippedBytes: number;
  bytes: Uint8Array;
}

/**
 * One client that follows what an execution writes. What it does not take waits, up to limits.followerBytes; then the
 * oldest goes, and a line says how much went.
 */
export class OutputFollower {
  readonly #stream: AnswerStream;
  /** Bytes of the execution's output that were passed on, or left out. */
  #position: number;
  /** Follows without a gap: before, pieces may be on their way that come before the live ones. */
  #isInStep = false;
  /** Everything that was written is here. */
  #isWhole = false;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #endsWithNewline = true;
  #isPumping = false;
  /** Null: it has not ended. */
  #ending: (() => void) | null = null;

  /** `from`: bytes of the output that the client does not want. */
  constructor(stream: AnswerStream, from: number) {
    this.#stream = stream;
    this.#position = from;
  }

  /** What waits in memory for the client. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  arrived({ part, offset, chunk, closing }: FollowedPart): void {
    if (this.#isWhole || this.#ending !== null) return;
    if (part === 'live' && !this.#isInStep && offset > this.#position) return;
    this.#isInStep = true;
    const end = offset + chunk.length;
    const skippedBytes = Math.max(0, offset - this.#position);
    const fresh = chunk.subarray(Math.max(0, this.#position - offset));
    this.#position = Math.max(this.#position, end);
    if (skippedBytes > 0 || fresh.length > 0) this.#add(skippedBytes, fresh);
    if (part !== 'last') return;
    this.#isWhole = true;
    if (closing.length > 0) this.#add(0, closing);
  }

  /** Whoever tells begins anew: what it had on its way is lost, and it tells first what is known. */
  outOfStep(): void {
    this.#isInStep = false;
  }

  /** It has ended and is stored: what of that is not on its way yet is read from there. Null: nothing is stored. */
  ended(read: () => StoredOutput | null): void {
    if (this.#ending !== null) return;
    let next: number | null = null;
    this.#ending = () => {
      const stored = this.#isWhole ? null : read();
      if (stored === null) {
        this.#stream.end();
        return;
      }
      next ??= this.#storedStart(stored);
      const piece = stored.output.subarray(next, next + PIECE_BYTES);
      next += piece.length;
      if (piece.length === 0) this.#isWhole = true;
      else this.#write(piece);
      this.#pump();
    };
    this.#pump();
  }

  /** Where in what is stored goes on what was passed on; what is not there any more is told as skipped. */
  #storedStart({ output, droppedBytes, hasErrorLine }: StoredOutput): number {
    if (this.#position === 0) return 0;
    const errorBytes = hasErrorLine && droppedBytes === 0 ? output.indexOf(NEWLINE) + 1 : 0;
    const start = errorBytes + this.#position - droppedBytes;
    if (start < 0) this.#tellSkipped(-start);
    return Math.max(0, start);
  }

  #add(skippedBytes: number, bytes: Uint8Array): void {
    // A copy: the bytes may be part of a larger message.
    this.#waiting.push({ skippedBytes, bytes: bytes.slice() });
    this.#waitingBytes += bytes.length;
    while (this.#waitingBytes > limits.followerBytes) {
      const oldest = this.#waiting.shift();
      const next = this.#waiting[0];
      if (oldest === undefined) break;
      this.#waitingBytes -= oldest.bytes.length;
      const gone = oldest.skippedBytes + oldest.bytes.length;
      if (next === undefined) this.#waiting.push({ skippedBytes: gone, bytes: new Uint8Array(0) });
      else next.skippedBytes += gone;
    }
    this.#pump();
  }

  /** Passes on what waits as far as the client takes it; then, at the end, what is stored. */
  #pump(): void {
    if (this.#isPumping) return;
    while (!this.#stream.isBehind) {
      const next = this.#waiting.shift();
      if (next === undefined) break;
      this.#waitingBytes -= next.bytes.length;
      if (next.skippedBytes > 0) this.#tellSkipped(next.skippedBytes);
      this.#write(next.bytes);
    }
    if (this.#waiting.length === 0 && this.#ending === null) return;
    this.#isPumping = true;
    this.#stream.whenReady(() => {
      this.#isPumping = false;
      if (this.#waiting.length > 0) this.#pump();
      else this.#ending?.();
    });
  }

  #tellSkipped(bytes: number): void {
    const line = `${this.#endsWithNewline ? '' : '\n'}[carillon: ${bytes} bytes were skipped]\n`;
    this.#write(encoder.encode(line));
  }

  #write(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#endsWithNewline = bytes.at(-1) === NEWLINE;
    this.#stream.write(bytes);
  }
}
