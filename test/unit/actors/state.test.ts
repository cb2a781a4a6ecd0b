import { beforeEach, describe, expect, it } from 'vitest';
import type { CommittedEntry } from '../../../actors/cluster/log/protocol.ts';
import { definition } from '../../../actors/cluster/state/actor.ts';
import type { StateCommand, StateEvent, StateLookedOn } from '../../../actors/cluster/state/protocol.ts';
import { exitCodes } from '../../../actors/exit-codes.ts';
import type { Command, Origin } from '../../../src/core/jobs/commands.ts';
import { limits } from '../../../src/core/limits.ts';
import { epoch, jobName, logIndex, nodeName, term, wallMs, wallNs, wallNsOf } from '../../../src/core/units.ts';
import { StoreFull } from '../../../src/runtime/ports.ts';
import { localRef } from '../../../src/runtime/types.ts';
import { encodeEntry } from '../../../src/wire/entries.ts';
import { StateReader } from '../../../src/wire/state-reader.ts';
import { readChanges } from '../../../src/wire/told-changes.ts';
import { ActorHarness, startWallMs } from '../../support/fake-context.ts';
import { type MemoryStore, MemoryStores } from '../../support/memory-store.ts';
import { submitted, T0 } from '../../support/state-harness.ts';

const node = nodeName('n0');

/** The entry at an index: a job named after it. */
function entryAt(index: number, from: string = node): CommittedEntry {
  const origin: Origin = { node: nodeName(from), actor: 'api', epoch: 3, sequence: index };
  const command: Command = { type: 'setJob', nowMs: T0, job: submitted(`job${index}`), next: null };
  return { index: logIndex(index), term: term(1), entry: encodeEntry(origin, command) };
}

const barrierAt = (index: number): CommittedEntry => ({
  index: logIndex(index),
  term: term(1),
  entry: new Uint8Array(),
});

