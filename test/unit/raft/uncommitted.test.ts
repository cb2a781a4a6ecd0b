import { describe, expect, it } from 'vitest';
import { logIndex, monoMs } from '../../../src/core/units.ts';
import { RaftVoter, testConfig } from '../../support/raft-voter.ts';

const payload = new TextEncoder().encode('x'.repeat(20));
const now = monoMs(0);

describe('the entries in memory', () => {
  it('are those that came in this life: others are read back when somebody asks for them', () => {
    const voter = new RaftVoter('a', ['a']);
    voter.step({ type: 'tick', now });
    voter.flushAll(now);
    voter.step({ type: 'propose', now, payloads: [payload] });
    voter.flushAll(now);
    expect(voter.core.cachedEntries(logIndex(2), 1, 100)).toHaveLength(1);
    voter.restart(now);
    voter.core.check();
    expect(voter.core.cachedEntries(logIndex(2), 1, 100)).toBeNull();
    voter.step({ type: 'tick', now });
    voter.flushAll(now);
    voter.core.check();
    expect(voter.core.cachedEntries(logIndex(3), 1, 100)).toHaveLength(1);
  });
});

describe('the bound on the uncommitted log', () => {
  it('counts what this leader took, not what is no longer in memory after a restart', () => {
    const voter = new RaftVoter('a', ['a']);
    voter.step({ type: 'tick', now });
    voter.flushAll(now);
    // Far more entries than the cache holds; their commit is not in the hard state that the restart reads.
    for (let entry = 0; entry < 4 * testConfig.cachedEntries; entry += 1) {
      voter.step({ type: 'propose', now, payloads: [payload] });
      voter.flushAll(now);
    }
    voter.restart(now);
    voter.step({ type: 'tick', now });
    voter.step({ type: 'propose', now, payloads: [payload, payload] });
    voter.core.check();
    voter.flushAll(now);
    voter.core.check();
    expect(voter.core.leadership.isLeader).toBe(true);
  });

  it('refuses what exceeds it, and takes more when something is committed', () => {
    const voter = new RaftVoter('a', ['a']);
    voter.step({ type: 'tick', now });
    voter.flushAll(now);
    const fitting = Math.floor(testConfig.uncommittedBytes / payload.length);
    const propose = () => voter.step({ type: 'propose', now, payloads: Array(fitting + 1).fill(payload) });
    expect(propose()).toContainEqual({ type: 'refused', from: fitting, reason: 'overloaded' });
    expect(propose()).toContainEqual({ type: 'refused', from: 0, reason: 'overloaded' });
    voter.flushAll(now);
    expect(propose()).toContainEqual({ type: 'accepted', firstIndex: logIndex(fitting + 2), count: fitting });
  });
});
