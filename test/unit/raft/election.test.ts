import { describe, expect, it } from 'vitest';
import { voterId } from '../../../src/core/raft/entry.ts';
import type { RaftEffect } from '../../../src/core/raft/io.ts';
import type { RaftMessage } from '../../../src/core/raft/messages.ts';
import { logIndex, monoMs, type Term, term } from '../../../src/core/units.ts';
import { RaftVoter } from '../../support/raft-voter.ts';

const [a, b, c] = ['a', 'b', 'c'].map(voterId) as [
  ReturnType<typeof voterId>,
  ReturnType<typeof voterId>,
  ReturnType<typeof voterId>,
];
const sent = (effects: readonly RaftEffect[]): RaftMessage[] =>
  effects.flatMap((effect) => (effect.type === 'send' ? [effect.message] : []));

class Bench {
  readonly voter: RaftVoter;
  now = monoMs(0);

  constructor(names = ['a', 'b', 'c'], seed = 1) {
    this.voter = new RaftVoter('a', names, undefined, seed);
  }

  get term(): Term {
    return this.voter.core.term;
  }

  tick(): RaftMessage[] {
    this.now = this.voter.core.nextDeadline() ?? this.now;
    return sent(this.voter.step({ type: 'tick', now: this.now }));
  }

  receive(message: RaftMessage): RaftMessage[] {
    return sent(this.voter.step({ type: 'message', now: this.now, message }));
  }

  flush(): RaftMessage[] {
    return sent(this.voter.flushAll(this.now));
  }

  /** Follower → leader of term 1 by the votes of b. */
  lead(): void {
    this.tick();
    this.receive({ type: 'preVoteReply', from: b, to: a, term: term(this.term + 1), granted: true });
    this.flush();
    this.receive({ type: 'voteReply', from: b, to: a, term: this.term, granted: true });
  }

  heartbeat(from = b, at: Term = term(1)): RaftMessage[] {
    return this.receive({ type: 'heartbeatRequest', from, to: a, term: at, commit: logIndex(0), round: 0 });
  }
}

const voteRequest = (from: ReturnType<typeof voterId>, at: number, last = [0, 0], transfer = false): RaftMessage => ({
  type: 'voteRequest',
  from,
  to: a,
  term: term(at),
  lastIndex: logIndex(last[0] ?? 0),
  lastTerm: term(last[1] ?? 0),
  transfer,
});

