import type { AnswerHead, AnswerStream, HttpAnswer } from '../../src/api/http.ts';

/** A client that takes everything at once: gives the answer, or null when it was cut, at its end. */
export function gatheredStream(head: AnswerHead, ended: (answer: HttpAnswer | null) => void): AnswerStream {
  const chunks: Uint8Array[] = [];
  let waiting: (() => void) | null = null;
  let isOpen = true;
  let isRunning = false;
  const close = (answer: HttpAnswer | null): void => {
    if (!isOpen) return;
    isOpen = false;
    ended(answer);
  };
  return {
    write: (chunk) => {
      if (isOpen) chunks.push(chunk.slice());
    },
    isBehind: false,
    whenReady: (ready) => {
      waiting = ready;
      if (isRunning) return;
      isRunning = true;
      while (isOpen && waiting !== null) {
        const next: () => void = waiting;
        waiting = null;
        next();
      }
      isRunning = false;
    },
    end: () => close({ ...head, body: Buffer.concat(chunks) }),
    cut: () => close(null),
  };
}
