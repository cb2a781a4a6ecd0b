import { beforeEach, describe, expect, it } from 'vitest';
import type { LeadershipEvent } from '../../../actors/cluster/log/protocol.ts';
import type { DispatcherCommand } from '../../../actors/scheduling/dispatcher/protocol.ts';
import { definition } from '../../../actors/scheduling/scheduler/actor.ts';
import type { SchedulerCommand } from '../../../actors/scheduling/scheduler/protocol.ts';
import { cronExtensions } from '../../../src/adapters/cron-extensions.ts';
import { limits } from '../../../src/core/limits.ts';
import { epoch, instantOfMs, jobName, logIndex, nodeName, term, wallMs, wallNsOf } from '../../../src/core/units.ts';
import { ActorHarness } from '../../support/fake-context.ts';
import { testZones } from '../../support/schedules.ts';
import { StateHarness, T0 } from '../../support/state-harness.ts';

type Due = Extract<DispatcherCommand, { type: 'due' }>;

/** The scheduler over a real state machine; the log and the dispatcher are the test. */
class Scheduler {
  readonly actor = new ActorHarness<SchedulerCommand>('scheduler');
  readonly state = new StateHarness();
  #told = 0;
  #toldIndex = 0;

  constructor() {
    const ports = { store: { open: () => this.state.store }, zones: testZones, extensions: cronExtensions };
    this.actor.start(definition, {}, ports);
    this.actor.peerStarted('state');
    this.actor.peerStarted('log');
  }

