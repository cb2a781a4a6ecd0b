import type { Exchange, HttpAnswer, HttpRequest } from '../../api/http.ts';

type Send = (answer: HttpAnswer, closesConnection: boolean) => void;

/** Keeps the rules of an exchange for a server: one answer, none after the client went away. */
export class OneAnswer {
  readonly #send: Send;
  readonly #ended: () => void;
  readonly #abortListeners: (() => void)[] = [];
  #isOpen = true;

  /** `ended` is called once, behind the answer or the abort. */
  constructor(send: Send, ended: () => void) {
    this.#send = send;
    this.#ended = ended;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  answer(answer: HttpAnswer, closesConnection = false): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#send(answer, closesConnection);
    this.#ended();
  }

  aborted(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    for (const listener of this.#abortListeners) listener();
    this.#ended();
  }

  onAborted(listener: () => void): void {
    this.#abortListeners.push(listener);
  }

  exchange(request: HttpRequest): Exchange {
    return {
      request,
      answer: (answer) => this.answer(answer),
      onAborted: (listener) => this.onAborted(listener),
    };
  }
}