describe('starting an election (thesis section 3.4, "Leader election")', () => {
  it('waits a random time within the election time-out, so that split votes are rare', () => {
    const deadlines = Array.from(
      { length: 50 },
      (_, seed) => new Bench(undefined, seed).voter.core.nextDeadline() ?? 0,
    );
    for (const deadline of deadlines) {
      expect(deadline).toBeGreaterThanOrEqual(250);
      expect(deadline).toBeLessThan(500);
    }
    expect(new Set(deadlines).size).toBeGreaterThan(20);
  });

  it('asks first whether it could win, and changes nothing by that (section 9.6, pre-vote)', () => {
    const bench = new Bench();
    const asked = bench.tick();
    expect(asked.map(({ type, to, term: at }) => [type, to, at])).toEqual([
      ['preVoteRequest', b, 1],
      ['preVoteRequest', c, 1],
    ]);
    expect(bench.term).toBe(0);
    expect(bench.voter.pending).toEqual([]);
  });

  it('increments its term, votes for itself, and asks for votes when its own is durable', () => {
    const bench = new Bench();
    bench.tick();
    const early = bench.receive({ type: 'preVoteReply', from: b, to: a, term: term(1), granted: true });
    expect(early).toEqual([]);
    expect(bench.voter.pending[0]?.hardState).toMatchObject({ term: 1, vote: a });
    expect(bench.flush().map(({ type, to, term: at }) => [type, to, at])).toEqual([
      ['voteRequest', b, 1],
      ['voteRequest', c, 1],
    ]);
  });

  it('leads with the votes of a majority, and tells all at once by its first append', () => {
    const bench = new Bench();
    bench.tick();
    bench.receive({ type: 'preVoteReply', from: c, to: a, term: term(1), granted: true });
    bench.flush();
    const told = bench.receive({ type: 'voteReply', from: c, to: a, term: term(1), granted: true });
    expect(told.map(({ type, to }) => [type, to])).toEqual([
      ['appendRequest', b],
      ['appendRequest', c],
    ]);
  });

  it('goes back to following when a majority refuses, and tries again after another time', () => {
    const bench = new Bench();
    bench.tick();
    for (const from of [b, c]) bench.receive({ type: 'preVoteReply', from, to: a, term: term(0), granted: false });
    expect(bench.term).toBe(0);
    expect(bench.voter.core.nextDeadline()).toBeGreaterThan(bench.now);
    expect(bench.tick().map(({ type }) => type)).toEqual(['preVoteRequest', 'preVoteRequest']);
  });

  it('recognises the leader of its term while it is a candidate', () => {
    const bench = new Bench();
    bench.tick();
    bench.receive({ type: 'preVoteReply', from: b, to: a, term: term(1), granted: true });
    bench.flush();
    expect(bench.heartbeat(c, term(1)).map(({ type }) => type)).toEqual(['heartbeatReply']);
    expect(bench.voter.core.leadership).toMatchObject({ term: 1, leader: c, isLeader: false });
  });

  it('steps down when it meets a later term (section 3.3)', () => {
    const bench = new Bench();
    bench.lead();
    bench.heartbeat(b, term(5));
    expect(bench.term).toBe(5);
    expect(bench.voter.core.leadership.leader).toBe(b);
  });

  it('acts once late, not twice, on a timer that was noticed much too late (design section 6)', () => {
    const bench = new Bench();
    bench.now = monoMs(10_000);
    expect(sent(bench.voter.step({ type: 'tick', now: bench.now }))).toEqual([]);
    expect(bench.voter.core.nextDeadline()).toBe(10_050);
    expect(bench.tick()).toHaveLength(2);
  });
});

describe('voting', () => {
  it('gives one vote a term, to the first who asks, and says so when it is durable (sections 3.4, 3.8)', () => {
    const bench = new Bench();
    expect(bench.receive(voteRequest(b, 1))).toEqual([]);
    expect(bench.flush()).toEqual([{ type: 'voteReply', from: a, to: b, term: 1, granted: true }]);
    bench.receive(voteRequest(c, 1));
    expect([...bench.flush()]).toEqual([]);
    bench.voter.restart(bench.now);
    expect(bench.receive(voteRequest(c, 1))).toMatchObject([{ to: c, granted: false }]);
    expect(bench.receive(voteRequest(b, 1))).toMatchObject([{ to: b, granted: true }]);
  });

  it.each([
    ['an earlier last term, though longer', [9, 1], false],
    ['the same last term, shorter', [1, 2], false],
    ['the same log', [2, 2], true],
    ['the same last term, longer', [3, 2], true],
    ['a later last term, though shorter', [1, 3], true],
  ])('compares logs by last term, then length: %s (section 3.6.1)', (_, last, granted) => {
    const bench = new Bench();
    const entry = (index: number, at: number) => ({
      index: logIndex(index),
      term: term(at),
      kind: 'command' as const,
      payload: new Uint8Array(),
    });
    bench.receive({
      type: 'appendRequest',
      from: c,
      to: a,
      term: term(2),
      prevIndex: logIndex(0),
      prevTerm: term(0),
      entries: [entry(1, 1), entry(2, 2)],
      commit: logIndex(0),
    });
    bench.flush();
    bench.now = monoMs(bench.now + 300);
    const answers = [...bench.receive(voteRequest(b, 5, last)), ...bench.flush()];
    expect(answers).toMatchObject([{ type: 'voteReply', granted }]);
  });

  it('is not drawn into an election while it hears its leader (section 4.2.3)', () => {
    const bench = new Bench();
    bench.heartbeat(b);
    bench.flush();
    bench.now = monoMs(bench.now + 249);
    expect([...bench.receive(voteRequest(c, 9)), ...bench.flush()]).toEqual([]);
    expect(bench.term).toBe(1);
    const preVote: RaftMessage = { ...voteRequest(c, 9), type: 'preVoteRequest' } as RaftMessage;
    expect(bench.receive(preVote)).toMatchObject([{ type: 'preVoteReply', granted: false, term: 1 }]);
    bench.now = monoMs(bench.now + 1);
    expect(bench.receive(preVote)).toMatchObject([{ type: 'preVoteReply', granted: true, term: 9 }]);
    expect(bench.term).toBe(1);
  });

  it('follows a leader that hands over, though it hears it (section 3.10)', () => {
    const bench = new Bench();
    bench.heartbeat(b);
    bench.flush();
    bench.receive(voteRequest(c, 2, [0, 0], true));
    expect(bench.flush()).toMatchObject([{ type: 'voteReply', to: c, granted: true }]);
  });

  it('tells a leader of an earlier term about its own, so that nobody stays behind', () => {
    const bench = new Bench();
    bench.heartbeat(b, term(4));
    bench.flush();
    expect(bench.heartbeat(c, term(3))).toMatchObject([{ type: 'appendRejected', to: c, term: 4 }]);
  });
});

