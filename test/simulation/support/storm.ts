import { expect } from 'vitest';
import { exitCodes } from '../../../actors/exit-codes.ts';
import { assert } from '../../../src/core/assert.ts';
import type { Prng } from '../../../src/core/prng.ts';
import { Simulation } from '../../../src/runtime/simulation/simulation.ts';
import type { StateReader } from '../../../src/wire/state-reader.ts';
import { brokenDisk, DiskFaults, ourFault } from './disk-faults.ts';
import { EventListener } from './event-listener.ts';
import { Hangs, type LongHang, longHangOf } from './hangs.ts';
import { checkHash } from './hash-invariant.ts';
import { JudgedSpans } from './judged-spans.ts';
import { checkJobs } from './launch-invariants.ts';
import { Load } from './load.ts';
import { Memory } from './memory.ts';
import { compileStored, fewExecutions, OneNode } from './one-node.ts';
import { Pace } from './pace-invariant.ts';
import { checkRetention, RetentionWatch } from './retention-invariants.ts';
import { checkPauses } from './retry-invariants.ts';
import { Runs } from './runs.ts';
import { checkRetried, checkSettled, withoutProcess } from './settled-invariants.ts';
import { Starts } from './starts.ts';
import { Stops } from './stops.ts';
import { actors, Tally } from './tally.ts';
import { TouchedJobs } from './touched-jobs.ts';

/** Virtual times. */
const stormMs = 60_000;
const longestDownMs = 5_000;
/** The end of a thread that hung. */
const isOurs = (error: string): boolean => error.includes(ourFault) || error.endsWith('killed');
/** After the storm: enough to restart, and to catch up. */
const calmMs = 30_000;
/** Enough to end whatever was open. */
const longCalmMs = 30_000;
/** A due time has its record so long after, when nothing crashes. */
const recordedWithinMs = 2_000;
/** A stopping node waits for its executions, and for the requests that wait for them. */
const stoppedWithinMs = 30_000;
/** What starts or ends has its record so long after. */
const onItsWayMs = 1_000;
/** What has noticed a fault stops its node by then. */
const noticedWithinMs = 100;
/** Due times of small jumps are launched late, and their executions have to stay below retention. */
const smallJumpsMs = 30_000;
const largestBackMs = 15_000;

const flushExitCodes: readonly (number | null)[] = [
  exitCodes.logNotFlushed,
  exitCodes.stateBroken,
  exitCodes.journalBroken,
];

/** One run: a node, its clients, and what happens to it, all drawn from the seed. */
export class Storm {
  readonly simulation: Simulation;
  readonly tally = new Tally();
  readonly #load: Load;
  readonly #listener: EventListener;
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
  readonly #starts: Starts;
  readonly #memory: Memory;
  readonly #pace: Pace;
  readonly #disk: DiskFaults;
  /** What was judged last. */
  #judged = '';
  #smallJumpsLeftMs = smallJumpsMs;
  #hasFarJump = false;

