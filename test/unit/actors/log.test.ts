import { beforeEach, describe, expect, it } from 'vitest';
import { definition } from '../../../actors/cluster/log/actor.ts';
import type {
  CommittedEntry,
  LeadershipEvent,
  LogCommand,
  LogEvent,
  LogRefusal,
} from '../../../actors/cluster/log/protocol.ts';
import { exitCodes } from '../../../actors/exit-codes.ts';
import { limits } from '../../../src/core/limits.ts';
import { logIndex, nodeName } from '../../../src/core/units.ts';
import { StoreFull } from '../../../src/runtime/ports.ts';
import { localRef } from '../../../src/runtime/types.ts';
import { decodeIdentity, entryKey, logKeys } from '../../../src/wire/log-records.ts';
import { ActorHarness } from '../../support/fake-context.ts';
import { type MemoryStore, MemoryStores } from '../../support/memory-store.ts';

const state = localRef<LogEvent>('state');
const watcher = localRef<LeadershipEvent>('watcher');
const proposer = localRef<LogRefusal>('proposer');
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (entry: CommittedEntry): string => new TextDecoder().decode(entry.entry);

let stores: MemoryStores;
let store: MemoryStore;
let log: ActorHarness<LogCommand>;

function boot(bootstrap = true): void {
  store.crash();
  log = new ActorHarness<LogCommand>('log');
  log.start(definition, { nodeName: nodeName('n0'), bootstrap }, { store: stores });
}

/** Started, elected, its barrier committed, with a follower from the start. */
function bootLeader(after = 0): void {
  boot();
  log.deliver({ type: 'watchLeadership', watcher });
  log.deliver({ type: 'follow', after: logIndex(after), follower: state });
  store.settle();
}

const propose = (sequence: number, entry = bytes(`command ${sequence}`), fromReserve = false): void =>
  log.deliver({ type: 'propose', sequence, entry, fromReserve, refusals: proposer });
const applied = (index: number, durable = index): void =>
  log.deliver({ type: 'applied', index: logIndex(index), durable: logIndex(durable) });
const entriesSent = (): CommittedEntry[] => log.messages<LogEvent>('state').flatMap((event) => [...event.entries]);
const refusals = (): LogRefusal[] => log.messages<LogRefusal>('proposer');
const lastLeadership = (): LeadershipEvent | undefined => log.messages<LeadershipEvent>('watcher').at(-1);

/** Proposes and applies until the log holds this many entries. */
function grow(to: number): void {
  for (let index = entriesSent().at(-1)?.index ?? 0; index < to; index += 1) {
    propose(index);
    store.settle();
    applied(index + 1);
  }
}

beforeEach(() => {
  stores = new MemoryStores();
  store = stores.open('log');
});

