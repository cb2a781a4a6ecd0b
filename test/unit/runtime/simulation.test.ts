import { describe, expect, it } from 'vitest';
import { monoMs } from '../../../src/core/units.ts';
import { makeProbe } from '../../../src/runtime/simulation/probe.ts';
import { Simulation } from '../../../src/runtime/simulation/simulation.ts';
import { simulationRow } from '../../../src/runtime/simulation/table.ts';
import type { GroupSpec, Strategy } from '../../../src/runtime/supervision.ts';
import {
  type ActorDefinition,
  type AskOutcome,
  localRef,
  type Overflow,
  type Ref,
  type Replies,
} from '../../../src/runtime/types.ts';

type CounterMessage =
  | { readonly type: 'add'; readonly by: number }
  | ({ readonly type: 'read' } & Replies<number>)
  | { readonly type: 'hold' }
  | { readonly type: 'fail' }
  | { readonly type: 'timer'; readonly key: string; readonly afterMs: number; readonly tell: Ref<unknown> };

const counter = (
  overflow: Overflow<CounterMessage> = { policy: 'reject' },
): ActorDefinition<CounterMessage, { start: number }, unknown> => ({
  mailbox: { capacity: 64, overflow },
  start(context, config) {
    let sum = config.start;
    let teller: Ref<unknown> | null = null;
    context.ready();
    return {
      receive(message, reply) {
        switch (message.type) {
          case 'add':
            sum += message.by;
            context.count('additions');
            break;
          case 'read':
            if (reply !== null) context.reply(reply, sum);
            break;
          case 'hold':
            break;
          case 'fail':
            throw new Error('asked to fail');
          case 'timer':
            teller = message.tell;
            context.arm(message.key, monoMs(context.monoNow() + message.afterMs));
            break;
        }
      },
      timer: (key) => {
        if (teller !== null) context.send(teller, { fired: key, at: context.wallNow() });
      },
    };
  },
});

const group = (id: string, strategy: Strategy = 'one_for_one'): GroupSpec => ({
  id,
  strategy,
  intensity: { restarts: 3, withinMs: 10_000 },
  backoff: { firstMs: 10, maxMs: 1_000 },
});

const counterRow = (id: string, groupId = 'work', overflow?: Overflow<CounterMessage>) =>
  simulationRow({ id, group: groupId, shutdownMs: 1_000, definition: counter(overflow), config: { start: 0 } });

const watched = <Row extends object>(row: Row, hangMs: number | undefined) =>
  hangMs === undefined ? row : { ...row, hangMs };

const started = (events: readonly { type: string }[]) => events.some(({ type }) => type === 'nodeStarted');

function oneNode(seed = 1, placement: 'threads' | 'compact' = 'threads', hangMs?: number) {
  const sim = new Simulation(seed);
  const probe = makeProbe<unknown>('probe', 'work');
  const table = { groups: [group('work')], children: [watched(counterRow('counter'), hangMs), probe.row] };
  const node = sim.addNode('n0', table, () => ({}), { placement });
  sim.runUntil(() => started(node.events));
  return { sim, node, probe, ref: localRef<CounterMessage>('counter') };
}

