import { beforeEach, describe, expect, it } from 'vitest';
import type { RaftConfig } from '../../../src/core/raft/config.ts';
import type { VoterId } from '../../../src/core/raft/entry.ts';
import { voterId } from '../../../src/core/raft/entry.ts';
import type { AppendRequest, RaftMessage } from '../../../src/core/raft/messages.ts';
import { logIndex, monoMs, term } from '../../../src/core/units.ts';
import { RaftCluster } from '../../support/raft-cluster.ts';
import { payloadText, RaftVoter, testConfig, textPayload } from '../../support/raft-voter.ts';

let cluster: RaftCluster;
let a: RaftVoter;
let b: RaftVoter;
let c: RaftVoter;

function voterOf(name: string): RaftVoter {
  const voter = cluster.voters.get(voterId(name));
  if (voter === undefined) throw new Error(`no voter ${name}`);
  return voter;
}

function boot(config: Partial<RaftConfig> = {}): void {
  cluster = new RaftCluster(['a', 'b', 'c'], { ...testConfig, ...config });
  a = voterOf('a');
  b = voterOf('b');
  c = voterOf('c');
}

/** Everything on its way arrives and is flushed, but nothing from or to `except`. */
function settle(...except: RaftVoter[]): void {
  const isCut = (id: VoterId): boolean => except.some((voter) => voter.id === id);
  for (let turn = 0; turn < 200; turn += 1) {
    const messages = cluster.network.splice(0);
    for (const message of messages) if (!isCut(message.from) && !isCut(message.to)) cluster.deliver(message);
    for (const voter of cluster.up) while (voter.pending.length > 0) cluster.flush(voter);
    if (cluster.network.length === 0) return;
  }
}

/** `voter` calls an election and wins it. */
function elect(voter: RaftVoter, ...except: RaftVoter[]): void {
  cluster.now = monoMs(Math.max(cluster.now + 300, voter.core.nextDeadline() ?? 0));
  for (let turn = 0; turn < 4 && !voter.core.leadership.isLeader; turn += 1) {
    cluster.now = monoMs(Math.max(cluster.now, voter.core.nextDeadline() ?? 0));
    cluster.step(voter, { type: 'tick', now: cluster.now });
    settle(...except);
  }
  expect(voter.core.leadership.isLeader).toBe(true);
}

function propose(voter: RaftVoter, ...texts: string[]): void {
  cluster.step(voter, { type: 'propose', now: cluster.now, payloads: texts.map(textPayload) });
}

/** The next heartbeat of a leader. */
function beat(voter: RaftVoter): void {
  cluster.now = monoMs(Math.max(cluster.now, voter.core.nextDeadline() ?? 0));
  cluster.step(voter, { type: 'tick', now: cluster.now });
}

const committedTexts = (): string[] => cluster.committed.map(payloadText).filter((text) => text !== '');
const logOf = (voter: RaftVoter): string[] => voter.disk.entries.map((entry) => payloadText(entry) || 'barrier');
const appendsTo = (voter: RaftVoter): AppendRequest[] =>
  cluster.network.filter(
    (message): message is AppendRequest => message.type === 'appendRequest' && message.to === voter.id,
  );

beforeEach(() => boot());

