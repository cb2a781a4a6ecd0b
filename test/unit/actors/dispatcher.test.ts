import { beforeEach, describe, expect, it } from 'vitest';
import type { LeadershipEvent } from '../../../actors/cluster/log/protocol.ts';
import { definition } from '../../../actors/scheduling/dispatcher/actor.ts';
import type { DispatcherCommand } from '../../../actors/scheduling/dispatcher/protocol.ts';
import {
  type ExecutionId,
  epoch,
  executionId,
  jobName,
  logIndex,
  nodeName,
  stamp,
  term,
  wallNs,
} from '../../../src/core/units.ts';
import { decodeEntry } from '../../../src/wire/entries.ts';
import { ActorHarness } from '../../support/fake-context.ts';
import { StateHarness } from '../../support/state-harness.ts';

const node = nodeName('n0');

describe('the dispatcher actor', () => {
  let state: StateHarness;
  let dispatcher: ActorHarness<DispatcherCommand>;

  beforeEach(() => {
    state = new StateHarness();
    state.setJob('job1', { processors: { log: {} } });
    dispatcher = new ActorHarness<DispatcherCommand>('dispatcher');
    dispatcher.start(
      definition,
      { nodeName: node, region: 'global', stopGraceMs: 1_000 },
      { store: { open: () => state.store } },
    );
    const member = {
      name: node,
      address: '127.0.0.1',
      port: 8946,
      tags: { region: 'global' },
      status: 'alive',
    } as const;
    dispatcher.deliver({ type: 'members', members: [{ ...member, epoch: epoch(1) }] });
  });

  const lead = (fields: Partial<LeadershipEvent> = {}): void =>
    dispatcher.deliver({
      type: 'leadership',
      term: term(5),
      leader: node,
      isLeader: true,
      barrier: logIndex(1),
      ...fields,
    });
  const follow = (): void => dispatcher.deliver({ type: 'following', appliedIndex: state.reader.appliedIndex() });
  const report = (running: readonly ExecutionId[] = []): void =>
    dispatcher.deliver({
      type: 'workerReport',
      node,
      epoch: epoch(1),
      sameBoot: true,
      journalSince: epoch(1),
      running,
      finished: [],
      interrupted: [],
    });
  const typesTo = (actor: string): string[] => dispatcher.messages<{ type: string }>(actor).map(({ type }) => type);
  const answers = (): unknown[] => dispatcher.replies.map(({ reply }) => reply);

  it('leads when the state has applied what was committed before, and not earlier', () => {
    lead({ barrier: logIndex(2) });
    follow();
    expect(typesTo('executor')).toEqual([]);
    state.run('job1');
    follow();
    expect(dispatcher.messages('executor')).toMatchObject([{ type: 'attach', term: 5 }]);
    report();
    expect(dispatcher.messages('executor')).toMatchObject([{}, { type: 'start', start: { job: 'job1' } }]);
  });

  it('leads no longer in an old term while it waits to begin in a new one', () => {
    lead();
    follow();
    report();
    lead({ term: term(6), barrier: logIndex(9) });
    dispatcher.deliverAsk({ type: 'run', name: state.job('job1').name, tags: null });
    expect(answers()).toMatchObject([{ type: 'refused', code: 'not_leader' }]);
  });

  it('reads the state again after a gap, and still answers who asked for a run before it', () => {
    lead();
    follow();
    report();
    dispatcher.deliverAsk({ type: 'run', name: state.job('job1').name, tags: null });
    const [proposal] = dispatcher.messages<{ entry: Uint8Array }>('log');
    if (proposal === undefined) throw new Error('nothing was proposed');
    const entry = decodeEntry(proposal.entry);
    const result = state.apply(entry.command, entry.origin);
    follow();
    expect(typesTo('executor')).toEqual(['attach', 'attach']);
    const { epoch: life, sequence } = entry.origin;
    dispatcher.deliver({ type: 'proposalApplied', epoch: life, sequence, index: logIndex(2), result });
    expect(answers()).toMatchObject([{ type: 'launched' }]);
  });

  it('hands an output to the processors again when they were restarted, and proposes the end once', () => {
    state.run('job1');
    const [record] = state.running('job1');
    if (record === undefined) throw new Error('nothing runs');
    const id = executionId(record.stamp, node);
    lead();
    follow();
    report([id]);
    const output = new Uint8Array([1]);
    const times = { startedAtNs: wallNs(1n), finishedAtNs: wallNs(2n) };
    const job = jobName('job1');
    dispatcher.deliver({ type: 'executionFinished', id, job, ...times, success: true, output, droppedBytes: 0 });
    dispatcher.peerStarted('processor');
    expect(typesTo('processor')).toEqual(['process', 'process']);
    dispatcher.deliver({ type: 'processed', id, output });
    dispatcher.deliver({ type: 'processed', id, output });
    dispatcher.advance(5);
    const commands = dispatcher
      .messages<{ type: string; entry: Uint8Array }>('log')
      .filter(({ type }) => type === 'propose');
    expect(commands.map(({ entry }) => decodeEntry(entry).command)).toMatchObject([
      { type: 'finish', items: [{ outcome: 'success' }] },
    ]);
  });

  describe('when an end comes for what is not open', () => {
    const times = { startedAtNs: wallNs(1n), finishedAtNs: wallNs(2n) };
    const ended = (id: ExecutionId): void =>
      dispatcher.deliver({
        type: 'executionFinished',
        id,
        job: jobName('job1'),
        ...times,
        success: true,
        output: new Uint8Array([1]),
        droppedBytes: 0,
      });
    const proposed = () =>
      dispatcher
        .messages<{ type: string; entry: Uint8Array }>('log')
        .filter(({ type }) => type === 'propose')
        .map(({ entry }) => decodeEntry(entry));
    const acknowledged = (): unknown[] =>
      dispatcher.messages<{ type: string }>('executor').filter(({ type }) => type === 'committed');

    function oneLost(): ExecutionId {
      state.run('job1');
      const [record] = state.running('job1');
      if (record === undefined) throw new Error('nothing runs');
      state.finish(record, 'lost');
      lead();
      follow();
      report();
      return executionId(record.stamp, node);
    }

    it('notes how a lost execution ended, and acknowledges it once that is committed', () => {
      const id = oneLost();
      ended(id);
      dispatcher.advance(5);
      expect(acknowledged()).toEqual([]);
      const [entry] = proposed();
      expect(entry?.command).toMatchObject({
        type: 'finish',
        items: [{ outcome: 'success', output: new Uint8Array() }],
      });
      if (entry === undefined) throw new Error('nothing was proposed');
      state.apply(entry.command, entry.origin);
      expect(state.executions('job1')).toMatchObject([{ outcome: 'lost', late: 'success' }]);
      ended(id);
      dispatcher.advance(5);
      expect(proposed()).toHaveLength(1);
      expect(acknowledged()).toEqual([{ type: 'committed', ids: [id] }]);
    });

    it('acknowledges at once what has no record any more', () => {
      lead();
      follow();
      report();
      ended(executionId(stamp(9n), node));
      expect(acknowledged()).toEqual([{ type: 'committed', ids: ['9-n0'] }]);
      dispatcher.advance(5);
      expect(proposed()).toEqual([]);
    });
  });
});
