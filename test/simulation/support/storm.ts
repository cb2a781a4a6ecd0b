import { expect } from 'vitest';
import { assert } from '../../../src/core/assert.ts';
import type { JobRecord } from '../../../src/core/jobs/records.ts';
import type { Prng } from '../../../src/core/prng.ts';
import type { Schedule } from '../../../src/core/schedule/schedule.ts';
import { Simulation } from '../../../src/runtime/simulation/simulation.ts';
import { Hangs, type LongHang, longHangOf } from './hangs.ts';
import { checkHash } from './hash-invariant.ts';
import { JudgedSpans } from './judged-spans.ts';
import { checkJobs, checkSettled } from './launch-invariants.ts';
import { Load } from './load.ts';
import { OneNode, schedules } from './one-node.ts';
import { checkRetention, RetentionWatch } from './retention-invariants.ts';
import { checkPauses } from './retry-invariants.ts';
import { Runs } from './runs.ts';
import { Stops } from './stops.ts';
import { actors, Tally } from './tally.ts';

/** Virtual times. */
const stormMs = 60_000;
const longestDownMs = 5_000;
/** The error of an actor that the storm has crashed; any other is a bug. */
const ourFault = 'crashed by the storm';
/** The end of a thread that hung. */
const isOurs = (error: string): boolean => error.includes(ourFault) || error.endsWith('killed');
/** After the storm: enough to restart, catch up and end whatever was open. */
const calmMs = 30_000;
/** A due time has its record so long after, when nothing crashes. */
const recordedWithinMs = 2_000;
/** A stopping node waits for its executions, and for the requests that wait for them. */
const stoppedWithinMs = 30_000;
/** Due times of small jumps are launched late, and their executions have to stay below retention. */
const smallJumpsMs = 30_000;
const largestBackMs = 15_000;
const longestFullMs = 8_000;
/** What still fits on a full disk. */
const spareBytes = 4_096;

/** One run: a node, its clients, and what happens to it, all drawn from the seed. */
export class Storm {
  readonly simulation: Simulation;
  readonly tally = new Tally();
  readonly #load: Load;
  readonly #runs: Runs;
  readonly #hangs: Hangs;
  readonly #longHang: LongHang | null;
  readonly #stops: Stops;
  readonly #under: OneNode;
  readonly #random: Prng;
  readonly #spans = new JudgedSpans();
  readonly #retention: RetentionWatch;
  /** When the wall clock was set, in virtual time. */
  readonly #leapsAtMs: number[] = [];
  #smallJumpsLeftMs = smallJumpsMs;
  #hasFarJump = false;
  #fullUntilMs = 0;

