import { limits } from '../../core/limits.ts';

export interface OutputFlowOptions {
  /** What is written is, or is no more, to be told to this server. */
  readonly wanted: (isWanted: boolean) => void;
  /** Runs `turn` once, so much later; gives how to call that off. */
  readonly after: (delayMs: number, turn: () => void) => () => void;
}

/**
 * Whether output flows to this server: while somebody listens to it, and for limits.outputLingerMs after the last one
 * left, so that a client which lost its connection finds what was written meanwhile.
 */
export class OutputFlow {
  readonly #options: OutputFlowOptions;
  #listeners = 0;
  #isFlowing = false;
  #callOff: () => void = () => undefined;

  constructor(options: OutputFlowOptions) {
    this.#options = options;
  }

  get isFlowing(): boolean {
    return this.#isFlowing;
  }

  /** True: it flows from now on, and did not before. */
  joined(): boolean {
    this.#listeners += 1;
    this.#callOff();
    if (this.#isFlowing) return false;
    this.#isFlowing = true;
    this.#options.wanted(true);
    return true;
  }

  /** `ended`: called if nobody has come back by the end of the time. */
  left(ended: () => void): void {
    this.#listeners -= 1;
    if (this.#listeners > 0) return;
    this.#callOff = this.#options.after(limits.outputLingerMs, () => {
      this.#isFlowing = false;
      this.#options.wanted(false);
      ended();
    });
  }
}