describe.each(['threads', 'compact'] as const)('a simulated node, placement %s', (placement) => {
  it('delivers in order and answers asks', () => {
    const { sim, node, ref } = oneNode(1, placement);
    const outcomes: AskOutcome<number>[] = [];
    for (let by = 1; by <= 10; by += 1) node.send(ref, { type: 'add', by });
    node.ask<CounterMessage, number>(ref, { type: 'read' }, 1_000, (outcome) => outcomes.push(outcome));
    sim.runUntil(() => outcomes.length > 0);
    expect(outcomes).toEqual([{ ok: true, reply: 55 }]);
    expect(node.metrics.readCounters().get('additions')).toBe(10);
  });

  it('ends an unanswered ask at its deadline, once, and the late answer is a dead letter', () => {
    const { sim, node, ref } = oneNode(2, placement);
    const outcomes: unknown[] = [];
    node.ask(ref, { type: 'hold' }, 50, (outcome) => outcomes.push(outcome));
    sim.runFor(49);
    expect(outcomes).toEqual([]);
    sim.runFor(1_000);
    expect(outcomes).toEqual([{ ok: false, reason: 'timeout' }]);
  });

  it('fails outstanding asks with dead, and the reference serves again after the restart', () => {
    const { sim, node, ref } = oneNode(3, placement);
    const outcomes: unknown[] = [];
    node.ask(ref, { type: 'hold' }, 60_000, (outcome) => outcomes.push(outcome));
    node.send(ref, { type: 'fail' });
    sim.runUntil(() => outcomes.length === 1);
    expect(outcomes).toEqual([{ ok: false, reason: 'dead' }]);
    sim.runUntil(() => node.events.some((event) => event.type === 'actorReady' && event.life === 2));
    node.send(ref, { type: 'add', by: 4 });
    node.ask<CounterMessage, number>(ref, { type: 'read' }, 1_000, (outcome) => outcomes.push(outcome));
    sim.runUntil(() => outcomes.length === 2);
    expect(outcomes[1]).toEqual({ ok: true, reply: 4 });
  });

  it('stops in reverse order with the exit code given', () => {
    const { sim, node } = oneNode(4, placement);
    node.stop(7);
    sim.runUntil(() => !node.running);
    expect(node.exitCode).toBe(7);
    const stopped = node.events.flatMap((event) => (event.type === 'actorStopped' ? [event.actor] : []));
    expect(stopped).toEqual(['probe', 'counter']);
  });
});

describe('a simulated thread that hangs', () => {
  const readAfter = (act: (under: ReturnType<typeof oneNode>) => void, hangMs?: number) => {
    const under = oneNode(6, 'threads', hangMs);
    act(under);
    const { sim, node, ref } = under;
    node.send(ref, { type: 'add', by: 3 });
    const answeredAtMs: number[] = [];
    node.ask<CounterMessage, number>(ref, { type: 'read' }, 60_000, () => answeredAtMs.push(sim.nowMs));
    const fromMs = sim.nowMs;
    sim.runUntil(() => answeredAtMs.length > 0);
    return { tookMs: sim.nowMs - fromMs, lives: node.events.filter(({ type }) => type === 'actorReady').length - 2 };
  };

  it('runs nothing meanwhile, and everything afterwards', () => {
    const { tookMs, lives } = readAfter(({ node }) => node.hangActor('counter', 5_000));
    expect(lives).toBe(0);
    expect(tookMs).toBeGreaterThanOrEqual(5_000);
    expect(tookMs).toBeLessThan(5_010);
  });

  it('is ended where its row has it watched, and not before', () => {
    expect(readAfter(({ node }) => node.hangActor('counter', 999), 1_000).lives).toBe(0);
    const { sim, node } = oneNode(6, 'threads', 1_000);
    node.hangActor('counter', 5_000);
    sim.runUntil(() => node.events.some((event) => event.type === 'actorReady' && event.life === 2), 2_000);
    expect(node.events).toContainEqual({ type: 'actorKilled', actor: 'counter', life: 1, missed: 'answer' });
  });

  it('is not ended when the whole node stands still', () => {
    const { tookMs, lives } = readAfter(({ node }) => node.freeze(5_000), 1_000);
    expect(lives).toBe(0);
    expect(tookMs).toBeGreaterThanOrEqual(5_000);
  });
});

