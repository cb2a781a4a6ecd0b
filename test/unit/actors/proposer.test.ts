import { beforeEach, describe, expect, it } from 'vitest';
import type { LogCommand, LogRefusal } from '../../../actors/cluster/log/protocol.ts';
import type { ProposalApplied } from '../../../actors/cluster/state/protocol.ts';
import { type ProposalOutcome, Proposer } from '../../../actors/proposer.ts';
import type { Command } from '../../../src/core/jobs/commands.ts';
import { limits } from '../../../src/core/limits.ts';
import { jobName, logIndex, nodeName } from '../../../src/core/units.ts';
import { decodeEntry } from '../../../src/wire/entries.ts';
import { ActorHarness } from '../../support/fake-context.ts';

type Accepts = ProposalApplied | LogRefusal;
type Propose = Extract<LogCommand, { type: 'propose' }>;

const command: Command = { type: 'deleteJob', name: jobName('job1') };

describe('a proposer', () => {
  let owner: ActorHarness<Accepts>;
  let proposer: Proposer;
  let outcomes: ProposalOutcome[];

  beforeEach(() => {
    owner = new ActorHarness<Accepts>('api');
    outcomes = [];
    owner.start(
      {
        mailbox: { capacity: 1, overflow: { policy: 'reject' } },
        start: (context) => {
          proposer = new Proposer(context, nodeName('n0'));
          return { receive: (message) => proposer.receive(message), timer: (key) => void proposer.timer(key) };
        },
      },
      null,
      null,
    );
  });

  const propose = (): void => proposer.propose(command, (outcome) => outcomes.push(outcome));
  const sent = (): Propose[] => owner.takeMessages<Propose>();
  const refuse = ({ sequence }: Propose): void =>
    owner.deliver({ type: 'proposalRefused', sequence, reason: 'not_leader' });
  const apply = ({ entry }: Propose): void => {
    const { epoch, sequence } = decodeEntry(entry).origin;
    owner.deliver({ type: 'proposalApplied', epoch, sequence, index: logIndex(1), result: { type: 'done' } });
  };

  it('tells what came of a command, once', () => {
    propose();
    const [message] = sent();
    if (message === undefined) throw new Error('nothing was proposed');
    apply(message);
    apply(message);
    refuse(message);
    propose();
    for (const other of sent()) refuse(other);
    expect(outcomes).toEqual([
      { type: 'applied', result: { type: 'done' } },
      { type: 'refused', reason: 'not_leader' },
    ]);
  });

  it.each(['log', 'state'])('sends again, as the same command, when %s begins a new life', (peer) => {
    propose();
    const first = sent();
    owner.deliver({ type: 'proposalRefused', sequence: -1, reason: 'overloaded' });
    proposer.peerStarted(peer);
    proposer.peerStarted('membership');
    expect(sent()).toEqual(first);
  });

  it('believes no refusal of what it sent again: the first may have happened (P5)', () => {
    propose();
    proposer.peerStarted('log');
    const [, again] = sent();
    if (again === undefined) throw new Error('nothing was proposed again');
    refuse(again);
    expect(outcomes).toEqual([]);
    owner.advance(1_000);
    const [third] = sent();
    expect(third).toEqual(again);
    apply(again);
    expect(outcomes).toMatchObject([{ type: 'applied' }]);
  });

  it('calls an outcome unknown when nobody answers in time, never done and undone', () => {
    propose();
    proposer.peerStarted('log');
    const [, again] = sent();
    if (again !== undefined) refuse(again);
    owner.advance(31_000);
    expect(outcomes).toEqual([{ type: 'unknown' }]);
  });

  it('has no more commands under way than the state remembers results, or one sent twice could happen twice', () => {
    for (let index = 0; index < limits.rememberedResultsPerOrigin + 2; index += 1) propose();
    const underWay = sent();
    expect(underWay).toHaveLength(limits.rememberedResultsPerOrigin);
    const [first, second, third] = underWay;
    if (first === undefined || second === undefined || third === undefined) throw new Error('too few');
    apply(second);
    expect(sent()).toEqual([]);
    apply(first);
    const late = sent();
    expect(late.map(({ sequence }) => sequence)).toEqual(
      [1, 2].map((offset) => (underWay.at(-1)?.sequence ?? 0) + offset),
    );
    proposer.peerStarted('log');
    expect(sent()).toHaveLength(limits.rememberedResultsPerOrigin);
  });

  it('refuses what it never sent when its time is up', () => {
    for (let index = 0; index < limits.rememberedResultsPerOrigin + 1; index += 1) propose();
    sent();
    owner.advance(31_000);
    expect(outcomes.filter(({ type }) => type === 'unknown')).toHaveLength(limits.rememberedResultsPerOrigin);
    expect(outcomes.at(-1)).toEqual({ type: 'refused', reason: 'overloaded' });
    expect(sent()).toEqual([]);
  });
});
