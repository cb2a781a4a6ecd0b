/** Those that may crash, or hang. */
export const actors = ['log', 'state', 'scheduler', 'dispatcher', 'executor', 'processor', 'api'] as const;

const crashes = actors.map((actor) => `${actor} crashed` as const);
const hangs = actors.map((actor) => `${actor} hung` as const);

/** What a storm can do to a node. */
export const faults = [
  'node crashed',
  'node stopped and started',
  'node stopped by itself',
  ...crashes,
  ...hangs,
  'node stood still',
  'executor hung for longer than its lease',
  'dispatcher hung for longer than its lease',
  'clock set forward',
  'clock set far forward',
  'clock set back',
  'disk filled',
  'disk slow',
  'disk failed',
  'crash while the log was flushed',
  'crash while the state was written',
  'crash while the journal was flushed',
  'crash between a launch and its start',
  'crash between an end and its record',
  'commit kept that was not flushed',
  'commit lost that was not flushed',
  'change published, not flushed, and there after a crash',
  'change published, not flushed, and taken back by a crash',
  'client gone away',
  'event listener gone away',
  'event listener slower than the events',
] as const;

/** What happened under it, so that the promises had something to be judged by. */
export const judged = [
  'write acknowledged to the driver',
  'write acknowledged by the api',
  'write refused for lack of space',
  'write without an answer',
  'request cut off',
  'job deleted',
  'job toggled',
  'job read',
  'run by hand acknowledged',
  'run by hand waited for',
  'run by hand without an answer',
  'event heard',
  'output event heard',
  'events told as missed',
  'output told as missed',
  'stop acknowledged',
  'stop waited for',
  'stop refused: it had ended',
  'job judged right after the event that touched it',
  'P1: due time launched',
  'P1: due time missed',
  'P1: due time skipped',
  'P1: no due time twice after the clock was set back',
  'P1: nothing due of the time before a job was enabled',
  'P1: last of the due times left to be launched once',
  'P2: start with its record committed before',
  'P2: execution started',
  'P2: execution lost',
  'P2: lost execution run again',
  'P3: launch of a forbid job',
  'P3: launch of a replace job',
  'P3: launch of a queue job',
  'P3: execution within max_executions',
  'launch that waited in line',
  'launch that waited to replace',
  'launch superseded',
  'execution replaced',
  'execution that waited for max_executions',
  'execution that waited for its node',
  'P3: skipped while it ran',
  'P3: ended by its node without a leader',
  'P4: execution retried',
  'P4: as many attempts as the job asks for',
  'P4: nothing open of which nothing runs',
  'P4: execution interrupted by a crash ended',
  'P4: execution lost at the end of its lease',
  'P4: end noted of a lost execution',
  'P4: hung actor restarted',
  'P4: lease outlived a pause',
  'P5: stored job compared with what was acknowledged',
  'P5: runs by hand compared with what was acknowledged',
  'P6: hash of the state compared with all its records',
  'P6: hash of the state compared with the log',
  'P5: stopped execution ended as failed',
  'P6: node stopped by a failed flush',
  'P7: commands committed no faster than they are due',
  'P8: phase of an interval',
  'P8: anchor compared after edits',
  'chain: child launched',
  'retry: pause kept',
  'retention: ended execution dropped',
  'retention: count held',
  'retention: age held',
] as const;

export type Counted = (typeof faults)[number] | (typeof judged)[number];

/** How often each fault struck and each promise was put to the test: a check that never sees anything proves nothing. */
export class Tally {
  readonly #counts = new Map<Counted, number>();

  count(what: Counted, by = 1): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + by);
  }

  of(what: Counted): number {
    return this.#counts.get(what) ?? 0;
  }

  add(other: Tally): void {
    for (const [what, by] of other.#counts) this.count(what, by);
  }

  /** What never happened. */
  get unseen(): Counted[] {
    return [...faults, ...judged].filter((what) => this.of(what) === 0);
  }

  toString(): string {
    return [...faults, ...judged].map((what) => `${String(this.of(what)).padStart(8)}  ${what}`).join('\n');
  }
}