describe('a leader', () => {
  it('steps down when it hears no quorum for an election time-out (section 6.2, check-quorum)', () => {
    const bench = new Bench();
    bench.lead();
    bench.flush();
    for (let beat = 0; beat < 20; beat += 1) {
      bench.tick();
      bench.receive({ type: 'heartbeatReply', from: b, to: a, term: term(1), round: 0 });
    }
    expect(bench.tick().map(({ type }) => type)).toContain('heartbeatRequest');
    const until = bench.now + 600;
    while (bench.now < until) bench.tick();
    expect(bench.tick().every(({ type }) => type === 'preVoteRequest')).toBe(true);
    expect(bench.voter.core.leadership.leader).toBeNull();
  });

  it('sends heartbeats without waiting for its disk', () => {
    const bench = new Bench();
    bench.lead();
    expect(bench.voter.pending).not.toEqual([]);
    expect(bench.tick().map(({ type }) => type)).toEqual(['heartbeatRequest', 'heartbeatRequest']);
  });
});

describe('a follower', () => {
  it('answers a heartbeat at once, though the new term is not durable yet', () => {
    const bench = new Bench();
    expect(bench.heartbeat(b)).toMatchObject([{ type: 'heartbeatReply', to: b }]);
    expect(bench.voter.pending).toHaveLength(1);
  });

  it('looks for a new leader within a heartbeat when the link to the old one is reset (design section 6)', () => {
    const bench = new Bench();
    bench.heartbeat(b);
    bench.flush();
    bench.voter.step({ type: 'peerLost', now: bench.now, peer: c });
    expect(bench.voter.core.nextDeadline()).toBeGreaterThanOrEqual(bench.now + 250);
    bench.voter.step({ type: 'peerLost', now: bench.now, peer: b });
    expect(bench.voter.core.nextDeadline()).toBeLessThan(bench.now + 50);
    expect(bench.tick().map(({ type }) => type)).toEqual(['preVoteRequest', 'preVoteRequest']);
  });

  it('never calls an election when it is no voter', () => {
    const voter = new RaftVoter('x', ['a', 'b', 'c']);
    expect(voter.core.nextDeadline()).toBeNull();
    expect(voter.step({ type: 'tick', now: monoMs(10_000) })).toEqual([]);
    expect(new RaftVoter('x', []).core.nextDeadline()).toBeNull();
  });
});