  follow(): void {
    this.#told = this.state.changes.length;
    this.#toldIndex = this.state.reader.appliedIndex();
    this.actor.deliver({ type: 'following', appliedIndex: logIndex(this.#toldIndex) });
  }

  lead(fields: Partial<LeadershipEvent> = {}): void {
    const { isLeader = true, term: inTerm = term(1) } = fields;
    this.actor.deliver({ type: 'dueWanted', term: isLeader ? inTerm : null, isHeld: false, aheadMs: 0 });
    this.actor.deliver({
      type: 'leadership',
      term: term(1),
      leader: nodeName('n0'),
      isLeader: true,
      barrier: logIndex(0),
      ...fields,
    });
  }

  /** The state tells what it has applied since it last did. */
  tell(after = this.#toldIndex): void {
    const changes = this.state.changes.slice(this.#told);
    this.#told = this.state.changes.length;
    this.#toldIndex = this.state.reader.appliedIndex();
    const appliedIndex = logIndex(this.#toldIndex);
    this.actor.deliver({ type: 'changed', after: logIndex(after), appliedIndex, changes });
  }

  /** Applies changes of which the scheduler never hears. */
  tellNothing(): void {
    this.#told = this.state.changes.length;
    this.#toldIndex = this.state.reader.appliedIndex();
  }

  takeDue(): string[] {
    return this.actor
      .takeMessages<Due>()
      .filter(({ type }) => type === 'due')
      .flatMap(({ launches }) =>
        launches.map(({ name, scheduledAtMs }) => `${name}+${(scheduledAtMs - this.state.nowMs) / 1000}`),
      );
  }
}

let scheduler: Scheduler;
beforeEach(() => {
  scheduler = new Scheduler();
});

describe('the scheduler', () => {
  it('subscribes to peers each time they start', () => {
    expect(scheduler.actor.messages('state')).toMatchObject([{ type: 'watchState' }]);
    expect(scheduler.actor.messages('log')).toMatchObject([{ type: 'watchLeadership' }]);
    scheduler.actor.peerStarted('state');
    expect(scheduler.actor.messages('state')).toHaveLength(2);
    expect(scheduler.actor.isReady).toBe(true);
  });

  it('hands over due times of the jobs that it finds and of those that it is told', () => {
    scheduler.state.setJob('found', { schedule: '@every 10s' });
    scheduler.follow();
    scheduler.lead();
    scheduler.state.setJob('told', { schedule: '@every 5s', tags: { role: 'web' } });
    scheduler.tell();
    scheduler.actor.advance(4_999);
    expect(scheduler.takeDue()).toEqual([]);
    scheduler.actor.advance(1);
    expect(scheduler.takeDue()).toEqual(['told+5']);
    scheduler.actor.advance(5_000);
    expect(scheduler.takeDue()).toContain('found+10');
    expect(scheduler.actor.gauges.get('scheduler_jobs')).toBe(1);
  });

  it('hands over nothing before the dispatcher takes it, and again what a life of it may have lost', () => {
    scheduler.state.setJob('due', { schedule: '@every 10s' });
    scheduler.follow();
    scheduler.actor.deliver({
      type: 'leadership',
      term: term(1),
      leader: nodeName('n0'),
      isLeader: true,
      barrier: logIndex(0),
    });
    scheduler.actor.advance(11_000);
    expect(scheduler.takeDue()).toEqual([]);
    const taken = { type: 'dueWanted', term: term(1), isHeld: false, aheadMs: 0 } as const;
    scheduler.actor.deliver(taken);
    expect(scheduler.takeDue()).toEqual(['due+10']);
    scheduler.actor.peerStarted('dispatcher');
    scheduler.actor.advance(1);
    expect(scheduler.takeDue()).toEqual([]);
    scheduler.actor.deliver(taken);
    expect(scheduler.takeDue()).toEqual(['due+10']);
  });

  describe('with more jobs than it reads in a turn', () => {
    const count = limits.jobsPerSchedulerTurn + 50;
    beforeEach(() => {
      for (let index = 0; index < count; index += 1) scheduler.state.setJob(`job-${index}`, { schedule: '@every 1h' });
      scheduler.state.setJob('overdue', { schedule: '@every 10s' }, instantOfMs(wallMs(T0 + 10_000)));
      scheduler.state.nowMs = wallMs(scheduler.state.nowMs + 12_000);
      scheduler.actor.advance(12_000);
    });

    it('hands over what was due before it knows the others', () => {
      scheduler.follow();
      scheduler.lead();
      expect(scheduler.takeDue()).toEqual(['overdue+-2']);
      expect(scheduler.actor.gauges.get('scheduler_jobs')).toBeUndefined();
      scheduler.actor.advance(1);
      expect(scheduler.actor.gauges.get('scheduler_jobs')).toBe(count + 1);
    });

    it('follows what changes before it has read all', () => {
      scheduler.follow();
      scheduler.lead();
      scheduler.takeDue();
      scheduler.state.apply({ type: 'deleteJob', name: jobName('overdue') });
      scheduler.state.apply({ type: 'deleteJob', name: jobName('job-99') });
      scheduler.state.setJob('job-0', { schedule: '@every 5s' });
      scheduler.tell();
      scheduler.actor.advance(1);
      expect(scheduler.actor.gauges.get('scheduler_jobs')).toBe(count - 1);
      scheduler.actor.advance(4_999);
      expect(scheduler.takeDue()).toEqual(['job-0+5']);
    });
  });

  it('hands over together what becomes due within some milliseconds, unless nothing was due for as long', () => {
    for (const [at, name] of ['a', 'b', 'c', 'd'].entries()) {
      scheduler.state.setJob(name, {
        schedule: `@at ${new Date(scheduler.state.nowMs + 10_000 + at).toISOString()}`,
      });
    }
    scheduler.follow();
    scheduler.lead();
    const lots: number[] = [];
    for (let ms = 0; ms < 10_100; ms += 1) {
      scheduler.actor.advance(1);
      const due = scheduler.takeDue();
      if (due.length > 0) lots.push(due.length);
    }
    expect(lots).toEqual([1, 3]);
  });

  it('has what a job keeps too long dropped, when it leads', () => {
    const { actor, state } = scheduler;
    state.setJob('a', { schedule: '@manually', retention: { count: 10, age: '20s' } });
    state.runOnMany('a', 12);
    scheduler.follow();
    actor.advance(60_000);
    const prunes = (): unknown[] => actor.takeMessages<DispatcherCommand>().filter(({ type }) => type === 'prune');
    expect(prunes()).toEqual([]);
    scheduler.lead();
    expect(prunes()).toMatchObject([{ items: [{ job: 'a' }] }]);
    scheduler.lead({ isLeader: false });
    actor.advance(60_000);
    expect(prunes()).toEqual([]);
  });

  it('goes on when a launch is recorded', () => {
    scheduler.state.setJob('a', { schedule: '@every 10s' });
    scheduler.follow();
    scheduler.lead();
    scheduler.actor.advance(10_000);
    expect(scheduler.takeDue()).toEqual(['a+10']);
    scheduler.state.launch('a', 10_000);
    scheduler.tell();
    scheduler.actor.advance(10_000);
    expect(scheduler.takeDue()).toEqual(['a+20']);
  });

  it('goes on when a launch is skipped', () => {
    scheduler.state.setJob('a', { schedule: '@every 10s' });
    scheduler.follow();
    scheduler.lead();
    scheduler.actor.advance(10_000);
    scheduler.takeDue();
    scheduler.state.launch('a', 10_000, []);
    scheduler.tell();
    scheduler.actor.advance(10_000);
    expect(scheduler.takeDue()).toEqual(['a+20']);
  });

  it('takes a run by hand for no due time', () => {
    scheduler.state.setJob('a', { schedule: '@every 10s' });
    scheduler.follow();
    scheduler.lead();
    const targets = [{ node: nodeName('n0'), epoch: epoch(1) }];
    const nowNs = wallNsOf(wallMs(scheduler.state.nowMs + 15_000));
    scheduler.state.apply({ type: 'run', nowNs, name: jobName('a'), targets });
    expect(scheduler.state.changes).toMatchObject([
      {},
      { type: 'launchBegan' },
      { type: 'executionOpened', start: { cause: 'manual' } },
    ]);
    scheduler.tell();
    scheduler.actor.advance(10_000);
    expect(scheduler.takeDue()).toEqual(['a+10']);
  });

  it('hands over again what gets no record', () => {
    scheduler.state.setJob('a', { schedule: '@every 1h' });
    scheduler.follow();
    scheduler.lead();
    scheduler.actor.advance(3_600_000);
    expect(scheduler.takeDue()).toEqual(['a+3600']);
    scheduler.actor.advance(limits.dueRetryMs);
    expect(scheduler.takeDue()).toEqual(['a+3600']);
  });

  it('is silent until it leads and the state is where earlier leaders left it', () => {
    scheduler.state.setJob('a', { schedule: '@every 10s' });
    scheduler.follow();
    scheduler.actor.advance(10_000);
    scheduler.lead({ barrier: logIndex(2) });
    expect(scheduler.takeDue()).toEqual([]);
    scheduler.state.setJob('b', { schedule: '@manually' });
    scheduler.tell();
    expect(scheduler.takeDue()).toEqual(['a+10']);
  });

  it('is silent again when it leads no more', () => {
    scheduler.state.setJob('a', { schedule: '@every 10s' });
    scheduler.follow();
    scheduler.lead();
    scheduler.lead({ isLeader: false, leader: nodeName('n1'), term: term(2) });
    scheduler.actor.advance(60_000);
    expect(scheduler.takeDue()).toEqual([]);
  });

  it('looks again, in a new term, at what it handed over in the old one', () => {
    scheduler.state.setJob('a', { schedule: '@every 10s' });
    scheduler.follow();
    scheduler.lead();
    scheduler.actor.advance(10_000);
    scheduler.takeDue();
    scheduler.lead({ term: term(2) });
    expect(scheduler.takeDue()).toEqual(['a+10']);
  });

  it('reads all jobs again after a gap in the changes', () => {
    scheduler.follow();
    scheduler.lead();
    scheduler.state.setJob('unseen', { schedule: '@every 10s' });
    scheduler.tellNothing();
    scheduler.state.setJob('seen', { schedule: '@every 10s' });
    scheduler.tell();
    scheduler.actor.advance(10_000);
    expect(scheduler.takeDue()).toEqual(['seen+10', 'unseen+10']);
  });

  it('forgets deleted jobs', () => {
    scheduler.state.setJob('a', { schedule: '@every 10s' });
    scheduler.follow();
    scheduler.lead();
    scheduler.state.apply({ type: 'deleteJob', name: jobName('a') });
    scheduler.tell();
    scheduler.actor.advance(60_000);
    expect(scheduler.takeDue()).toEqual([]);
  });

  it('says which stored schedule it can not compile', () => {
    scheduler.state.setJob('a', { schedule: 'nonsense' });
    scheduler.follow();
    expect(scheduler.actor.lines).toMatchObject([{ level: 'error', fields: { job: 'a' } }]);
  });

  it('wakes each second while nothing is due, to compare the clocks', () => {
    scheduler.follow();
    scheduler.lead();
    scheduler.actor.advance(10_000);
    expect(scheduler.actor.counters.get('scheduler_clock_jumps_total')).toBeUndefined();
    expect(scheduler.actor.lines).toEqual([]);
  });
});

describe('a wall clock that is set', () => {
  it('is noticed within a second, and what is due by it is handed over', () => {
    scheduler.state.setJob('a', { schedule: '@every 1m' });
    scheduler.follow();
    scheduler.lead();
    scheduler.actor.setWallClock(wallMs(scheduler.state.nowMs + 61_000));
    scheduler.actor.advance(1_000);
    expect(scheduler.takeDue()).toEqual(['a+60']);
    expect(scheduler.actor.counters.get('scheduler_clock_jumps_total')).toBe(1);
    expect(scheduler.actor.lines).toMatchObject([{ level: 'warn', fields: { jumpMs: 61_000 } }]);
  });
});