  constructor(seed: number) {
    this.simulation = new Simulation(seed);
    this.#longHang = longHangOf(seed);
    const { random } = this.simulation;
    this.#random = random.fork('storm');
    this.#retention = new RetentionWatch(this.tally);
    const isWatched = this.#longHang?.isWatched ?? seed % 2 === 0;
    const under = new OneNode(this.simulation, isWatched, seed % 3 === 0 ? 0 : fewExecutions, (request, outcome) =>
      this.#load.proposalEnded(request, outcome),
    );
    this.#under = under;
    this.#load = new Load(random.fork('load'), under, this.tally, () => this.simulation.nowMs);
    this.#hangs = new Hangs(this.simulation, under, random.fork('hangs'), this.tally);
    this.#starts = new Starts(under, this.tally);
    this.#memory = new Memory(this.tally);
    this.#pace = new Pace(this.tally);
    this.#disk = new DiskFaults(this.simulation, under, this.#random, this.tally);
    this.#runs = new Runs(random.fork('runs'), under, this.tally, (delayMs, act) =>
      this.simulation.after(delayMs, act),
    );
    this.#listener = new EventListener(random.fork('events'), under, this.tally);
    this.#stops = new Stops(random.fork('stops'), under, this.tally);
    this.simulation.afterEvent = new TouchedJobs(under, {
      judgedAfterMs: this.#spans.judgedAfterMs,
      load: this.#load,
      memory: this.#memory,
      retention: this.#retention,
      tally: this.tally,
    }).judge;
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
      this.#load.disturb();
      this.#listener.disturb();
      this.#mischief();
      this.#keepRunning();
      this.#check(null);
    }
    this.#disk.free();
    this.#calm(calmMs);
    this.#check(this.#under.node.wallNow() - recordedWithinMs);
    this.#checkHeld();
    if (this.#longHang !== null) {
      this.#hangs.outliveLease(this.#longHang.who);
      this.#check(this.#under.node.wallNow() - recordedWithinMs);
    }
    this.#settle();
  }

  #mischief(): void {
    const choice = this.#random.below(30);
    if (choice < 4) this.#crashNode();
    else if (choice < 5) this.#stopNode();
    else if (choice < 10) this.#crashActor();
    else if (choice < 12) this.#setClock();
    else if (choice < 13) this.#disk.fill();
    else if (choice < 14) this.#disk.slow();
    else if (choice < 15) this.#disk.break();
    else if (choice < 18) this.#runs.run();
    else if (choice < 20) this.#hangs.strike();
    else if (choice < 23) this.#stops.stop();
    else this.#load.disturb();
  }

  #check(recordedUntilMs: number | null): void {
    const { node, machine } = this.#under;
    const failures = node.events.flatMap((event) => (event.type === 'actorFailed' ? [event.error] : []));
    expect(failures.filter((error) => !isOurs(error))).toEqual([]);
    expect(this.#starts.wrong).toEqual([]);
    const reader = this.#under.read();
    const store = this.#under.stateStore();
    if (reader === null || store === null) return;
    const { tally } = this;
    this.#pace.check(reader, this.simulation.nowMs);
    if (recordedUntilMs !== null || this.#hasMoved(reader)) {
      checkHash(store, tally);
      const judgedAfterMs = this.#spans.judgedAfterMs;
      checkJobs(reader, { compile: compileStored, machine, judgedAfterMs, recordedUntilMs, tally });
    }
    this.#retention.check(reader, machine);
    checkPauses(reader, machine, this.#leapsAtMs, tally);
    this.#load.check(reader);
    this.#runs.check(reader);
    this.#stops.check(reader);
    this.#memory.check(reader, compileStored, this.#starts.latestWallMs());
  }

  /** Whether something was stored, started or lost since it was asked last: the same is not judged twice. */
  #hasMoved(reader: StateReader): boolean {
    const { machine, lives } = this.#under;
    const seen = `${reader.appliedIndex()} ${machine.begun.length} ${lives}`;
    if (seen === this.#judged) return false;
    this.#judged = seen;
    return true;
  }

  #crashNode(): void {
    if (!this.#under.node.running) return;
    this.tally.count('node crashed');
    this.#countUnderWay();
    this.tally.count('P4: execution interrupted by a crash ended', this.#under.machine.running.length);
    const { torn, published } = this.#under.node.disk;
    const { kept, lost } = torn;
    const { kept: publishedBefore, takenBack } = published;
    this.#under.crash();
    this.tally.count('commit kept that was not flushed', torn.kept - kept);
    this.tally.count('commit lost that was not flushed', torn.lost - lost);
    this.#load.connectionLost();
    this.simulation.runFor(this.#random.below(longestDownMs));
    this.#under.node.start();
    this.tally.count('change published, not flushed, and there after a crash', published.kept - publishedBefore);
    this.tally.count('change published, not flushed, and taken back by a crash', published.takenBack - takenBack);
  }

  /** Where in the life of a launch or a write the crash strikes. */
  #countUnderWay(): void {
    const { node, machine } = this.#under;
    if (node.disk.isFlushing('log')) this.tally.count('crash while the log was flushed');
    if (node.disk.isFlushing('state')) this.tally.count('crash while the state was written');
    if (node.disk.isFlushing('work')) this.tally.count('crash while the journal was flushed');
    const begun = new Set(machine.begun.map(({ executionId }) => executionId));
    const running = new Set(machine.running);
    this.#under.read()?.eachOpenExecution(({ stamp, node: name }) => {
      const id = `${stamp}-${name}`;
      if (!begun.has(id)) this.tally.count('crash between a launch and its start');
      else if (!running.has(id)) this.tally.count('crash between an end and its record');
    });
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
    this.#starts.latestWallMs();
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

  /** Somebody frees space, mends the disk, and starts a node that stopped by itself, because an actor could not be started. */
  #keepRunning(): void {
    const { node } = this.#under;
    this.#disk.freeInTime();
    if (node.running) return;
    const last = node.events.findLast((event) => event.type === 'nodeStopping');
    expect(isOurs(last?.message ?? ''), `why the node stopped: ${last?.message}`).toBe(true);
    this.tally.count('node stopped by itself');
    if (last?.message.includes(brokenDisk) === true) {
      this.tally.count('P6: node stopped by a failed flush');
      expect(flushExitCodes, 'exit code after a failed flush').toContain(last.exitCode);
    }
    this.#load.connectionLost();
    node.start();
  }

  #calm(durationMs: number): void {
    const { node } = this.#under;
    this.#keepRunning();
    node.disk.flushError = null;
    this.simulation.runFor(noticedWithinMs);
    const last = node.events.findLast(({ type }) => type === 'nodeStopping' || type === 'actorStarting');
    if (last?.type === 'nodeStopping') this.simulation.runUntil(() => !node.running, stoppedWithinMs);
    this.#keepRunning();
    this.simulation.runFor(durationMs);
    assert(this.#under.node.running, 'a node that nobody troubles goes on');
  }

  /** After a while without faults nothing is forgotten that is open. */
  #checkHeld(): void {
    const { node, machine } = this.#under;
    const look = (): string[] => {
      const reader = this.#under.read();
      assert(reader !== null, 'the node runs');
      checkRetried(reader, node.wallNow(), this.tally);
      return withoutProcess(reader, machine.running);
    };
    const before = new Set(look());
    this.simulation.runFor(onItsWayMs);
    expect(
      look().filter((one) => before.has(one)),
      'P4: open executions of which nothing runs',
    ).toEqual([]);
    this.tally.count('P4: nothing open of which nothing runs');
  }

  #settle(): void {
    this.#until(
      'the jobs are switched off',
      () => this.#load.isDisabled,
      () => this.#load.disableAll(),
    );
    this.#calm(longCalmMs);
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
