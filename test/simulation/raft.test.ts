import { describe, expect, it } from 'vitest';
import { Prng } from '../../src/core/prng.ts';
import type { VoterId } from '../../src/core/raft/entry.ts';
import { monoMs } from '../../src/core/units.ts';
import { RaftCluster } from '../support/raft-cluster.ts';
import { payloadText, type RaftVoter, textPayload } from '../support/raft-voter.ts';

const EVENTS_PER_VOTER = 1_000;
/** `RAFT_SEEDS=5000` looks longer. */
const SEEDS = Number(process.env.RAFT_SEEDS ?? 60);

/** How often each thing happens in one run, drawn from its seed: every run has its own weather (swarm testing). */
interface Weather {
  readonly drop: number;
  readonly duplicate: number;
  readonly reorder: number;
  readonly crash: number;
  readonly partition: number;
  readonly fullDisk: number;
  readonly lateTimer: number;
}

class Storm {
  readonly cluster: RaftCluster;
  readonly #random: Prng;
  readonly #weather: Weather;
  /** Sides of the partition; nobody listed: none. */
  #cutOff = new Set<VoterId>();
  #proposals = 0;
  #reads = 0;

  constructor(seed: number, size: number) {
    this.#random = new Prng(seed);
    const names = ['a', 'b', 'c', 'd', 'e'].slice(0, size);
    this.cluster = new RaftCluster(names, undefined, seed);
    const often = (most: number) => (this.#chance(50) ? 0 : this.#random.below(most));
    this.#weather = {
      drop: often(30),
      duplicate: often(20),
      reorder: often(60),
      crash: often(4),
      partition: often(4),
      fullDisk: often(10),
      lateTimer: often(20),
    };
  }

  /** True `percent` times in a hundred. */
  #chance(percent: number): boolean {
    return this.#random.below(100) < percent;
  }

  #pick<Item>(items: readonly Item[]): Item {
    const item = items[this.#random.below(items.length)];
    if (item === undefined) throw new Error('nothing to pick from');
    return item;
  }

  blow(): void {
    const { cluster } = this;
    const chance = this.#random.below(100);
    const up = cluster.up;
    if (this.#chance(this.#weather.crash)) this.#crashOrRestart();
    else if (this.#chance(this.#weather.partition)) this.#partition();
    else if (up.length === 0) return;
    else if (chance < 55) this.#deliver();
    else if (chance < 85) this.#flush(this.#pick(up));
    else if (chance < 88) this.#tick();
    else if (chance < 95) this.#ask(this.#pick(up));
    else this.#maintain(this.#pick(up));
    for (const voter of cluster.up) voter.core.check();
  }

  #deliver(): void {
    const { network } = this.cluster;
    const at = this.#chance(this.#weather.reorder) && network.length > 0 ? this.#random.below(network.length) : 0;
    const message = network[at];
    if (message === undefined) return;
    if (!this.#chance(this.#weather.duplicate)) network.splice(at, 1);
    const isCut = this.#cutOff.has(message.from) !== this.#cutOff.has(message.to);
    if (isCut || this.#chance(this.#weather.drop)) return;
    this.cluster.deliver(message);
  }

  #flush(voter: RaftVoter): void {
    if (this.#chance(this.#weather.fullDisk)) this.cluster.refuseFlush(voter);
    else this.cluster.flush(voter);
  }

  /** Time goes to the next deadline, or far beyond it: the node slept. */
  #tick(): void {
    const deadlines = this.cluster.up.map((voter) => voter.core.nextDeadline() ?? Number.POSITIVE_INFINITY);
    const next = Math.min(...deadlines);
    if (next === Number.POSITIVE_INFINITY) return;
    const late = this.#chance(this.#weather.lateTimer) ? this.#random.below(1_000) : 0;
    this.cluster.now = monoMs(Math.max(this.cluster.now, next + late));
    for (const voter of this.cluster.up) {
      const at = voter.core.nextDeadline();
      if (at !== null && at <= this.cluster.now) this.cluster.step(voter, { type: 'tick', now: this.cluster.now });
    }
  }

  #ask(voter: RaftVoter): void {
    const { now } = this.cluster;
    if (this.#chance(25)) {
      this.#reads += 1;
      this.cluster.step(voter, { type: 'readIndex', now, id: this.#reads });
      return;
    }
    const payloads = Array.from({ length: 1 + this.#random.below(6) }, () => {
      this.#proposals += 1;
      return textPayload(`command ${this.#proposals}`);
    });
    this.cluster.step(voter, { type: 'propose', now, payloads });
  }

  #maintain(voter: RaftVoter): void {
    const { now, voters } = this.cluster;
    const other = this.#pick([...voters.keys()]);
    const kind = this.#random.below(4);
    if (kind < 2) this.cluster.compact(voter);
    else if (kind === 2) this.cluster.step(voter, { type: 'transferLeadership', now, to: other });
    else this.cluster.step(voter, { type: 'peerLost', now, peer: other });
  }

  #crashOrRestart(): void {
    const voter = this.#pick([...this.cluster.voters.values()]);
    if (this.cluster.down.has(voter.id)) this.cluster.restart(voter);
    else this.cluster.crash(voter);
  }

  #partition(): void {
    const heals = this.#chance(50);
    this.#cutOff = new Set([...this.cluster.voters.keys()].filter(() => !heals && this.#chance(50)));
  }

  /** Everything works again: from now on there must be progress. */
  calm(): void {
    this.#cutOff.clear();
    for (const id of [...this.cluster.down]) {
      const voter = this.cluster.voters.get(id);
      if (voter !== undefined) this.cluster.restart(voter);
    }
  }

  /** One round of a healthy cluster: all messages and flushes, until nothing is left, then time goes on. */
  round(): void {
    const { cluster } = this;
    while (cluster.network.length > 0 || cluster.up.some((voter) => voter.pending.length > 0)) {
      const messages = cluster.network;
      cluster.network = [];
      for (const message of messages) cluster.deliver(message);
      for (const voter of cluster.up) {
        while (voter.pending.length > 0) cluster.flush(voter);
      }
    }
    const deadlines = cluster.up.map((voter) => voter.core.nextDeadline() ?? cluster.now);
    cluster.now = monoMs(Math.max(cluster.now, Math.min(...deadlines)));
    for (const voter of cluster.up) {
      const at = voter.core.nextDeadline();
      if (at !== null && at <= cluster.now) cluster.step(voter, { type: 'tick', now: cluster.now });
    }
  }
}