  constructor(seed: number) {
    this.simulation = new Simulation(seed);
    this.#longHang = longHangOf(seed);
    const { random } = this.simulation;
    this.#random = random.fork('storm');
    this.#retention = new RetentionWatch(this.tally);
    const under = new OneNode(this.simulation, this.#longHang?.isWatched ?? seed % 2 === 0, (request, outcome) =>
      this.#load.proposalEnded(request, outcome),
    );
    this.#under = under;
    this.#load = new Load(random.fork('load'), under, this.tally, () => this.simulation.nowMs);
    this.#hangs = new Hangs(this.simulation, under, random.fork('hangs'), this.tally);
    this.#runs = new Runs(random.fork('runs'), under, this.tally, (delayMs, act) =>
      this.simulation.after(delayMs, act),
    );
    this.#stops = new Stops(random.fork('stops'), under, this.tally);
  }

  run(): void {
    this.#until(
      'the jobs are created',
      () => this.#load.isComplete,
      () => this.#load.createMissing(),
    );
    this.#check(null);
    const endMs = this.simulation.nowMs + stormMs;
    while (this.simulation.nowMs < endMs) {
      // Often so soon that what was just begun is still under way.
      this.simulation.runFor(this.#random.below(3) === 0 ? this.#random.below(6) : this.#random.below(1_500));
      this.#mischief();
      this.#keepRunning();
      this.#check(null);
    }
    this.#under.node.disk.capacityBytes = null;
    this.#fullUntilMs = 0;
    this.#calm();
    this.#check(this.#under.node.wallNow() - recordedWithinMs);
    if (this.#longHang !== null) {
      this.#hangs.outliveLease(this.#longHang.who);
      this.#check(this.#under.node.wallNow() - recordedWithinMs);
    }
    this.#settle();
  }

  #mischief(): void {
    const choice = this.#random.below(29);
    if (choice < 4) this.#crashNode();
    else if (choice < 5) this.#stopNode();
    else if (choice < 10) this.#crashActor();
    else if (choice < 12) this.#setClock();
    else if (choice < 13) this.#fillDisk();
    else if (choice < 16) this.#runs.run();
    else if (choice < 18) this.#hangs.strike();
    else if (choice < 21) this.#stops.stop();
    else this.#load.disturb();
  }

  #check(recordedUntilMs: number | null): void {
    const { node, machine } = this.#under;
    const failures = node.events.flatMap((event) => (event.type === 'actorFailed' ? [event.error] : []));
    expect(failures.filter((error) => !isOurs(error))).toEqual([]);
    const reader = this.#under.read();
    const store = this.#under.stateStore();
    if (reader === null || store === null) return;
    const { tally } = this;
    checkHash(store, tally);
    const judgedAfterMs = (job: JobRecord): number => this.#spans.judgedAfterMs(job);
    checkJobs(reader, { compile, begun: machine.begun, judgedAfterMs, recordedUntilMs, tally });
    this.#retention.check(reader, machine);
    checkPauses(reader, machine, this.#leapsAtMs, tally);
    this.#load.check(reader);
    this.#runs.check(reader);
    this.#stops.check(reader);
  }

  #crashNode(): void {
    if (!this.#under.node.running) return;
    this.tally.count('node crashed');
    this.tally.count('P4: execution interrupted by a crash ended', this.#under.machine.running.length);
    this.#under.crash();
    this.#load.connectionLost();
    this.simulation.runFor(this.#random.below(longestDownMs));
    this.#under.node.start();
  }

  /** As a signal does: whoever runs the node starts it again. */
  #stopNode(): void {
    const { node } = this.#under;
    if (!node.running) return;
    this.tally.count('node stopped and started');
    node.stop();
    this.simulation.runUntil(() => !node.running, stoppedWithinMs);
    this.#load.connectionLost();
    node.start();
  }

  #crashActor(): void {
    const actor = actors[this.#random.below(actors.length)];
    assert(actor !== undefined, 'there are actors');
    if (!this.#under.node.runs(actor)) return;
    this.tally.count(`${actor} crashed`);
    this.#under.node.crashActor(actor, ourFault);
  }

  #setClock(): void {
    const { node } = this.#under;
    this.#leapsAtMs.push(this.simulation.nowMs);
    const choice = this.#random.below(3);
    if (choice === 0) {
      this.tally.count('clock set back');
      node.jumpWallClock(-1 - this.#random.below(largestBackMs));
    } else if (choice === 1 && !this.#hasFarJump) {
      this.#hasFarJump = true;
      this.tally.count('clock set far forward');
      node.jumpWallClock(this.#random.between(90_000, 900_000));
    } else {
      const byMs = 1 + this.#random.below(10_000);
      if (byMs > this.#smallJumpsLeftMs) return;
      this.#smallJumpsLeftMs -= byMs;
      this.tally.count('clock set forward');
      node.jumpWallClock(byMs);
    }
  }

  #fillDisk(): void {
    const { disk } = this.#under.node;
    this.tally.count('disk filled');
    disk.capacityBytes = disk.usedBytes + this.#random.below(spareBytes);
    this.#fullUntilMs = this.simulation.nowMs + this.#random.below(longestFullMs);
  }

  /** Somebody frees space, and starts a node that stopped by itself, because an actor could not be started. */
  #keepRunning(): void {
    const { node } = this.#under;
    if (this.#fullUntilMs <= this.simulation.nowMs) node.disk.capacityBytes = null;
    if (node.running) return;
    const last = node.events.findLast((event) => event.type === 'nodeStopping');
    expect(isOurs(last?.message ?? ''), `why the node stopped: ${last?.message}`).toBe(true);
    this.tally.count('node stopped by itself');
    this.#load.connectionLost();
    node.start();
  }

  #calm(): void {
    this.#keepRunning();
    this.simulation.runFor(calmMs);
    assert(this.#under.node.running, 'a node that nobody troubles goes on');
  }

  #settle(): void {
    this.#until(
      'the jobs are switched off',
      () => this.#load.isDisabled,
      () => this.#load.disableAll(),
    );
    this.#calm();
    this.#check(null);
    const reader = this.#under.read();
    assert(reader !== null, 'the node runs');
    checkSettled(reader, this.#under.machine.begun);
    checkRetention(reader, this.#under.machine.begun, this.#under.node.wallNow(), this.tally);
    expect(this.#under.machine.running, 'processes at the end').toEqual([]);
    const compared = this.#under.node.metrics.readCounters().get('state_checks');
    this.tally.count('P6: hash of the state compared with the log', compared ?? 0);
    this.tally.count('P1: no due time twice after the clock was set back', this.tally.of('clock set back'));
  }

  #until(what: string, isDone: () => boolean, act: () => void): void {
    for (let tries = 0; !isDone(); tries += 1) {
      assert(tries < 200, `${what} within 20 s`);
      act();
      this.simulation.runFor(100);
    }
  }
}

function compile(job: JobRecord): Schedule {
  const compiled = schedules.compile(job.schedule, job.name, job.timezone);
  assert(compiled.ok, 'a stored schedule is valid');
  return compiled.schedule;
}
