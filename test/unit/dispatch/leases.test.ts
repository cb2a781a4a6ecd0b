import { beforeEach, describe, expect, it } from 'vitest';
import { DispatcherCore } from '../../../src/core/dispatch/dispatcher.ts';
import type { Effect, Now } from '../../../src/core/dispatch/in-flight.ts';
import { givenUpAfterMs } from '../../../src/core/dispatch/leases.ts';
import type { ExecutionStart } from '../../../src/core/jobs/changes.ts';
import { limits } from '../../../src/core/limits.ts';
import { epoch, jobName, monoMs, type NodeName, nodeName, term, wallNs } from '../../../src/core/units.ts';
import { executionStart } from '../../support/execution-start.ts';

const n0 = nodeName('n0');
const n1 = nodeName('n1');

const start = (number: number, node: NodeName = n0): ExecutionStart => executionStart(BigInt(number), { node });

describe("the leases of the leader's executions", () => {
  let core: DispatcherCore;
  let out: Effect[];
  let nowMs: number;
  let lost: string[];
  let givenUp: string[];

  const now = (): Now => ({ wallNs: wallNs(BigInt(Math.floor(nowMs))), monoMs: monoMs(nowMs) });

  beforeEach(() => {
    core = new DispatcherCore({ below: () => 0 });
    [out, nowMs, lost, givenUp] = [[], 7_000, [], []];
    core.setWorkers(
      [n0, n1].map((node) => ({ node, epoch: epoch(3), tags: {} })),
      0,
      out,
    );
  });

  function lead(open: readonly ExecutionStart[]): void {
    core.begin(now(), term(5), open, [], out);
    for (const node of [n0, n1]) {
      const running = open.filter((one) => one.node === node).map(({ id }) => id);
      const lists = { running, finished: [], interrupted: [] };
      core.reported(now(), { node, epoch: epoch(3), sameBoot: true, journalSince: epoch(1), ...lists }, out);
    }
    turn();
  }

  function turn(): void {
    core.tick(now(), out);
    core.check();
    for (const effect of out.splice(0)) {
      if (effect.type === 'giveUp') givenUp.push(...effect.ids);
      if (effect.type !== 'propose' || effect.command.type !== 'finish') continue;
      for (const { stamp: at, node, outcome, output } of effect.command.items) {
        expect([outcome, new TextDecoder().decode(output)]).toEqual([
          'lost',
          'execution lost: it may still run: its node was not heard of for 30 seconds',
        ]);
        lost.push(`${at}-${node}`);
      }
    }
  }

  /** Every deadline is met when it comes. `renewing` nodes renew their lease in time. */
  function pass(durationMs: number, renewing: readonly NodeName[] = []): void {
    const endMs = nowMs + durationMs;
    let renewAtMs = nowMs + limits.leaseRenewMs;
    for (;;) {
      const next = Math.min(core.nextDeadline() ?? Number.POSITIVE_INFINITY, renewAtMs);
      if (next > endMs) break;
      nowMs = Math.max(nowMs, next);
      if (renewAtMs <= nowMs) {
        for (const node of renewing) renew(node);
        renewAtMs += limits.leaseRenewMs;
      }
      turn();
    }
    nowMs = endMs;
    turn();
  }

  const renew = (node: NodeName, life = 3): void =>
    core.renewed(now(), { node, epoch: epoch(life), sentAtMs: monoMs(12) }, out);

  it('end with silence of their node, at the end of lease and grace, and as lost', () => {
    lead([start(1), start(2), start(3, n1)]);
    pass(givenUpAfterMs - 1, [n1]);
    expect(lost).toEqual([]);
    pass(1_000, [n1]);
    expect(lost).toEqual(['1-n0', '2-n0']);
    expect(givenUp).toEqual(['1-n0', '2-n0']);
    pass(givenUpAfterMs * 2, [n1]);
    expect(lost).toHaveLength(2);
  });

  it('are renewed for all that a node runs by one message, which is answered', () => {
    lead([start(1)]);
    renew(n0);
    expect(out).toEqual([{ type: 'grantLease', node: n0, epoch: 3, sentAtMs: 12 }]);
    pass(givenUpAfterMs * 5, [n0, n1]);
    expect(lost).toEqual([]);
  });

  it('are not renewed by a life that is over, nor by whoever does not lead', () => {
    renew(n0);
    lead([start(1)]);
    renew(n0, 2);
    expect(out).toEqual([]);
  });

  it('last no longer because the start is sent again and again', () => {
    lead([]);
    core.changed(now(), [{ type: 'executionOpened', start: start(1) }], out);
    pass(givenUpAfterMs + 1_000);
    expect(lost).toEqual(['1-n0']);
  });

  it('begin when an execution is opened, however long its node was silent before', () => {
    lead([start(1)]);
    pass(givenUpAfterMs - 1_000);
    core.changed(now(), [{ type: 'executionOpened', start: start(2) }], out);
    pass(2_000);
    expect(lost).toEqual(['1-n0']);
    pass(givenUpAfterMs - 3_000);
    expect(lost).toEqual(['1-n0']);
    pass(2_000);
    expect(lost).toEqual(['1-n0', '2-n0']);
  });

  it('begin at full length under a new leader, and end although membership knows the node no more', () => {
    lead([start(1)]);
    pass(givenUpAfterMs - 1_000);
    core.end(out);
    core.setWorkers([], 0, out);
    core.begin(now(), term(6), [start(1)], [], out);
    pass(givenUpAfterMs - 1_000);
    expect(lost).toEqual([]);
    pass(2_000);
    expect(lost).toEqual(['1-n0']);
  });

  it('go on while membership believes that a node is dead which renews', () => {
    lead([start(1)]);
    core.setWorkers([], 0, out);
    pass(givenUpAfterMs * 2, [n0]);
    expect(lost).toEqual([]);
  });

  it.each([1, 2, 7, 1_000])('do not end because the leader stood still for %i times their length', (times) => {
    lead([start(1)]);
    pass(2_000);
    nowMs += givenUpAfterMs * times;
    turn();
    renew(n0);
    pass(limits.leaseRenewMs);
    expect(lost).toEqual([]);
  });

  it('end under a leader who stands still again and again', () => {
    lead([start(1)]);
    for (let pause = 0; pause < givenUpAfterMs / limits.leaseRenewMs; pause += 1) {
      nowMs += givenUpAfterMs;
      turn();
    }
    pass(10);
    expect(lost).toEqual(['1-n0']);
  });

  it('do not end for what has ended and waits for its way into the log', () => {
    lead([start(1)]);
    const work = { success: true, output: new Uint8Array(), droppedBytes: 0 };
    const times = { startedAtNs: wallNs(1n), finishedAtNs: wallNs(2n) };
    core.finished(now(), n0, { id: start(1).id, job: jobName('job1'), ...times, ...work }, out);
    out.length = 0;
    nowMs += 5;
    core.tick(now(), out);
    expect(out).toMatchObject([{ type: 'propose', command: { items: [{ outcome: 'success' }] } }]);
    out.length = 0;
    pass(givenUpAfterMs * 2);
    expect([lost, givenUp]).toEqual([[], []]);
  });
});