describe('a log of one voter', () => {
  it('leads at once, without a time-out, and says so when its barrier is durable', () => {
    boot();
    log.deliver({ type: 'watchLeadership', watcher });
    expect(lastLeadership()).toMatchObject({ leader: null, isLeader: false });
    store.flush();
    expect(lastLeadership()).toMatchObject({ isLeader: false });
    store.flush();
    expect(lastLeadership()).toEqual({ type: 'leadership', term: 1, leader: 'n0', isLeader: true, barrier: 1 });
  });

  it('shows an entry after its flush and not before', () => {
    bootLeader();
    propose(1);
    expect(store.pendingCommits).toBe(1);
    expect(entriesSent()).toHaveLength(1);
    store.flush();
    expect(entriesSent().map(text)).toEqual(['', 'command 1']);
    expect(entriesSent().map((entry) => entry.index)).toEqual([1, 2]);
  });

  it('makes one commit of all that comes during a flush', () => {
    bootLeader();
    propose(1);
    for (let sequence = 2; sequence <= 50; sequence += 1) propose(sequence);
    expect(store.pendingCommits).toBe(1);
    store.flush();
    expect(entriesSent()).toHaveLength(2);
    expect(store.pendingCommits).toBe(1);
    store.flush();
    expect(entriesSent()).toHaveLength(51);
    expect(store.pendingCommits).toBe(0);
  });

  it('writes no more than one append holds in one commit', () => {
    bootLeader();
    const large = new Uint8Array(limits.bytesPerAppend / 4);
    for (let sequence = 1; sequence <= 6; sequence += 1) propose(sequence, large);
    store.flush();
    store.flush();
    expect(entriesSent()).toHaveLength(6);
    store.flush();
    expect(entriesSent()).toHaveLength(7);
  });

  it('keeps its identity, and founds a cluster only when it is told to', () => {
    boot(false);
    store.settle();
    const alone = decodeIdentity(store.get(logKeys.identity) ?? new Uint8Array());
    expect(alone.cluster).toBeNull();
    expect(alone.storeId).toMatch(/^[0-9a-f]{32}$/);
    propose(1);
    expect(refusals()).toEqual([{ type: 'proposalRefused', sequence: 1, reason: 'not_leader' }]);
    bootLeader();
    const founder = decodeIdentity(store.get(logKeys.identity) ?? new Uint8Array());
    expect(founder.storeId).toBe(alone.storeId);
    expect(founder.cluster?.voters).toEqual([alone.storeId]);
    bootLeader();
    expect(decodeIdentity(store.get(logKeys.identity) ?? new Uint8Array())).toEqual(founder);
  });

  it('refuses what no append can hold', () => {
    bootLeader();
    propose(1, new Uint8Array(limits.bytesPerAppend + 1));
    propose(2, new Uint8Array(limits.bytesPerAppend));
    store.settle();
    expect(refusals()).toEqual([{ type: 'proposalRefused', sequence: 1, reason: 'too_large' }]);
    expect(entriesSent()).toHaveLength(2);
  });

  it('refuses proposals beyond the bound of what is not committed', () => {
    bootLeader();
    const large = new Uint8Array(limits.bytesPerAppend);
    const fit = limits.uncommittedBytes / limits.bytesPerAppend;
    for (let sequence = 1; sequence <= fit + 2; sequence += 1) propose(sequence, large);
    expect(refusals().map(({ sequence, reason }) => [sequence, reason])).toEqual([
      [fit + 1, 'overloaded'],
      [fit + 2, 'overloaded'],
    ]);
    store.settle();
    propose(100);
    expect(refusals()).toHaveLength(2);
  });

  it('finishes what is on its way before it stops', async () => {
    bootLeader();
    propose(1);
    propose(2);
    const stopped = log.stop();
    store.settle();
    await stopped;
    bootLeader();
    expect(entriesSent().map(text)).toEqual(['', 'command 1', 'command 2', '']);
  });
});

describe('the window to the follower', () => {
  it('holds at most limits.unappliedEntries and opens with what is applied', () => {
    bootLeader();
    const total = limits.unappliedEntries + 500;
    for (let sequence = 1; sequence < total; sequence += 1) propose(sequence);
    store.settle();
    expect(entriesSent()).toHaveLength(limits.unappliedEntries);
    applied(100);
    expect(entriesSent()).toHaveLength(limits.unappliedEntries + 100);
    applied(limits.unappliedEntries);
    expect(entriesSent().map((entry) => entry.index)).toEqual(Array.from({ length: total }, (_, at) => at + 1));
  });

  it('holds at most limits.unappliedBytes', () => {
    bootLeader();
    const large = new Uint8Array(limits.bytesPerAppend);
    const fit = limits.unappliedBytes / limits.bytesPerAppend;
    for (let sequence = 1; sequence <= fit + 3; sequence += 1) {
      propose(sequence, large);
      store.settle();
    }
    expect(entriesSent()).toHaveLength(fit + 1);
    applied(3);
    expect(entriesSent()).toHaveLength(fit + 3);
  });

  it('serves a follower that restarts from any index, reading back what left memory', () => {
    bootLeader();
    const large = new Uint8Array(1 << 20);
    const total = limits.cachedBytes / large.length + 20;
    for (let sequence = 1; sequence < total; sequence += 1) {
      propose(sequence, large);
      store.settle();
      applied(sequence + 1);
    }
    for (const after of [0, 1, 5, total - 1, total]) {
      log.takeMessages();
      log.deliver({ type: 'follow', after: logIndex(after), follower: state });
      const indexes = entriesSent().map((entry) => entry.index);
      expect(indexes).toEqual(Array.from({ length: total - after }, (_, at) => after + at + 1));
    }
  });
});