describe('the state', () => {
  let stores: MemoryStores;
  let store: MemoryStore;
  let state: ActorHarness<StateCommand>;

  function boot(): void {
    state = new ActorHarness<StateCommand>('state');
    state.start(definition, { nodeName: node }, { store: stores });
  }

  beforeEach(() => {
    stores = new MemoryStores();
    store = stores.open('state');
    boot();
  });

  const commit = (...entries: CommittedEntry[]): void => state.deliver({ type: 'committed', entries });
  const names = (): string[] => {
    const found: string[] = [];
    new StateReader(store).eachJob((job) => found.push(job.name));
    return found;
  };

  it('takes nothing that was on its way to the life before, until the log sends what follows', () => {
    commit(barrierAt(1), entryAt(2));
    store.settle();
    boot();
    commit(entryAt(4), entryAt(5));
    expect(names()).toEqual(['job2']);
    commit(entryAt(3), entryAt(4), entryAt(5));
    store.settle();
    expect(names()).toEqual(['job2', 'job3', 'job4', 'job5']);
  });

  it('asks the log for what comes after what it holds, in each life', () => {
    state.peerStarted('log');
    expect(state.takeMessages()).toMatchObject([{ type: 'follow', after: 0 }, { type: 'watchLeadership' }]);
    commit(barrierAt(1), entryAt(2));
    store.settle();
    boot();
    state.peerStarted('log');
    expect(state.takeMessages()).toMatchObject([{ type: 'follow', after: 2 }, { type: 'watchLeadership' }]);
  });

  it('says what changed, and answers who proposed, in the turn in which it is visible', () => {
    state.deliver({ type: 'watchState', watcher: localRef<StateEvent>('watcher') });
    state.takeMessages();
    commit(barrierAt(1), entryAt(2), entryAt(3, 'n1'));
    expect(names()).toEqual(['job2', 'job3']);
    expect(state.takeMessages()).toMatchObject([
      { type: 'changed', after: 0, appliedIndex: 3, changes: [{ type: 'jobSet' }, { type: 'jobSet' }] },
      { type: 'proposalApplied', epoch: 3, sequence: 2, index: 2, result: { type: 'done' } },
    ]);
  });

  it('answers a write to a job whose launch was claimed ahead when the time of the launch has come', () => {
    const command: Command = {
      type: 'launch',
      nowNs: wallNsOf(wallMs(startWallMs)),
      items: [
        {
          name: jobName('job4'),
          scheduleRevision: 1,
          scheduledAtMs: wallMs(startWallMs + 100),
          targets: [],
          next: null,
        },
      ],
    };
    const origin: Origin = { node: nodeName('n1'), actor: 'dispatcher', epoch: 3, sequence: 1 };
    const launch = { index: logIndex(2), term: term(1), entry: encodeEntry(origin, command) };
    commit(barrierAt(1), launch, entryAt(3), entryAt(4), entryAt(5));
    const answered = (): number[] =>
      state
        .takeMessages<StateEvent | { type: 'proposalApplied'; sequence: number }>()
        .flatMap((message) => (message.type === 'proposalApplied' ? [message.sequence] : []));
    expect(names()).toContain('job4');
    expect(answered()).toEqual([3, 5]);
    state.advance(99);
    expect(answered()).toEqual([]);
    state.advance(1);
    expect(answered()).toEqual([4]);
  });

  it('flushes some time after a change, one flush at a time, and tells the log how far it is durable', () => {
    commit(barrierAt(1), entryAt(2));
    expect(store.pendingCommits).toBe(0);
    state.advance(limits.stateFlushMs);
    commit(entryAt(3));
    state.advance(limits.stateFlushMs);
    expect(store.pendingCommits).toBe(1);
    state.takeMessages();
    store.flush();
    expect(state.takeMessages()).toMatchObject([{ type: 'applied', index: 3, durable: 2 }]);
    state.advance(limits.stateFlushMs);
    store.flush();
    expect(state.takeMessages()).toMatchObject([{ type: 'applied', index: 3, durable: 3 }]);
    state.advance(10 * limits.stateFlushMs);
    expect(store.pendingCommits).toBe(0);
  });

  it('tells the log what is applied before the flush when its window would become narrow', () => {
    const few = limits.unappliedEntries / 8;
    commit(...Array.from({ length: few - 1 }, (_, at) => barrierAt(at + 1)));
    expect(state.takeMessages()).toEqual([]);
    commit(barrierAt(few));
    expect(state.takeMessages()).toMatchObject([{ type: 'applied', index: few, durable: 0 }]);
  });

  it('stops the node when a flush fails', () => {
    commit(barrierAt(1));
    state.advance(limits.stateFlushMs);
    store.failure = new Error('input/output error');
    store.flush();
    expect(state.stoppedNode).toMatchObject({ exitCode: exitCodes.stateBroken });
  });

  it('tells who follows schedules only what concerns them, and of the begin of a term', () => {
    state.deliver({ type: 'watchState', watcher: localRef<StateEvent>('scheduler'), of: 'schedules' });
    commit(barrierAt(1), entryAt(2));
    store.settle();
    const stamps = BigInt(T0) * 1_000_000n;
    const run: Command = {
      type: 'run',
      nowNs: wallNs(stamps),
      name: jobName('job2'),
      targets: [{ node, epoch: epoch(1) }],
    };
    commit({
      index: logIndex(3),
      term: term(1),
      entry: encodeEntry({ node, actor: 'api', epoch: 3, sequence: 9 }, run),
    });
    store.settle();
    commit(entryAt(4), entryAt(5));
    store.settle();
    commit(barrierAt(6));
    store.settle();
    expect(state.takeMessages<{ type: string }>().filter(({ type }) => type === 'changed')).toMatchObject([
      { after: 0, appliedIndex: 2, changes: [{ type: 'jobSet' }] },
      { after: 2, appliedIndex: 5, changes: [{ type: 'jobSet' }, { type: 'jobSet' }] },
      { after: 5, appliedIndex: 6, changes: [] },
    ]);
  });

  it('tells who brings work to nodes nothing of jobs that are created', () => {
    state.deliver({ type: 'watchState', watcher: localRef<StateEvent>('dispatcher'), of: 'work' });
    commit(barrierAt(1), entryAt(2));
    store.settle();
    commit(entryAt(3));
    store.settle();
    const run: Command = {
      type: 'run',
      nowNs: wallNs(BigInt(T0) * 1_000_000n),
      name: jobName('job2'),
      targets: [{ node, epoch: epoch(1) }],
    };
    commit({
      index: logIndex(4),
      term: term(1),
      entry: encodeEntry({ node, actor: 'api', epoch: 3, sequence: 9 }, run),
    });
    store.settle();
    expect(state.takeMessages<{ type: string }>().filter(({ type }) => type === 'changed')).toMatchObject([
      { after: 0, appliedIndex: 2, changes: [] },
      { after: 2, appliedIndex: 4, changes: [{ type: 'executionOpened' }] },
    ]);
  });

  it('tells who only looks on in texts, and which jobs were written', () => {
    state.deliver({ type: 'watchState', watcher: localRef<StateLookedOn>('api'), of: 'texts' });
    commit(barrierAt(1), entryAt(2), entryAt(3));
    const told = state.takeMessages<StateLookedOn>().filter(({ type }) => type === 'stateTold' || type === 'following');
    expect(told).toMatchObject([
      { type: 'following', appliedIndex: 0 },
      { type: 'stateTold', after: 0, appliedIndex: 3, jobs: '["job2","job3"]', changes: [{ count: 2 }] },
    ]);
    expect(told.flatMap((event) => (event.type === 'stateTold' ? event.changes : [])).flatMap(readChanges)).toEqual([
      ['jobSet', 'job2', 'created', null],
      ['jobSet', 'job3', 'created', null],
    ]);
  });

  it('skips what it has applied, and fails on a gap', () => {
    commit(barrierAt(1), entryAt(2));
    store.settle();
    commit(barrierAt(1), entryAt(2), entryAt(3));
    store.settle();
    expect(names()).toEqual(['job2', 'job3']);
    expect(() => commit(entryAt(5))).toThrow('the log has a gap');
  });

  it('stops the node at an entry that it cannot read, and applies nothing of it', () => {
    const unknown = { ...entryAt(2), entry: Uint8Array.of(0x91, 0x07) };
    expect(() => commit(barrierAt(1), unknown)).toThrow();
    expect(state.stoppedNode).toMatchObject({ exitCode: exitCodes.stateBroken });
    expect(new StateReader(store).appliedIndex()).toBe(0);
  });

  it('waits for space and then goes on where it was', () => {
    store.failure = new StoreFull('no space');
    commit(barrierAt(1), entryAt(2));
    commit(entryAt(3));
    expect(names()).toEqual([]);
    store.failure = null;
    state.advance(1_000);
    store.settle();
    expect(names()).toEqual(['job2', 'job3']);
    expect(state.stoppedNode).toBeNull();
  });

  it('stops the node when its store fails otherwise', () => {
    store.failure = new Error('input/output error');
    commit(barrierAt(1));
    expect(state.stoppedNode).toMatchObject({ exitCode: exitCodes.stateBroken });
  });

  it('stops when what it holds is durable, and takes nothing on before', async () => {
    commit(barrierAt(1), entryAt(2));
    state.advance(limits.stateFlushMs);
    commit(entryAt(3));
    const stopped = state.stop();
    commit(entryAt(4));
    store.flush();
    expect(store.pendingCommits).toBe(1);
    store.flush();
    await stopped;
    expect(names()).toEqual(['job2', 'job3']);
  });

  it('stops although it waits for space: the next life applies what found none', async () => {
    store.failure = new StoreFull('no space');
    commit(barrierAt(1), entryAt(2));
    const stopped = state.stop();
    await stopped;
    store.failure = null;
    state.advance(5_000);
    boot();
    commit(barrierAt(1), entryAt(2));
    expect(names()).toEqual(['job2']);
  });

  it('answers a command that is sent again with the first answer, and does it once', () => {
    commit(barrierAt(1), entryAt(2));
    store.settle();
    state.deliver({ type: 'watchState', watcher: localRef<StateEvent>('watcher') });
    state.takeMessages();
    commit({ ...entryAt(2), index: logIndex(3) });
    store.settle();
    expect(state.takeMessages()).toMatchObject([
      { type: 'changed', appliedIndex: 3, changes: [] },
      { type: 'proposalApplied', sequence: 2, index: 3, result: { type: 'done' } },
    ]);
  });
});
