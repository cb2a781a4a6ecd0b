/** The system's time finer than a millisecond: `Date.now` tells only whole ones. Follows it when it is set or slewed. */
export class RealClock {
  #offsetMs: number;

  constructor() {
    // When `Date.now` jumps, the time is exactly what it tells.
    const before = Date.now();
    let now = before;
    while (now === before) now = Date.now();
    this.#offsetMs = now - performance.now();
  }

  /** Milliseconds since 1970. */
  nowMs(): number {
    const notBefore = Date.now();
    const nowMs = performance.now() + this.#offsetMs;
    const before = Date.now() + 1;
    if (nowMs < notBefore) this.#offsetMs += notBefore - nowMs;
    else if (nowMs > before) this.#offsetMs -= nowMs - before;
    return Math.min(Math.max(nowMs, notBefore), before);
  }
}