describe('a simulated node', () => {
  it('fires timers at their time and not before', () => {
    const { sim, node, probe, ref } = oneNode(5);
    const before = node.wallNow();
    probe.act((context) =>
      context.send(ref, { type: 'timer', key: 'tick', afterMs: 30 * 24 * 3_600_000, tell: probe.ref }),
    );
    sim.runUntil(() => probe.received.length === 1, 31 * 24 * 3_600_000);
    expect(probe.received[0]?.message).toMatchObject({ fired: 'tick' });
    expect(node.wallNow() - before).toBeGreaterThanOrEqual(30 * 24 * 3_600_000);
    expect(node.wallNow() - before).toBeLessThan(30 * 24 * 3_600_000 + 10);
  });

  it('rejects asks and drops messages that a full mailbox refuses, and says so', () => {
    const { sim, node, probe, ref } = oneNode(6);
    const outcomes: AskOutcome<number>[] = [];
    probe.act((context) => {
      for (let count = 0; count < 100; count += 1) context.send(ref, { type: 'add', by: 1 });
      context.ask<CounterMessage, number>(ref, { type: 'read' }, 1_000, (outcome) => outcomes.push(outcome));
    });
    sim.runUntil(() => outcomes.length === 1);
    expect(outcomes).toEqual([{ ok: false, reason: 'rejected' }]);
    const letters = node.events.flatMap((event) => (event.type === 'deadLetter' ? [event] : []));
    expect(letters).toEqual([
      { type: 'deadLetter', from: 'probe', to: 'counter', messageType: 'add', reason: 'mailbox_full', count: 36 },
    ]);
  });

  it('gathers dead letters of an overload', () => {
    const { sim, node, probe } = oneNode(11);
    const nobody = localRef<unknown>('nobody');
    const letters = () => node.events.flatMap((event) => (event.type === 'deadLetter' ? [event.count] : []));
    const lose = () => probe.act((context) => context.send(nobody, { type: 'lost' }));
    lose();
    sim.runFor(1);
    expect(letters()).toEqual([1]);
    for (let round = 0; round < 10; round += 1) {
      lose();
      sim.runFor(1);
    }
    expect(letters()).toEqual([1]);
    sim.runFor(1_000);
    expect(letters()).toEqual([1, 10]);
  });

  it('holds messages back under credit, and loses none', () => {
    const sim = new Simulation(7);
    const probe = makeProbe<unknown>('probe', 'work');
    const table = {
      groups: [group('work')],
      children: [counterRow('counter', 'work', { policy: 'credit' }), probe.row],
    };
    const node = sim.addNode('n0', table);
    sim.runUntil(() => started(node.events));
    const ref = localRef<CounterMessage>('counter');
    const outcomes: AskOutcome<number>[] = [];
    probe.act((context) => {
      for (let count = 0; count < 10_000; count += 1) context.send(ref, { type: 'add', by: 1 });
      context.ask<CounterMessage, number>(ref, { type: 'read' }, 60_000, (outcome) => outcomes.push(outcome));
    });
    sim.runUntil(() => outcomes.length === 1);
    expect(outcomes).toEqual([{ ok: true, reply: 10_000 }]);
  });

  it('gives up after too many failures, with its exit code', () => {
    const { sim, node, ref } = oneNode(8);
    for (let life = 1; life <= 4; life += 1) {
      sim.runUntil(() =>
        node.events.some((event) => event.type === 'actorReady' && event.actor === 'counter' && event.life === life),
      );
      node.send(ref, { type: 'fail' });
    }
    sim.runUntil(() => !node.running);
    expect(node.exitCode).toBe(70);
  });

  it('reaches actors of other nodes by the same references', () => {
    const { sim, ref } = oneNode(9);
    const other = sim.addNode('n1', { groups: [group('work')], children: [makeProbe('probe', 'work').row] });
    const outcomes: AskOutcome<number>[] = [];
    const remote = { ...ref, node: 'n0' };
    sim.runUntil(() => started(other.events));
    other.send(remote, { type: 'add', by: 5 });
    other.ask<CounterMessage, number>(remote, { type: 'read' }, 1_000, (outcome) => outcomes.push(outcome));
    sim.runUntil(() => outcomes.length === 1);
    expect(outcomes).toEqual([{ ok: true, reply: 5 }]);
  });
});

describe('determinism', () => {
  const run = (seed: number) => {
    const { sim, node, probe, ref } = oneNode(seed);
    for (let by = 0; by < 50; by += 1) {
      node.send(ref, { type: 'add', by });
      probe.act((context) => context.send(ref, { type: 'add', by: -by }));
    }
    node.crashActor('counter');
    sim.runFor(1_000);
    return sim.traceHash();
  };

  it('repeats a seed exactly', () => {
    expect(run(42)).toBe(run(42));
  });

  it('takes another course with another seed', () => {
    expect(new Set([1, 2, 3, 4, 5].map(run)).size).toBe(5);
  });
});
