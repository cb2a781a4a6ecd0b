import type { HttpHandler, HttpRequest } from '../../api/http.ts';
import { limits } from '../../core/limits.ts';
import { BodyBudget, BodyIntake } from './body-intake.ts';
import { type Carrier, OneAnswer } from './one-answer.ts';

type RequestHead = Omit<HttpRequest, 'body'>;

const NO_BODY = new Uint8Array(0);

/** What every HTTP server does with requests, whatever carries their bytes: counts, bounds, hands over, drains. */
export class RequestDesk {
  readonly #handler: HttpHandler;
  readonly #budget = new BodyBudget();
  #openRequests = 0;
  #drained: (() => void) | null = null;

  constructor(handler: HttpHandler) {
    this.#handler = handler;
  }

  /** A request begins; it counts as open until its answer or its abort. */
  open(carrier: Carrier): OneAnswer {
    this.#openRequests += 1;
    return new OneAnswer(carrier, () => {
      this.#openRequests -= 1;
      this.#checkDrained();
    });
  }

  /** Nothing thrown while a request is served reaches the server: it becomes the request's answer. */
  guard(one: OneAnswer, serve: () => void): void {
    try {
      serve();
    } catch (error) {
      one.answer(this.#handler.failed(error));
    }
  }

  /** Answers, and says true, when the declared body is too long even to be read and thrown away. */
  refuseDeclared(one: OneAnswer, declaredBytes: number, limitBytes: number): boolean {
    if (declaredBytes <= limits.discardedBodyBytes || declaredBytes <= limitBytes) return false;
    one.answer(this.#handler.refuseBody('too_large', limitBytes), true);
    return true;
  }

  intake(one: OneAnswer, limitBytes: number): BodyIntake {
    const intake = new BodyIntake(limitBytes, this.#budget);
    one.onAborted(() => intake.release());
    return intake;
  }

  /** A part of the body came. Gives true when reading on would serve nobody: the request was answered. */
  receive(one: OneAnswer, intake: BodyIntake, chunk: Uint8Array): boolean {
    if (!one.isOpen) return true;
    intake.add(chunk);
    if (!intake.isEndless) return false;
    one.answer(this.#handler.refuseBody(intake.refusal ?? 'too_large', intake.limitBytes), true);
    return true;
  }

  /** The body is whole. A request that may have none is handed over with none, whatever came. */
  received(one: OneAnswer, intake: BodyIntake, head: () => RequestHead): void {
    if (!one.isOpen) return;
    if (intake.limitBytes === 0) this.handle(one, head(), NO_BODY);
    else if (intake.refusal !== null) one.answer(this.#handler.refuseBody(intake.refusal, intake.limitBytes));
    else this.handle(one, head(), intake.bytes());
    intake.release();
  }

  handle(one: OneAnswer, head: RequestHead, body: Uint8Array = NO_BODY): void {
    this.guard(one, () => this.#handler.handle(one.exchange({ ...head, body })));
  }

  /** `done` when no request is open. */
  drain(done: () => void): void {
    this.#drained = done;
    this.#checkDrained();
  }

  #checkDrained(): void {
    if (this.#drained === null || this.#openRequests > 0) return;
    const done = this.#drained;
    this.#drained = null;
    done();
  }
}
