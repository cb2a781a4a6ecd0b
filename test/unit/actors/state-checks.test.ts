import { describe, expect, it } from 'vitest';
import type { CommittedEntry, LogCommand } from '../../../actors/cluster/log/protocol.ts';
import { definition } from '../../../actors/cluster/state/actor.ts';
import type { StateCommand } from '../../../actors/cluster/state/protocol.ts';
import { exitCodes } from '../../../actors/exit-codes.ts';
import { limits } from '../../../src/core/limits.ts';
import { jobName, logIndex, nodeName, term } from '../../../src/core/units.ts';
import { StoreFull } from '../../../src/runtime/ports.ts';
import { decodeEntry, encodeEntry } from '../../../src/wire/entries.ts';
import { STATE_HASH_FORMAT } from '../../../src/wire/state-hash.ts';
import { tableKey } from '../../../src/wire/state-keys.ts';
import { StateReader } from '../../../src/wire/state-reader.ts';
import { decodeJob, decodeStateCheck, encodeJob } from '../../../src/wire/state-records.ts';
import { ActorHarness } from '../../support/fake-context.ts';
import { type MemoryStore, MemoryStores } from '../../support/memory-store.ts';
import { submitted, T0 } from '../../support/state-harness.ts';

const node = nodeName('n0');
const CHECK_KEY = tableKey('meta', 'check');

/** A server with a state of its own, fed by hand with what the log holds. */
class Server {
  readonly stores = new MemoryStores();
  readonly store: MemoryStore = this.stores.open('state');
  actor = new ActorHarness<StateCommand>('state');

  constructor() {
    this.boot();
  }

  boot(): void {
    this.actor = new ActorHarness<StateCommand>('state');
    this.actor.start(definition, { nodeName: node }, { store: this.stores });
  }

  lead(): void {
    this.actor.deliver({ type: 'leadership', term: term(1), leader: node, isLeader: true, barrier: logIndex(1) });
  }

  commit(...entries: CommittedEntry[]): void {
    this.actor.deliver({ type: 'committed', entries });
    this.store.settle();
  }

  /** Commands that were proposed since the last call. */
  proposals(): Uint8Array[] {
    const messages = this.actor.takeMessages<LogCommand>();
    return messages.flatMap((message) => (message.type === 'propose' ? [message.entry] : []));
  }

  /** Changes a record behind the back of the state, as a bad disk would. */
  damage(name: string): void {
    const key = tableKey('jobs', name);
    const job = decodeJob(this.store.get(key) ?? new Uint8Array(0));
    this.write(key, encodeJob({ ...job, owner: 'nobody' }));
  }

  write(key: Uint8Array, value: Uint8Array | null): void {
    this.store.commit([{ key, value }], () => undefined);
    this.store.settle();
  }
}

const at = (index: number, entry: Uint8Array): CommittedEntry => ({ index: logIndex(index), term: term(1), entry });
const jobAt = (index: number): CommittedEntry =>
  at(
    index,
    encodeEntry(
      { node: nodeName('n1'), actor: 'api', epoch: 3, sequence: index },
      { type: 'setJob', nowMs: T0, job: submitted(`job${index}`), next: null },
    ),
  );
const markedIn = (entry: Uint8Array): unknown => {
  const { command } = decodeEntry(entry);
  return command.type === 'checkState' ? command.markedIndex : command.type;
};

