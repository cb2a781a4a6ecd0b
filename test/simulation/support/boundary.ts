import { expect } from 'vitest';
import { assert } from '../../../src/core/assert.ts';
import type { JobRecord } from '../../../src/core/jobs/records.ts';
import { Simulation } from '../../../src/runtime/simulation/simulation.ts';
import { lasting, plannedOf } from './jobs.ts';
import { checkJobs } from './launch-invariants.ts';
import { compileStored, OneNode } from './one-node.ts';
import { checkRetried, checkSettled, withoutProcess } from './settled-invariants.ts';
import { Starts } from './starts.ts';
import { Tally } from './tally.ts';

/** A whole node, or one of its actors. */
export type Victim = 'node' | 'log' | 'state' | 'scheduler' | 'dispatcher' | 'executor' | 'processor' | 'api';

const seed = 7;
const electionMs = 2_000;
const warmUpMs = 8_900;
/** Three due times, with starts, ends, a retry and a child. */
const windowMs = 3_400;
const afterwardsMs = 9_000;
const calmMs = 30_000;
const crashed = 'crashed at a boundary';

/**
 * The same short run each time, up to one of its events: what an actor does in a turn comes to others as events of their
 * own, so that between any two effects that somebody else can see there is a place to crash.
 */
export class Boundary {
  readonly #simulation = new Simulation(seed);
  readonly #under: OneNode;
  readonly #tally = new Tally();
  readonly #starts: Starts;
  #open = 0;

  constructor() {
    this.#under = new OneNode(this.#simulation, false, 0, (_request, outcome) => {
      expect(outcome.type, 'a change by the client').toBe('applied');
      this.#open -= 1;
    });
    this.#starts = new Starts(this.#under, this.#tally);
    this.#simulation.runUntil(() => this.#under.node.runs('driver'));
    this.#simulation.runFor(electionMs);
    for (const job of lasting) {
      const nowMs = this.#under.node.wallNow();
      this.#submit({ type: 'setJob', nowMs, job, next: plannedOf(job, nowMs) });
    }
    this.#simulation.runUntil(() => this.#open === 0);
    this.#simulation.runFor(warmUpMs);
  }

  /** How many places to crash there are. */
  countEvents(): number {
    const endMs = this.#simulation.nowMs + windowMs;
    let events = 0;
    while (this.#simulation.nowMs < endMs && this.#simulation.step()) events += 1;
    return events;
  }

  /** Crashes after so many events, and judges what becomes of it. */
  crashAfter(events: number, victim: Victim): void {
    const { node } = this.#under;
    for (let event = 0; event < events; event += 1) this.#simulation.step();
    if (victim !== 'node') node.crashActor(victim, crashed);
    else {
      this.#under.crash();
      node.start();
    }
    this.#simulation.runFor(afterwardsMs);
    this.#check();
    this.#checkRetried();
    for (const job of lasting) {
      if (job.parentJob !== '') continue;
      const nowMs = node.wallNow();
      this.#submit({ type: 'setDisabled', nowMs, name: job.name, disabled: true, next: null });
    }
    this.#simulation.runFor(calmMs);
    this.#check();
    const reader = this.#under.read();
    assert(reader !== null, 'the node runs');
    checkSettled(reader, this.#under.machine.begun);
    expect(withoutProcess(reader, this.#under.machine.running)).toEqual([]);
  }

  #check(): void {
    const { node, machine } = this.#under;
    const reader = this.#under.read();
    assert(reader !== null, 'the node runs');
    const nowMs = node.wallNow();
    checkJobs(reader, {
      compile: compileStored,
      machine,
      judgedAfterMs: (job: JobRecord) => job.effectiveFromMs,
      recordedUntilMs: nowMs - 2_000,
      tally: this.#tally,
    });
    expect(this.#starts.wrong).toEqual([]);
    const failures = node.events.flatMap((event) => (event.type === 'actorFailed' ? [event.error] : []));
    expect(failures.filter((error) => !error.startsWith(crashed))).toEqual([]);
  }

  #checkRetried(): void {
    const reader = this.#under.read();
    assert(reader !== null, 'the node runs');
    checkRetried(reader, this.#under.node.wallNow(), this.#tally);
  }

  #submit(command: Parameters<OneNode['submit']>[1]): void {
    this.#open += 1;
    this.#under.submit(this.#open, command);
  }
}