/** After the storm: one leader, and a new proposal and a read get through to the end. */
function demandProgress(storm: Storm): void {
  const { cluster } = storm;
  const isRead = () => [...cluster.readsDone.keys()].some((id) => id >= 1_000_000);
  const isDone = () => cluster.committed.some((entry) => payloadText(entry) === 'after the storm');
  storm.calm();
  for (let round = 0; round < 200; round += 1) {
    const leader = cluster.leaders[0];
    const { now } = cluster;
    if (leader !== undefined && !isDone()) {
      cluster.step(leader, { type: 'propose', now, payloads: [textPayload('after the storm')] });
    }
    if (leader !== undefined && !isRead()) cluster.step(leader, { type: 'readIndex', now, id: 1_000_000 + round });
    storm.round();
  }
  expect(cluster.leaders).toHaveLength(1);
  expect(isDone()).toBe(true);
  for (const voter of cluster.up) expect(cluster.published(voter)).toBe(cluster.committed.length);
  expect(isRead()).toBe(true);
}

describe('a cluster of voters under drops, delays, duplicates, partitions, crashes and full disks', () => {
  for (const size of [1, 2, 3, 5]) {
    it(`keeps the properties of thesis figure 3.2 and recovers (${size} voters, ${SEEDS} seeds)`, () => {
      let committed = 0;
      for (let seed = 1; seed <= SEEDS; seed += 1) {
        const storm = new Storm(seed * 8 + size, size);
        try {
          for (let event = 0; event < EVENTS_PER_VOTER * size; event += 1) storm.blow();
          demandProgress(storm);
        } catch (error) {
          throw new Error(`seed ${seed}, ${size} voters: ${error instanceof Error ? error.message : String(error)}`, {
            cause: error,
          });
        }
        committed += storm.cluster.committed.length;
      }
      // The weather must leave something to judge.
      expect(committed / SEEDS).toBeGreaterThan(20);
    }, 120_000);
  }
});