describe("the checks of the state's hash", () => {
  it('are proposed by the leader a minute after a change, until all that changed was compared', () => {
    const server = new Server();
    server.lead();
    server.commit(jobAt(1));
    server.actor.advance(limits.stateCheckMs - 1);
    expect(server.proposals()).toEqual([]);
    for (const [index, marked] of [
      [2, 0],
      [3, 2],
    ] as const) {
      server.actor.advance(limits.stateCheckMs);
      const [check = new Uint8Array(0)] = server.proposals();
      expect(markedIn(check)).toBe(marked);
      server.commit(at(index, check));
    }
    server.proposals();
    server.actor.advance(limits.stateCheckMs * 5);
    expect(server.proposals()).toEqual([]);
    expect(server.actor.stoppedNode).toBeNull();
  });

  it('are proposed sooner when much is applied, and only by who leads', () => {
    const server = new Server();
    server.commit(...Array.from({ length: limits.entriesPerStateCheck }, (_, index) => jobAt(index + 1)));
    server.actor.advance(limits.stateCheckMs * 2);
    expect(server.proposals()).toEqual([]);
    server.lead();
    const [check = new Uint8Array(0), ...more] = server.proposals();
    expect(more).toEqual([]);
    expect(markedIn(check)).toBe(0);
    server.commit(jobAt(limits.entriesPerStateCheck + 1));
    expect(server.proposals()).toEqual([]);
  });

  /** The log of a leader: a job, a mark, another job, and the check of that mark. */
  function leadersLog(): CommittedEntry[] {
    const leader = new Server();
    leader.lead();
    const log = [jobAt(1)];
    for (const index of [2, 4]) {
      leader.commit(...log);
      leader.actor.advance(limits.stateCheckMs);
      const [check = new Uint8Array(0)] = leader.proposals();
      log.push(at(index, check));
      if (index === 2) log.push(jobAt(3));
    }
    leader.commit(...log, jobAt(5));
    expect(leader.actor.stoppedNode).toBeNull();
    return [...log, jobAt(5)];
  }

  it.each([1, 2, 3, 5])('are passed by a server that applies the same log in batches of %i', (size) => {
    const log = leadersLog();
    const server = new Server();
    for (let from = 0; from < log.length; from += size) server.commit(...log.slice(from, from + size));
    expect(server.actor.stoppedNode).toBeNull();
    expect(new StateReader(server.store).appliedIndex()).toBe(5);
  });

  it('stop a server whose state differed there, in this life and in the next, with nothing applied after', () => {
    const log = leadersLog();
    const server = new Server();
    const other = encodeEntry(
      { node: nodeName('n1'), actor: 'api', epoch: 3, sequence: 1 },
      { type: 'setJob', nowMs: T0, job: submitted('job1', { owner: 'another' }), next: null },
    );
    server.commit(at(1, other), ...log.slice(1));
    for (let life = 0; life < 2; life += 1) {
      expect(server.actor.stoppedNode?.exitCode).toBe(exitCodes.stateDiffers);
      expect(server.actor.stoppedNode?.message).toMatch(/behind entry 2 of the log .* carillon recover/);
      expect(new StateReader(server.store).appliedIndex()).toBe(2);
      server.boot();
      server.commit(...log.slice(2));
    }
  });

  it('of another format, or of a mark that is not known, are not compared', () => {
    const origin = { node, actor: 'state', epoch: 0, sequence: 1 };
    const server = new Server();
    const check = { type: 'checkState', markedIndex: 2, first: 1, second: 2 } as const;
    const mark = encodeEntry(origin, { ...check, format: STATE_HASH_FORMAT, markedIndex: 0 });
    const foreign = encodeEntry(origin, { ...check, format: STATE_HASH_FORMAT + 1 });
    const unknown = encodeEntry(origin, { ...check, format: STATE_HASH_FORMAT, markedIndex: 1 });
    server.commit(jobAt(1), at(2, mark), at(3, foreign), at(4, unknown));
    expect(server.actor.stoppedNode).toBeNull();
    server.commit(at(5, encodeEntry(origin, { ...check, format: STATE_HASH_FORMAT })));
    expect(server.actor.stoppedNode?.exitCode).toBe(exitCodes.stateDiffers);
  });
});

describe("the state's store, read at each start", () => {
  const jobs = Array.from({ length: limits.scannedRecords + 100 }, (_, index) => jobAt(index + 1));

  it('stops the node when it does not hold what was written to it, also far behind', () => {
    const server = new Server();
    server.commit(...jobs);
    server.damage('job999');
    server.boot();
    server.actor.advance(limits.scanPauseMs);
    expect(server.actor.stoppedNode).toBeNull();
    server.actor.advance(limits.scanPauseMs * 20);
    expect(server.actor.stoppedNode?.exitCode).toBe(exitCodes.stateDiffers);
    server.commit(jobAt(jobs.length + 1));
    expect(new StateReader(server.store).job(jobName(`job${jobs.length + 1}`))).toBeUndefined();
  });

  it('is read on while the state changes, before and behind what was read', () => {
    const server = new Server();
    server.commit(...jobs);
    server.boot();
    for (let turn = 0; turn < 20; turn += 1) {
      server.actor.advance(limits.scanPauseMs);
      server.commit(jobAt(jobs.length + turn + 1));
    }
    expect(server.actor.stoppedNode).toBeNull();
  });

  it('waits for a batch that finds no space', () => {
    const server = new Server();
    server.commit(...jobs);
    server.boot();
    server.store.failure = new StoreFull('no space');
    server.actor.deliver({ type: 'committed', entries: [jobAt(jobs.length + 1)] });
    server.actor.advance(limits.scanPauseMs * 20);
    server.store.failure = null;
    server.actor.advance(1_000);
    server.actor.advance(limits.scanPauseMs * 20);
    expect(server.actor.stoppedNode).toBeNull();
    server.damage('job1');
    server.boot();
    server.actor.advance(limits.scanPauseMs * 20);
    expect(server.actor.stoppedNode?.exitCode).toBe(exitCodes.stateDiffers);
  });

  it('gets its hash if it was written without one', () => {
    const server = new Server();
    server.commit(...jobs);
    const written = server.store.get(CHECK_KEY) ?? new Uint8Array(0);
    server.write(CHECK_KEY, null);
    server.boot();
    server.actor.advance(limits.scanPauseMs * 20);
    const last = jobAt(jobs.length);
    server.commit(at(jobs.length + 1, last.entry));
    const again = server.store.get(CHECK_KEY) ?? new Uint8Array(0);
    expect(decodeStateCheck(again).hash).toEqual(decodeStateCheck(written).hash);
    expect(server.actor.stoppedNode).toBeNull();
  });
});