describe('a restart', () => {
  it('finds all that was acknowledged, whatever was in flight when it died', () => {
    bootLeader();
    for (let sequence = 1; sequence <= 20; sequence += 1) {
      propose(sequence);
      if (sequence % 3 === 0) store.flush();
    }
    const shown = entriesSent();
    bootLeader();
    const found = entriesSent();
    expect(found.slice(0, shown.length)).toEqual(shown);
    // Only the new leader's barrier follows: what was not flushed is gone.
    expect(found).toHaveLength(shown.length + 1);
    expect(lastLeadership()).toMatchObject({ term: 2, isLeader: true, barrier: shown.length + 1 });
  });

  it('survives a death at every point of its life', () => {
    let acknowledged: string[] = [];
    for (let life = 1; life <= 12; life += 1) {
      boot();
      log.deliver({ type: 'follow', after: logIndex(0), follower: state });
      for (let event = 0; event < life; event += 1) {
        store.flush();
        propose(life * 100 + event);
      }
      const shown = entriesSent().map((entry) => `${entry.index} ${entry.term} ${text(entry)}`);
      expect(shown.slice(0, acknowledged.length)).toEqual(acknowledged.slice(0, shown.length));
      if (shown.length > acknowledged.length) acknowledged = shown;
    }
    bootLeader();
    const found = entriesSent().map((entry) => `${entry.index} ${entry.term} ${text(entry)}`);
    expect(found.slice(0, acknowledged.length)).toEqual(acknowledged);
    expect(acknowledged.length).toBeGreaterThan(20);
  });
});

describe('a full disk', () => {
  it('refuses the proposals of that commit and those behind it, shows nothing of them, and goes on', () => {
    bootLeader();
    propose(1);
    propose(2);
    propose(3);
    store.failure = new StoreFull('no space');
    store.flush();
    expect(refusals().map(({ sequence, reason }) => [sequence, reason])).toEqual([
      [1, 'storage_full'],
      [2, 'storage_full'],
      [3, 'storage_full'],
    ]);
    expect(log.stoppedNode).toBeNull();
    store.failure = null;
    propose(4);
    store.settle();
    expect(entriesSent().map(text)).toEqual(['', 'command 4']);
    bootLeader();
    expect(entriesSent().map(text)).toEqual(['', 'command 4', '']);
  });

  it('keeps the last of it for launches and ends, while it refuses changes of clients (P6)', () => {
    bootLeader();
    store.room = { freeBytes: limits.diskReserveBytes - 1, totalBytes: 1000 * limits.diskReserveBytes };
    propose(1);
    propose(2, bytes('finish'), true);
    store.settle();
    expect(refusals()).toMatchObject([{ sequence: 1, reason: 'storage_full' }]);
    expect(entriesSent().map(text)).toEqual(['', 'finish']);
    store.room = { freeBytes: limits.diskReserveBytes, totalBytes: 1000 * limits.diskReserveBytes };
    propose(3);
    store.settle();
    expect(entriesSent().map(text)).toEqual(['', 'finish', 'command 3']);
  });

  it('keeps a twentieth of a small one', () => {
    bootLeader();
    store.room = { freeBytes: 49, totalBytes: 1000 };
    propose(1);
    store.room = { freeBytes: 50, totalBytes: 1000 };
    propose(2);
    store.settle();
    expect(refusals()).toMatchObject([{ sequence: 1, reason: 'storage_full' }]);
    expect(entriesSent().map(text)).toEqual(['', 'command 2']);
  });

  it('delays the first election, with pauses, until there is space', () => {
    store.failure = new StoreFull('no space');
    boot();
    log.deliver({ type: 'watchLeadership', watcher });
    store.crash();
    store.failure = new StoreFull('no space');
    boot();
    log.deliver({ type: 'watchLeadership', watcher });
    store.failure = new StoreFull('no space');
    store.flush();
    expect(store.pendingCommits).toBe(0);
    log.advance(1_000);
    store.flush();
    expect(lastLeadership()).toMatchObject({ isLeader: false });
    store.failure = null;
    log.advance(1_000);
    store.settle();
    expect(lastLeadership()).toMatchObject({ isLeader: true });
    expect(decodeIdentity(store.get(logKeys.identity) ?? new Uint8Array()).cluster).not.toBeNull();
  });
});