describe('log replication (thesis section 3.5)', () => {
  it('commits what a majority stores, and every node learns of it', () => {
    elect(a);
    propose(a, 'x', 'y');
    settle();
    expect(committedTexts()).toEqual(['x', 'y']);
    for (const voter of [a, b, c]) expect(cluster.published(voter)).toBe(3);
  });

  it('commits without the slowest node, and brings it up to date later', () => {
    elect(a);
    propose(a, 'x');
    settle(c);
    propose(a, 'y');
    settle(c);
    expect(committedTexts()).toEqual(['x', 'y']);
    expect(cluster.published(c)).toBe(1);
    beat(a);
    settle();
    expect(logOf(c)).toEqual(['barrier', 'x', 'y']);
    expect(cluster.published(c)).toBe(3);
  });

  it('writes to its own disk in parallel (section 10.2.1): two followers commit an entry that the leader has not flushed', () => {
    elect(a);
    propose(a, 'x');
    for (const message of cluster.network.splice(0)) cluster.deliver(message);
    for (const voter of [b, c]) cluster.flush(voter);
    for (const message of cluster.network.splice(0)) cluster.deliver(message);
    expect(cluster.published(a)).toBe(1);
    expect(appendsTo(b).at(-1)?.commit).toBe(2);
    cluster.flush(a);
    expect(cluster.published(a)).toBe(2);
  });

  it('does not commit an entry of an earlier term by counting it (section 3.6.2, figure 3.7)', () => {
    const [me, other] = [voterId('a'), voterId('b')];
    const voter = new RaftVoter('a', ['a', 'b', 'c']);
    voter.disk.entries = [{ index: logIndex(1), term: term(1), kind: 'command', payload: textPayload('old') }];
    voter.disk.hardState = { term: term(1), vote: null, commit: logIndex(0), last: logIndex(1) };
    let now = monoMs(0);
    voter.restart(now);
    now = voter.core.nextDeadline() ?? now;
    const receive = (message: RaftMessage) => voter.step({ type: 'message', now, message });
    voter.step({ type: 'tick', now });
    receive({ type: 'preVoteReply', from: other, to: me, term: term(2), granted: true });
    voter.flushAll(now);
    receive({ type: 'voteReply', from: other, to: me, term: term(2), granted: true });
    voter.flushAll(now);
    const accepted = (match: number) =>
      receive({ type: 'appendAccepted', from: other, to: me, term: term(2), match: logIndex(match) });
    expect(accepted(1).some((effect) => effect.type === 'commit')).toBe(false);
    expect(accepted(2)).toContainEqual({ type: 'commit', index: 2 });
  });

  it('replaces what a follower holds from a leader that did not commit it (figure 3.6)', () => {
    elect(a);
    propose(a, 'lost 1', 'lost 2', 'lost 3');
    cluster.flush(a);
    cluster.network = [];
    cluster.crash(a);
    elect(b);
    propose(b, 'kept');
    settle();
    cluster.restart(a);
    beat(b);
    settle();
    beat(b);
    settle();
    expect(logOf(a)).toEqual(['barrier', 'barrier', 'kept']);
    expect(cluster.published(a)).toBe(3);
  });

  it('tells who proposed when an entry is replaced, for then it is certain', () => {
    elect(a);
    propose(a, 'lost');
    cluster.flush(a);
    cluster.network = [];
    elect(b, a);
    cluster.network = [];
    beat(b);
    const effects = cluster.network
      .filter((message) => message.to === a.id)
      .flatMap((message) => cluster.step(a, { type: 'message', now: cluster.now, message }));
    expect(effects.some((effect) => effect.type === 'dropped')).toBe(false);
    const append: RaftMessage = {
      type: 'appendRequest',
      from: b.id,
      to: a.id,
      term: b.core.term,
      prevIndex: logIndex(1),
      prevTerm: term(1),
      entries: b.disk.entries.slice(1),
      commit: logIndex(2),
    };
    const replaced = cluster.step(a, { type: 'message', now: cluster.now, message: append });
    expect(replaced).toContainEqual({ type: 'dropped', from: 2, reason: 'superseded' });
  });

  it('skips a whole term per rejection when logs differ far', () => {
    elect(a);
    const far = Array.from({ length: 20 }, (_, at) => `lost ${at}`);
    propose(a, ...far);
    cluster.flush(a);
    cluster.network = [];
    cluster.crash(a);
    elect(b);
    propose(b, ...Array.from({ length: 20 }, (_, at) => `kept ${at}`));
    settle();
    cluster.restart(a);
    let rejections = 0;
    for (let turn = 0; turn < 40 && cluster.published(a) < 22; turn += 1) {
      beat(b);
      for (let hop = 0; hop < 10; hop += 1) {
        rejections += cluster.network.filter(({ type }) => type === 'appendRejected').length;
        for (const message of cluster.network.splice(0)) cluster.deliver(message);
        for (const voter of cluster.up) while (voter.pending.length > 0) cluster.flush(voter);
      }
    }
    expect(logOf(a)).toEqual(logOf(b));
    expect(rejections).toBeLessThanOrEqual(3);
  });
});

