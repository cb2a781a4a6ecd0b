import { expect } from 'vitest';
import { givenUpAfterMs } from '../../../src/core/dispatch/leases.ts';
import type { ExecutionRecord } from '../../../src/core/jobs/records.ts';
import { limits } from '../../../src/core/limits.ts';
import type { Prng } from '../../../src/core/prng.ts';
import { executionId } from '../../../src/core/units.ts';
import type { Simulation } from '../../../src/runtime/simulation/simulation.ts';
import { exclusiveJobs } from './jobs.ts';
import { hangMs, type OneNode } from './one-node.ts';
import { lostLease } from './starts.ts';
import { actors, type Tally } from './tally.ts';

/** Longer than the lease and its grace. */
const longMs = 45_000;
/** For what follows from the end of a lease, or from a restart, to be recorded: what was lost with it is handed over again. */
const recordedMs = limits.dueRetryMs + 3_000;
const begunMs = 1_000;
const shortestLongMs = 10_000;
const longestShortMs = 3_000;

/** What hangs for longer than the lease, in which kind of node. */
export interface LongHang {
  readonly who: 'executor' | 'dispatcher' | 'node';
  readonly isWatched: boolean;
}

/** By the seed and not by chance: few seeds in a row see them all. Half of the storms have none. */
const longHangs: readonly LongHang[] = [
  { who: 'executor', isWatched: false },
  { who: 'dispatcher', isWatched: false },
  { who: 'node', isWatched: false },
  { who: 'executor', isWatched: true },
  { who: 'dispatcher', isWatched: true },
];

export const longHangOf = (seed: number): LongHang | null => longHangs[(seed - 1) % (2 * longHangs.length)] ?? null;

/** Threads that stand still for a while, with and without somebody who watches them. */
export class Hangs {
  readonly #simulation: Simulation;
  readonly #under: OneNode;
  readonly #random: Prng;
  readonly #tally: Tally;

  constructor(simulation: Simulation, under: OneNode, random: Prng, tally: Tally) {
    this.#simulation = simulation;
    this.#under = under;
    this.#random = random;
    this.#tally = tally;
  }

  /** In the midst of everything else. */
  strike(): void {
    const actor = actors[this.#random.below(actors.length)] ?? 'log';
    if (!this.#under.node.runs(actor)) return;
    this.#tally.count(`${actor} hung`);
    const isLong = this.#random.below(4) === 0;
    const durationMs = isLong
      ? this.#random.between(shortestLongMs, hangMs + 2_000)
      : this.#random.below(longestShortMs);
    this.#under.node.hangActor(actor, durationMs);
  }

  /** Of a node that is well: for longer than the lease, with nothing else amiss. */
  outliveLease(who: LongHang['who']): void {
    // By hand, or what must not overlap might be over before its lease is.
    this.#under.http.request('POST', '/v1/jobs/slow/run', '', () => undefined);
    this.#simulation.runFor(begunMs);
    const open = this.#open();
    const alone = this.#runningAlone();
    if (who === 'node') {
      this.#tally.count('node stood still');
      this.#under.node.freeze(longMs);
      this.#seeNothingLost(open);
      return;
    }
    this.#tally.count(`${who} hung for longer than its lease`);
    this.#under.node.hangActor(who, longMs);
    if (this.#under.isWatched) this.#seeItRestarted(who, open);
    else if (who === 'executor') this.#seeItsWorkLost(open);
    else this.#seeNothingLeftAlone(alone);
  }

  /** P4: what the executor ran is lost when its lease ends, and what became of it is noted later. */
  #seeItsWorkLost(open: readonly ExecutionRecord[]): void {
    this.#simulation.runFor(givenUpAfterMs + recordedMs);
    const lost = open.flatMap((record) => this.#again(record)).filter(({ outcome }) => outcome === 'lost');
    expect(open.filter((record) => this.#again(record)[0]?.outcome === 'running')).toEqual([]);
    for (const record of lost) expect(this.#outputOf(record)).toMatch(lostLease);
    this.#tally.count('P4: execution lost at the end of its lease', lost.length);
    this.#simulation.runFor(longMs - givenUpAfterMs + limits.finishResendMs);
    for (const record of lost) {
      expect(this.#again(record)[0]?.late, `${record.job}: how ${record.stamp} ended after all`).not.toBeNull();
      this.#tally.count('P4: end noted of a lost execution');
    }
  }

  /** P3: without a leader, a node ends what must not overlap before the leader's patience is over. */
  #seeNothingLeftAlone(alone: readonly string[]): void {
    this.#simulation.runFor(limits.leaseMs + limits.leaseStopMs);
    expect(this.#under.machine.running.filter((id) => alone.includes(id))).toEqual([]);
    this.#simulation.runFor(longMs - limits.leaseMs + recordedMs);
    const ended = this.#executions().filter((record) => alone.includes(executionId(record.stamp, record.node)));
    const revoked = ended.filter((record) => /had no word from the leader/.test(this.#outputOf(record)));
    for (const { outcome } of revoked) expect(outcome).toBe('failed');
    this.#tally.count('P3: ended by its node without a leader', revoked.length);
  }

  /** P4: while the leader stands still, no lease ends; and its node asks it before it ends anything. */
  #seeNothingLost(open: readonly ExecutionRecord[]): void {
    this.#simulation.runFor(longMs + recordedMs);
    for (const record of open) {
      expect(this.#outputOf(record)).not.toMatch(/not heard of|had no word/);
      this.#tally.count('P4: lease outlived a pause');
    }
  }

  /** P4: the watchdog ends the thread; what its life left is settled by the next one. */
  #seeItRestarted(actor: string, open: readonly ExecutionRecord[]): void {
    this.#simulation.runFor(hangMs + recordedMs);
    const killed = this.#under.node.events.some(
      (event) => event.type === 'actorKilled' && event.actor === actor && event.missed === 'answer',
    );
    expect(killed, `${actor} was ended by its watchdog`).toBe(true);
    this.#tally.count('P4: hung actor restarted');
    if (actor !== 'executor') return;
    for (const before of open) {
      const [now] = this.#again(before);
      const isLeft = now?.outcome === 'running' && now.epoch === before.epoch;
      expect(isLeft, `${before.job}: ${before.stamp} is settled`).toBe(false);
    }
  }

  #open(): ExecutionRecord[] {
    const open: ExecutionRecord[] = [];
    this.#under.read()?.eachOpenExecution((record) => open.push(record));
    return open;
  }

  #executions(): ExecutionRecord[] {
    const reader = this.#under.read();
    return exclusiveJobs.flatMap((name) => [...(reader?.executions(name) ?? [])]);
  }

  #again({ job, stamp, node }: ExecutionRecord): ExecutionRecord[] {
    const record = this.#under.read()?.execution(job, executionId(stamp, node));
    return record === undefined ? [] : [record];
  }

  #outputOf(record: ExecutionRecord): string {
    return new TextDecoder().decode(this.#under.read()?.output(record));
  }

  #runningAlone(): string[] {
    const { begun, running } = this.#under.machine;
    const names: readonly string[] = exclusiveJobs;
    return begun
      .filter(({ executionId: id, jobName }) => running.includes(id) && names.includes(jobName))
      .map(({ executionId: id }) => id);
  }
}
