import type { MonoMs, WallMs } from '../../../src/core/units.ts';
import type { Context } from '../../../src/runtime/types.ts';

/** A smaller difference between the clocks is drift, or rounding. */
const CLOCK_JUMP_MS = 500;

/** Notices when the wall clock is set: compares how far it and the monotonic clock went since the last look. */
export class ClockWatch {
  readonly #context: Pick<Context<never>, 'wallNow' | 'monoNow' | 'log' | 'count'>;
  #wallMs: WallMs;
  #monoMs: MonoMs;

  constructor(context: Pick<Context<never>, 'wallNow' | 'monoNow' | 'log' | 'count'>) {
    this.#context = context;
    this.#wallMs = context.wallNow();
    this.#monoMs = context.monoNow();
  }

  look(): void {
    const wallMs = this.#context.wallNow();
    const monoMs = this.#context.monoNow();
    const jumpMs = wallMs - this.#wallMs - (monoMs - this.#monoMs);
    this.#wallMs = wallMs;
    this.#monoMs = monoMs;
    if (Math.abs(jumpMs) < CLOCK_JUMP_MS) return;
    this.#context.count('scheduler_clock_jumps_total');
    this.#context.log.warn('the wall clock jumped', { jumpMs: Math.round(jumpMs) });
  }
}