describe('flow control', () => {
  it('sends one probe at a time until it knows where the logs agree, then several messages ahead', () => {
    elect(a);
    cluster.network = [];
    for (let at = 0; at < 8; at += 1) propose(a, `x${at}`);
    expect(appendsTo(b)).toHaveLength(testConfig.inflightMessages);
    boot();
    cluster.crash(b);
    elect(a);
    for (let at = 0; at < 8; at += 1) propose(a, `y${at}`);
    expect(appendsTo(b)).toEqual([]);
  });

  it('bounds a message by entries and by bytes, but sends a single large entry', () => {
    boot({ bytesPerMessage: 20, uncommittedBytes: 10_000, inflightMessages: 100, inflightBytes: 10_000 });
    elect(a);
    cluster.network = [];
    propose(a, '12345678', '12345678', '12345678', '12345678901234567890', '1', '2', '3', '4', '5');
    expect(appendsTo(b).map((message) => message.entries.length)).toEqual([2, 1, 1, 4, 1]);
  });

  it('bounds the bytes in flight', () => {
    boot({ inflightMessages: 100, inflightBytes: 30, bytesPerMessage: 12, uncommittedBytes: 10_000 });
    elect(a);
    cluster.network = [];
    for (let at = 0; at < 10; at += 1) propose(a, '1234567890');
    expect(appendsTo(b)).toHaveLength(3);
  });

  it('refuses what goes beyond the bound of uncommitted entries, and takes the rest (bounded, not buffered)', () => {
    elect(a);
    const texts = Array.from({ length: testConfig.uncommittedEntries + 3 }, (_, at) => `${at % 10}`);
    const effects = cluster.step(a, { type: 'propose', now: cluster.now, payloads: texts.map(textPayload) });
    expect(effects).toContainEqual({ type: 'accepted', firstIndex: 2, count: testConfig.uncommittedEntries });
    expect(effects).toContainEqual({ type: 'refused', from: testConfig.uncommittedEntries, reason: 'overloaded' });
  });

  it('reads back what left memory for a follower that was away', () => {
    elect(a);
    for (let at = 0; at < 30; at += 1) {
      propose(a, `entry ${at}`);
      settle(c);
    }
    expect(a.core.cachedEntries(logIndex(2), 1, 100)).toBeNull();
    for (let turn = 0; turn < 10; turn += 1) {
      beat(a);
      settle();
    }
    expect(logOf(c)).toEqual(logOf(a));
    expect(cluster.published(c)).toBe(31);
  });

  it('leaves a follower that needs what is compacted, and goes on with it when it has come by it', () => {
    elect(a);
    for (let at = 0; at < 10; at += 1) {
      propose(a, `entry ${at}`);
      settle(c);
    }
    const index = logIndex(8);
    cluster.step(a, { type: 'applied', now: cluster.now, index });
    a.disk.compact(index);
    cluster.step(a, { type: 'compact', now: cluster.now, index });
    for (let turn = 0; turn < 5; turn += 1) {
      beat(a);
      settle();
    }
    expect(cluster.published(c)).toBe(1);
    // As a snapshot would: c gets what b holds.
    cluster.crash(c);
    c.disk.entries = b.disk.entries.slice(0, 9);
    c.disk.hardState = { term: a.core.term, vote: a.id, commit: logIndex(9), last: logIndex(9) };
    cluster.restart(c);
    for (let turn = 0; turn < 5; turn += 1) {
      beat(a);
      settle();
    }
    expect(cluster.published(c)).toBe(11);
  });
});

describe('reads (thesis section 6.4)', () => {
  it('wait for a quorum to answer a heartbeat that was sent after them', () => {
    elect(a);
    propose(a, 'x');
    settle();
    cluster.step(a, { type: 'readIndex', now: cluster.now, id: 1 });
    expect(cluster.readsDone.size).toBe(0);
    cluster.step(a, { type: 'readIndex', now: cluster.now, id: 2 });
    settle(c);
    expect([...cluster.readsDone]).toEqual([
      [1, 2],
      [2, 2],
    ]);
  });

  it('are refused by whoever does not lead, and when leadership ends before the answer', () => {
    elect(a);
    cluster.step(b, { type: 'readIndex', now: cluster.now, id: 1 });
    expect(cluster.readsFailed.has(1)).toBe(true);
    cluster.step(a, { type: 'readIndex', now: cluster.now, id: 2 });
    cluster.network = [];
    elect(b, a);
    beat(b);
    settle();
    expect(cluster.readsFailed.has(2)).toBe(true);
  });

  it('are bounded', () => {
    elect(a);
    for (let id = 1; id <= testConfig.pendingReads + 1; id += 1) {
      cluster.step(a, { type: 'readIndex', now: cluster.now, id });
    }
    expect([...cluster.readsFailed]).toEqual([testConfig.pendingReads + 1]);
  });
});

describe('leadership transfer (thesis section 3.10)', () => {
  it('brings the target up to date, then lets it call an election at once', () => {
    elect(a);
    propose(a, 'x');
    settle(b);
    cluster.step(a, { type: 'transferLeadership', now: cluster.now, to: b.id });
    beat(a);
    settle();
    expect(b.core.leadership.isLeader).toBe(true);
    expect(committedTexts()).toEqual(['x']);
  });

  it('takes no proposals meanwhile, and gives up after an election time-out', () => {
    elect(a);
    cluster.step(a, { type: 'transferLeadership', now: cluster.now, to: c.id });
    cluster.network = [];
    const refused = cluster.step(a, { type: 'propose', now: cluster.now, payloads: [textPayload('x')] });
    expect(refused).toEqual([{ type: 'refused', from: 0, reason: 'not_leader' }]);
    const until = cluster.now + testConfig.electionTimeoutMs + testConfig.heartbeatMs;
    while (cluster.now < until) {
      beat(a);
      settle(c);
    }
    propose(a, 'y');
    settle(c);
    expect(committedTexts()).toEqual(['y']);
  });
});

describe('a full disk', () => {
  it('makes a leader step down whose entries others may hold', () => {
    elect(a);
    propose(a, 'x');
    cluster.refuseFlush(a);
    expect(a.core.leadership.isLeader).toBe(false);
    settle();
    elect(b);
    beat(b);
    settle();
    expect(committedTexts()).toEqual(['x']);
  });

  it('costs a follower only its acknowledgement', () => {
    elect(a);
    propose(a, 'x');
    for (const message of cluster.network.splice(0)) cluster.deliver(message);
    cluster.refuseFlush(b);
    settle();
    for (let turn = 0; turn < 3; turn += 1) {
      beat(a);
      settle();
    }
    expect(logOf(b)).toEqual(['barrier', 'x']);
    expect(cluster.published(b)).toBe(2);
  });
});
