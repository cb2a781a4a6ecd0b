import type { Dispatcher } from 'undici';

/** What an answer says before its body. */
export interface AnswerHead {
  readonly status: number;
  /** Empty: none. */
  readonly location: string;
  /** Its `Content-Encoding`. */
  readonly encoding: string;
}

/** Takes the body of an answer, piece by piece. */
export interface BodyTaker {
  /** False: no more is wanted. */
  add(chunk: Uint8Array, flow: Flow): boolean;
  /** All of it has come. Calls back when it is taken, with what went wrong, if something did. */
  end(done: (error: Error | null) => void): void;
  /** It broke off. */
  drop(): void;
}

/** Holds a body up, for a taker that needs time. */
export interface Flow {
  pause(): void;
  resume(): void;
  fail(error: Error): void;
}

/** The end of an exchange from outside; what is under way then breaks off. */
export class Interruption {
  #isUp = false;
  #stop: ((error: Error) => void) | null = null;

  get isUp(): boolean {
    return this.#isUp;
  }

  interrupt(): void {
    this.#isUp = true;
    this.#stop?.(new Error('interrupted'));
  }

  /** What is under way now, which ends by `stop`; null: nothing. */
  watch(stop: ((error: Error) => void) | null): void {
    this.#stop = stop;
  }
}

/** An answer broke off behind its head. */
export class BodyBroken extends Error {
  override readonly name = 'BodyBroken';
}

type Controller = Dispatcher.DispatchController;

/**
 * One request and its answer, straight from the connection pool: without the streams and signals of undici's `request`,
 * which took as long as all the rest of an exchange (docs/decisions/0015).
 */
export class Call implements Dispatcher.DispatchHandler, Flow {
  readonly #takerOf: (head: AnswerHead) => BodyTaker;
  readonly #answered: (head: AnswerHead) => void;
  readonly #failed: (error: Error) => void;
  #controller: Controller | null = null;
  #head: AnswerHead | null = null;
  #taker: BodyTaker | null = null;
  #isOver = false;

  constructor(
    takerOf: (head: AnswerHead) => BodyTaker,
    answered: (head: AnswerHead) => void,
    failed: (error: Error) => void,
  ) {
    this.#takerOf = takerOf;
    this.#answered = answered;
    this.#failed = failed;
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller;
    // It waited for a connection while it was given up.
    if (this.#isOver) controller.abort(new Error('given up'));
  }

  onResponseStart(
    _controller: Controller,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    // Informational answers come ahead of the answer.
    if (this.#isOver || status < 200) return;
    this.#head = { status, location: firstOf(headers.location), encoding: firstOf(headers['content-encoding']) };
    this.#taker = this.#takerOf(this.#head);
  }

  onResponseData(_controller: Controller, chunk: Uint8Array): void {
    if (this.#isOver || this.#taker === null || this.#taker.add(chunk, this)) return;
    this.#succeed();
    this.#controller?.abort(new Error('no more is wanted'));
  }

  onResponseEnd(): void {
    this.#taker?.end((error) => {
      if (error === null) this.#succeed();
      else this.fail(error);
    });
  }

  onResponseError(_controller: Controller | null, error: Error): void {
    this.#break(error);
  }

  pause(): void {
    this.#controller?.pause();
  }

  resume(): void {
    if (!this.#isOver) this.#controller?.resume();
  }

  /** Gives it up. */
  fail(error: Error): void {
    this.#break(error);
    this.#controller?.abort(error);
  }

  #succeed(): void {
    if (this.#isOver || this.#head === null) return;
    this.#isOver = true;
    this.#answered(this.#head);
  }

  #break(error: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#taker?.drop();
    this.#failed(this.#head === null ? error : new BodyBroken(error.message, { cause: error }));
  }
}

const firstOf = (value: string | readonly string[] | undefined): string =>
  (typeof value === 'string' ? value : value?.[0]) ?? '';
