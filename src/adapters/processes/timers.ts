/** Calls back once after a delay; tests give one that they drive themselves. */
export interface Timers {
  /** `fire` is called in a turn of its own, never from inside `after`. The answer cancels it. */
  after(delayMs: number, fire: () => void): () => void;
}

/** Longer delays than this overflow a timer of Node, which then fires at once. */
const LONGEST_MS = 2 ** 31 - 1;

export const systemTimers: Timers = {
  after(delayMs, fire) {
    let left = Math.max(0, delayMs);
    let timer: NodeJS.Timeout;
    const arm = (): void => {
      const step = Math.min(left, LONGEST_MS);
      left -= step;
      timer = setTimeout(() => (left > 0 ? arm() : fire()), step);
    };
    arm();
    return () => clearTimeout(timer);
  },
};
