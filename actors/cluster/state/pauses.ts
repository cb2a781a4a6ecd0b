import { limits } from '../../../src/core/limits.ts';
import { monoMs } from '../../../src/core/units.ts';
import type { Context } from '../../../src/runtime/types.ts';

/** Notices that nothing was applied for a while (limits.keptRecordsMs to twice that): what was kept at hand can go. */
export class Pauses {
  static readonly timer = 'pause';
  readonly #context: Pick<Context<never>, 'arm' | 'monoNow'>;
  readonly #paused: () => void;
  #isArmed = false;
  #hasWorked = false;

  constructor(context: Pick<Context<never>, 'arm' | 'monoNow'>, paused: () => void) {
    this.#context = context;
    this.#paused = paused;
  }

  worked(): void {
    this.#hasWorked = true;
    if (!this.#isArmed) this.#arm();
  }

  /** Its timer has fired. */
  timeIsUp(): void {
    this.#isArmed = false;
    if (this.#hasWorked) this.#arm();
    else this.#paused();
  }

  #arm(): void {
    this.#isArmed = true;
    this.#hasWorked = false;
    this.#context.arm(Pauses.timer, monoMs(this.#context.monoNow() + limits.keptRecordsMs));
  }
}
