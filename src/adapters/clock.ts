import { type MonoMs, monoMs, type WallMs, type WallNs, wallMsOf, wallNs } from '../core/units.ts';

/** Where a clock gets its time from; replaced by tests. */
export interface TimeSource {
  /** Milliseconds since 1970, as the operating system sees them now. */
  wallMs(): number;
  /** Nanoseconds of the monotonic clock; the same origin for all threads of a process. */
  monoNs(): bigint;
}

const system: TimeSource = { wallMs: () => Date.now(), monoNs: () => process.hrtime.bigint() };

/** A wall clock that is further off than this was set, or slewed for long: anchor anew. */
const TOLERANCE_MS = 2;
/** Reads of the wall clock while waiting for its next millisecond: more than one takes, on any machine. */
const EDGE_READS = 100_000;

/**
 * Wall time in nanoseconds although the system call used gives milliseconds: the monotonic clock, anchored to an edge
 * of the wall clock's millisecond, and anchored again when the two drift apart. Milliseconds come from the same
 * reading, so that `wallNow` and `wallNowNs` agree.
 */
export class Clock {
  readonly #source: TimeSource;
  #wallAnchorNs = 0n;
  #monoAnchorNs = 0n;

  constructor(source: TimeSource = system) {
    this.#source = source;
    this.#anchor();
  }

  monoNow(): MonoMs {
    return monoMs(Number(this.#source.monoNs()) / 1_000_000);
  }

  wallNowNs(): WallNs {
    const derived = this.#derived();
    const off = Number(derived / 1_000_000n) - this.#source.wallMs();
    if (Math.abs(off) <= TOLERANCE_MS) return wallNs(derived);
    this.#anchor();
    return wallNs(this.#derived());
  }

  wallNow(): WallMs {
    return wallMsOf(this.wallNowNs());
  }

  #derived(): bigint {
    return this.#wallAnchorNs + this.#source.monoNs() - this.#monoAnchorNs;
  }

  /** Waits for the wall clock's next millisecond (at most one): only there its nanoseconds are known. */
  #anchor(): void {
    const first = this.#source.wallMs();
    let wall = first;
    for (let reads = 0; wall === first && reads < EDGE_READS; reads += 1) wall = this.#source.wallMs();
    this.#monoAnchorNs = this.#source.monoNs();
    this.#wallAnchorNs = BigInt(wall) * 1_000_000n;
  }
}
