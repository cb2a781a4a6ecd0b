import type { AnswerHead, AnswerStream, Exchange, HttpAnswer, HttpRequest, WebSocketListener } from '../../api/http.ts';

/** What carries the answer of one request. */
export interface Carrier {
  send(answer: HttpAnswer, closesConnection: boolean): void;
  begin(head: AnswerHead): BodySink;
  /** Null: no WebSocket is asked for. From then on the listener hears of the connection. */
  readonly upgrade: ((listener: WebSocketListener) => void) | null;
}

/** A body on its way. Nothing is called after `end`, `cut` or the abort. */
export interface BodySink {
  write(chunk: Uint8Array): void;
  readonly isBehind: boolean;
  /** Calls `drained` once, when the client has taken what was written. */
  onDrained(drained: () => void): void;
  end(): void;
  cut(): void;
}

/** Keeps the rules of an exchange for a server: one answer, none after the client went away. */
export class OneAnswer {
  readonly #carrier: Carrier;
  readonly #ended: () => void;
  readonly #abortListeners: (() => void)[] = [];
  #isOpen = true;
  /** The body that was begun. */
  #sink: BodySink | null = null;

  /** `ended` is called once, behind the answer or the abort. */
  constructor(carrier: Carrier, ended: () => void) {
    this.#carrier = carrier;
    this.#ended = ended;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Where a body was begun it is cut: what goes wrong behind its head can't be told any more. */
  answer(answer: HttpAnswer, closesConnection = false): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    if (this.#sink === null) this.#carrier.send(answer, closesConnection);
    else this.#sink.cut();
    this.#ended();
  }

  stream(head: AnswerHead): AnswerStream {
    if (this.#isOpen && this.#sink === null) this.#sink = this.#carrier.begin(head);
    const sink = this.#sink;
    const ifOpen = (act: (sink: BodySink) => void): void => {
      if (this.#isOpen && sink !== null) act(sink);
    };
    return {
      write: (chunk) => ifOpen((open) => open.write(chunk)),
      get isBehind() {
        return sink?.isBehind === true;
      },
      whenReady: (ready) =>
        ifOpen((open) => {
          const inOrder = (): void => ifOpen(() => ready());
          if (open.isBehind) open.onDrained(inOrder);
          else setImmediate(inOrder);
        }),
      end: () => this.#endBody((open) => open.end()),
      cut: () => this.#endBody((open) => open.cut()),
    };
  }

  #upgrade(upgrade: (listener: WebSocketListener) => void, listener: WebSocketListener): void {
    if (!this.#isOpen || this.#sink !== null) return;
    this.#isOpen = false;
    upgrade(listener);
    this.#ended();
  }

  #endBody(end: (sink: BodySink) => void): void {
    if (!this.#isOpen || this.#sink === null) return;
    this.#isOpen = false;
    end(this.#sink);
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
    const { upgrade } = this.#carrier;
    return {
      request,
      answer: (answer) => this.answer(answer),
      stream: (head) => this.stream(head),
      upgrade: upgrade === null ? null : (listener) => this.#upgrade(upgrade, listener),
      onAborted: (listener) => this.onAborted(listener),
    };
  }
}