describe('what stops the node (P6)', () => {
  /** Changes what the disk holds, behind the log's back. */
  function tamper(key: Uint8Array, change: (value: Uint8Array) => Uint8Array | null): void {
    const value = store.get(key);
    expect(value).toBeDefined();
    store.commit([{ key, value: change(value ?? new Uint8Array()) }], () => undefined);
    store.settle();
  }
  const flipBit = (value: Uint8Array): Uint8Array => value.with(value.length - 1, (value.at(-1) ?? 0) ^ 1);

  it('is a flush that fails for another reason than space', () => {
    bootLeader();
    propose(1);
    store.failure = new Error('EIO');
    store.flush();
    expect(log.stoppedNode).toMatchObject({ exitCode: exitCodes.logNotFlushed });
    store.failure = null;
    propose(2);
    store.settle();
    expect(entriesSent()).toHaveLength(1);
  });

  it.each([
    ['an entry with a wrong checksum', () => tamper(entryKey(logIndex(3)), flipBit), /checksum of entry 3/],
    ['a missing entry', () => tamper(entryKey(logIndex(3)), () => null), /entry 3 is missing/],
    ['a missing last entry', () => tamper(entryKey(logIndex(6)), () => null), /ends at 5/],
    ['an entry that is cut off', () => tamper(entryKey(logIndex(2)), (value) => value.subarray(0, 5)), /cut off/],
    ['an unknown version', () => tamper(entryKey(logIndex(2)), (value) => value.with(0, 9)), /entry 2/],
    ['a damaged hard state', () => tamper(logKeys.hardState, flipBit), /hard state/],
    ['a lost hard state', () => tamper(logKeys.hardState, () => null), /hard state/],
    ['a damaged identity', () => tamper(logKeys.identity, flipBit), /identity/],
    ['a lost identity', () => tamper(logKeys.identity, () => null), /no identity/],
  ])('is %s at start', (_, damage, sentence) => {
    bootLeader();
    grow(6);
    damage();
    boot();
    expect(log.stoppedNode?.exitCode).toBe(exitCodes.logDamaged);
    expect(log.stoppedNode?.message).toMatch(sentence);
    expect(log.isReady).toBe(false);
    expect(store.pendingCommits).toBe(0);
  });

  it('is a record at the place of another', () => {
    bootLeader();
    grow(4);
    const other = store.get(entryKey(logIndex(2))) ?? new Uint8Array();
    tamper(entryKey(logIndex(3)), () => other);
    boot();
    expect(log.stoppedNode?.exitCode).toBe(exitCodes.logDamaged);
  });

  it('is a state that is ahead of the log', () => {
    bootLeader();
    log.deliver({ type: 'follow', after: logIndex(9), follower: state });
    expect(log.stoppedNode?.exitCode).toBe(exitCodes.logDamaged);
    expect(log.stoppedNode?.message).toMatch(/applied entry 9, the log ends at 1/);
  });
});

describe('compaction', () => {
  const deep = limits.retainedEntries + 2 * limits.compactedEntries;

  /** A log of `deep` entries, written in large batches, applied up to `until`. */
  function fill(until: number, durable = until): void {
    bootLeader();
    for (let index = 1; index < deep; index += 1) {
      propose(index);
      if (index % 500 !== 0) continue;
      store.settle();
      applied(Math.min(index, until), Math.min(index, durable));
    }
    store.settle();
  }

  it('keeps the newest entries behind what is applied, and the log reads the same after a restart', () => {
    fill(deep);
    const last = entriesSent().at(-1)?.index ?? 0;
    applied(last);
    propose(1);
    store.settle();
    expect(store.get(entryKey(logIndex(limits.compactedEntries)))).toBeUndefined();
    expect(store.get(entryKey(logIndex(last - limits.retainedEntries + 1)))).toBeDefined();
    bootLeader(last);
    expect(log.stoppedNode).toBeNull();
    expect(entriesSent().map((entry) => entry.index)).toEqual([last + 1, last + 2]);
    // A state from before can't be brought up to date from this log alone.
    bootLeader(1);
    expect(log.stoppedNode).toMatchObject({ exitCode: exitCodes.logDamaged });
  });

  it('deletes nothing that the follower has not applied', () => {
    fill(5);
    expect(store.get(entryKey(logIndex(1)))).toBeDefined();
  });

  it('deletes nothing that the follower has applied and would ask for again after a crash of the machine', () => {
    fill(deep, 5);
    propose(1);
    store.settle();
    expect(store.get(entryKey(logIndex(1)))).toBeDefined();
  });
});
