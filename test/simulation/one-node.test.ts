import { describe, expect, it } from 'vitest';
import { assert } from '../../src/core/assert.ts';
import type { JobRecord } from '../../src/core/jobs/records.ts';
import type { Schedule } from '../../src/core/schedule/schedule.ts';
import { Simulation } from '../../src/runtime/simulation/simulation.ts';
import { checkJobs, checkSettled } from './support/launch-invariants.ts';
import { Load } from './support/load.ts';
import { OneNode, schedules } from './support/one-node.ts';

/**
 * A whole node under virtual time: jobs run by their schedules while the process is killed, actors crash and jobs are
 * changed, all drawn from the seed. `npm run sim -- --seeds 500`; a failure prints how to see it again.
 */
const firstSeed = Number(process.env.SIM_SEED ?? '1');
const seeds = Array.from({ length: Number(process.env.SIM_SEEDS ?? '4') }, (_, index) => firstSeed + index);

/** Virtual times. */
const stormMs = 60_000;
const longestDownMs = 5_000;
/** The error of an actor that the storm has crashed; any other is a bug. */
const ourFault = 'crashed by the storm';
/** After the storm: enough to restart, catch up and end whatever was open. */
const calmMs = 30_000;
/** A due time has its record so long after, when nothing crashes. */
const recordedWithinMs = 2_000;

const actors = ['log', 'state', 'scheduler', 'dispatcher', 'executor', 'processor'];

class Storm {
  readonly simulation: Simulation;
  readonly load: Load;
  readonly #under: OneNode;
  readonly #random;
  crashes = 0;

  constructor(seed: number) {
    this.simulation = new Simulation(seed);
    this.#random = this.simulation.random.fork('storm');
    this.load = new Load(this.simulation.random.fork('load'), (request, command) => under.submit(request, command));
    const under = new OneNode(this.simulation, (request, outcome) => this.load.ended(request, outcome));
    this.#under = under;
  }

  run(): void {
    this.#untilCreated();
    const endMs = this.simulation.nowMs + stormMs;
    while (this.simulation.nowMs < endMs) {
      this.simulation.runFor(this.#random.below(1_500));
      this.#bootIfStopped();
      this.#mischief();
      this.check(null);
    }
    this.#bootIfStopped();
    this.simulation.runFor(calmMs);
    this.check(this.#under.node.wallNow() - recordedWithinMs);
    this.#settle();
  }

  check(recordedUntilMs: number | null): void {
    const failures = this.#under.node.events.flatMap((event) => (event.type === 'actorFailed' ? [event.error] : []));
    expect(failures.filter((error) => !error.startsWith(ourFault))).toEqual([]);
    const reader = this.#under.read();
    if (reader === null) return;
    checkJobs(reader, { compile, starts: this.#under.starts(), recordedUntilMs });
    this.load.check(reader);
  }

  #untilCreated(): void {
    for (let tries = 0; !this.load.isComplete; tries += 1) {
      assert(tries < 200, 'the jobs are created within 20 s');
      this.load.createMissing(this.#under.node.wallNow());
      this.simulation.runFor(100);
    }
  }

  #mischief(): void {
    const choice = this.#random.below(10);
    if (choice < 2) this.#crashNode();
    else if (choice < 4) this.#crashActor();
    else this.load.disturb(this.#under.node.wallNow());
  }

  #crashNode(): void {
    this.crashes += 1;
    this.#under.crash();
    this.load.connectionLost();
    this.simulation.runFor(this.#random.below(longestDownMs));
    this.#under.node.start();
  }

  #crashActor(): void {
    const actor = actors[this.#random.below(actors.length)];
    assert(actor !== undefined, 'there are actors');
    if (this.#under.node.runs(actor)) this.#under.node.crashActor(actor, ourFault);
  }

  /** A node whose actor was crashed while it was starting stops itself, and is started again by whoever watches it. */
  #bootIfStopped(): void {
    if (this.#under.node.running) return;
    this.load.connectionLost();
    this.#under.node.start();
  }

  #settle(): void {
    for (let tries = 0; !this.load.isDisabled; tries += 1) {
      assert(tries < 200, 'the jobs are switched off within 20 s');
      this.load.disableAll(this.#under.node.wallNow());
      this.simulation.runFor(100);
    }
    this.simulation.runFor(calmMs);
    this.check(null);
    const reader = this.#under.read();
    assert(reader !== null, 'the node runs');
    checkSettled(reader);
    expect(this.#under.machine.running, 'processes at the end').toEqual([]);
  }
}

function compile(job: JobRecord): Schedule {
  const compiled = schedules.compile(job.schedule, job.name, job.timezone);
  assert(compiled.ok, 'a stored schedule is valid');
  return compiled.schedule;
}

describe('one node in a storm of crashes', () => {
  it.each(seeds)('keeps its promises with seed %i', { timeout: 120_000 }, (seed) => {
    const storm = new Storm(seed);
    try {
      storm.run();
    } catch (error) {
      console.error(`replay: npm run sim -- --seed ${seed}`);
      throw error;
    }
    expect(storm.load.acknowledged).toBeGreaterThan(10);
  });

  it('does the same again with the same seed', { timeout: 240_000 }, () => {
    const outcomes = [1, 2].map(() => {
      const storm = new Storm(firstSeed);
      let failure = '';
      try {
        storm.run();
      } catch (error) {
        // A failure is the other test's business, and has to be the same one.
        failure = String(error);
      }
      return { failure, hash: storm.simulation.traceHash() };
    });
    expect(outcomes[1]).toEqual(outcomes[0]);
  });
});
