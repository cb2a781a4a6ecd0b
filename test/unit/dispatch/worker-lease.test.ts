import { describe, expect, it } from 'vitest';
import { Worker } from '../../../src/core/dispatch/worker.ts';
import type { WorkerEffect, WorkerInput } from '../../../src/core/dispatch/worker-types.ts';
import type { ExecutionStart } from '../../../src/core/jobs/changes.ts';
import { limits } from '../../../src/core/limits.ts';
import {
  type ExecutionId,
  epoch,
  executionId,
  jobName,
  monoMs,
  nodeName,
  stamp,
  term,
  wallNs,
} from '../../../src/core/units.ts';
import { executionStart } from '../../support/execution-start.ts';
import { StateHarness } from '../../support/state-harness.ts';

const node = nodeName('n0');
const thisLife = epoch(7);
const idOf = (number: number): ExecutionId => executionId(stamp(BigInt(number)), node);

const startOf = (number: number, fields: Partial<ExecutionStart> = {}): ExecutionStart =>
  executionStart(BigInt(number), { epoch: thisLife, exclusive: true, ...fields });

/** A worker with a clock and a journal that is never slow, attached to a leader who answers when the test says so. */
class Node {
  readonly effects: WorkerEffect[] = [];
  nowMs = 50_000;
  readonly #worker = new Worker(
    {
      node,
      epoch: thisLife,
      sameBoot: true,
      journalSince: epoch(1),
      executors: new Set(['shell']),
      processExecutors: new Set(['shell']),
      outputLimitBytes: 4_096,
      maxExecutions: 0,
      stopGraceMs: 3_000,
      drainMs: 10_000,
    },
    { epoch: epoch(6), bootId: 'boot', since: epoch(1), term: term(0), entries: [] },
  );

  step(input: WorkerInput): void {
    this.#worker.step(input, { monoMs: monoMs(this.nowMs), wallNs: wallNs(0n) }, this.effects);
    this.#worker.check();
  }

  /** Ends the turn; what is recorded by it begins. */
  turn(): void {
    this.step({ type: 'tick' });
    while (this.take('journal').length > 0) {
      this.step({ type: 'journalled' });
      this.step({ type: 'tick' });
    }
  }

  start(number: number, fields: Partial<ExecutionStart> = {}): void {
    this.step({ type: 'start', term: term(3), start: startOf(number, fields) });
    this.turn();
  }

  /** Time passes without a stall: each deadline is met when it comes. */
  pass(durationMs: number): void {
    const endMs = this.nowMs + durationMs;
    for (;;) {
      const next = this.#worker.nextDeadline();
      if (next === null || next > endMs) break;
      this.nowMs = Math.max(this.nowMs, next);
      this.turn();
    }
    this.nowMs = endMs;
  }

  /** The leader answers the latest renewal. */
  grant(): void {
    const sentAtMs = this.renewals().at(-1);
    if (sentAtMs === undefined) throw new Error('no renewal was sent');
    this.step({ type: 'leaseGranted', epoch: thisLife, sentAtMs: monoMs(sentAtMs) });
    this.turn();
  }

  /** Times of all renewals so far. */
  renewals(): number[] {
    return this.effects.flatMap((effect) =>
      effect.type === 'send' && effect.event.type === 'leaseRenewal' ? [effect.event.sentAtMs] : [],
    );
  }

  begun(): string[] {
    return this.effects.flatMap((effect) => (effect.type === 'begin' ? [effect.start.id] : []));
  }

  halted(): string[] {
    return this.effects.flatMap((effect) => (effect.type === 'halt' ? [effect.id] : []));
  }

  take(type: 'journal'): WorkerEffect[] {
    const taken = this.effects.filter((effect) => effect.type === type);
    this.effects.splice(0, this.effects.length, ...this.effects.filter((effect) => effect.type !== type));
    return taken;
  }

  end(number: number, error = ''): void {
    const output = new Uint8Array();
    this.step({ type: 'ended', id: idOf(number), result: { success: error === '', error, output, droppedBytes: 0 } });
    this.turn();
  }

  outputs(): string[] {
    return this.effects.flatMap((effect) =>
      effect.type === 'send' && effect.event.type === 'executionFinished'
        ? [new TextDecoder().decode(effect.event.output)]
        : [],
    );
  }
}

function leasedNode(): Node {
  const worker = new Node();
  worker.step({ type: 'attach', term: term(3) });
  worker.turn();
  worker.grant();
  return worker;
}

describe('the lease of a node', () => {
  it('is asked for before the report, and every few seconds', () => {
    const worker = new Node();
    worker.step({ type: 'attach', term: term(3) });
    const events = worker.effects.flatMap((effect) => (effect.type === 'send' ? [effect.event.type] : []));
    expect(events).toEqual(['leaseRenewal', 'workerReport']);
    worker.pass(limits.leaseRenewMs * 3);
    expect(worker.renewals()).toHaveLength(4);
  });

  it('is not asked for while nobody is known to lead', () => {
    const worker = leasedNode();
    worker.step({ type: 'start', term: term(4), start: startOf(1) });
    worker.pass(limits.leaseMs);
    expect(worker.renewals()).toHaveLength(1);
  });

  it('ends what must not overlap when the leader is silent for its length, and nothing else', () => {
    const worker = leasedNode();
    worker.start(1);
    worker.start(2, { job: jobName('job2'), exclusive: false });
    worker.pass(limits.leaseMs - 1);
    expect(worker.halted()).toEqual([]);
    worker.pass(1);
    expect(worker.halted()).toEqual([idOf(1)]);
    worker.end(1, 'signal: terminated');
    expect(worker.outputs()).toEqual([expect.stringContaining('had no word from the leader')]);
  });

  it('holds back no start of a job with max_executions: two of it may run beside each other', () => {
    const harness = new StateHarness();
    harness.setJob('job1', { maxExecutions: 2 });
    harness.launch('job1', 10_000);
    harness.launch('job1', 20_000);
    const starts = harness.changesOf('executionOpened').map(({ start }) => ({ ...start, epoch: thisLife }));
    const worker = leasedNode();
    for (const start of starts) {
      worker.step({ type: 'start', term: term(3), start });
      worker.turn();
    }
    expect(starts).toHaveLength(2);
    expect(worker.begun()).toEqual(starts.map(({ id }) => id));
    expect(worker.halted()).toEqual([]);
  });

  it('goes on as long as renewals are answered', () => {
    const worker = leasedNode();
    worker.start(1);
    for (let round = 0; round < 10; round += 1) {
      worker.pass(limits.leaseRenewMs);
      worker.grant();
    }
    expect(worker.halted()).toEqual([]);
  });

  it('counts from the sending of the renewal, not from its answer', () => {
    const worker = leasedNode();
    worker.start(1);
    worker.pass(limits.leaseMs - 2_000);
    const sentAtMs = worker.renewals().at(-1) ?? 0;
    worker.grant();
    worker.pass(sentAtMs + limits.leaseMs - worker.nowMs - 1);
    expect(worker.halted()).toEqual([]);
    worker.pass(1);
    expect(worker.halted()).toEqual([idOf(1)]);
  });

  it('takes no answer that was meant for an earlier life', () => {
    const worker = leasedNode();
    worker.start(1);
    worker.pass(limits.leaseMs - 1);
    worker.step({ type: 'leaseGranted', epoch: epoch(6), sentAtMs: monoMs(worker.nowMs) });
    worker.pass(1);
    expect(worker.halted()).toEqual([idOf(1)]);
  });

  it('is asked for once more when its end is seen late: the node stood still', () => {
    const worker = leasedNode();
    worker.start(1);
    worker.nowMs += limits.leaseMs * 3;
    worker.turn();
    expect(worker.halted()).toEqual([]);
    expect(worker.renewals().at(-1)).toBe(worker.nowMs);
    worker.grant();
    worker.pass(limits.leaseRenewMs);
    expect(worker.halted()).toEqual([]);

    worker.nowMs += limits.leaseMs * 3;
    worker.turn();
    worker.pass(limits.punctualMs);
    expect(worker.halted()).toEqual([idOf(1)]);
  });

  it('has to be there before anything begins that must not overlap', () => {
    const worker = new Node();
    worker.step({ type: 'attach', term: term(3) });
    worker.start(1);
    worker.start(2, { job: jobName('job2'), exclusive: false });
    expect(worker.begun()).toEqual([idOf(2)]);
    worker.grant();
    worker.start(1);
    expect(worker.begun()).toEqual([idOf(2), idOf(1)]);
  });
});

describe('a start of what must not overlap', () => {
  it('waits for the execution before it, which the leader believes over, and ends it', () => {
    const worker = leasedNode();
    worker.start(1);
    worker.start(2);
    expect(worker.halted()).toEqual([idOf(1)]);
    worker.start(2);
    expect([worker.begun(), worker.halted()]).toEqual([[idOf(1)], [idOf(1)]]);
    worker.end(1, 'signal: terminated');
    worker.start(2);
    expect(worker.begun()).toEqual([idOf(1), idOf(2)]);
  });

  it('that comes late from an older launch ends nothing', () => {
    const worker = leasedNode();
    worker.start(2);
    worker.start(1);
    expect([worker.begun(), worker.halted()]).toEqual([[idOf(2)], []]);
  });

  it('by hand goes beside the others', () => {
    const worker = leasedNode();
    worker.start(1);
    worker.start(2, { cause: 'manual' });
    worker.end(1);
    worker.start(3);
    expect([worker.begun(), worker.halted()]).toEqual([[idOf(1), idOf(2), idOf(3)], []]);
  });
});

describe('what the leader has given up', () => {
  it('does not begin when it has not begun', () => {
    const worker = leasedNode();
    worker.step({ type: 'start', term: term(3), start: startOf(1, { exclusive: false }) });
    worker.step({ type: 'giveUp', ids: [idOf(1)] });
    worker.turn();
    expect(worker.begun()).toEqual([]);
    expect(worker.outputs()).toEqual(['Stopped before it was started.\n']);
  });

  it('ends when it must not overlap, and else runs on and tells its end', () => {
    const worker = leasedNode();
    worker.start(1);
    worker.start(2, { job: jobName('job2'), exclusive: false });
    worker.step({ type: 'giveUp', ids: [idOf(1), idOf(2), idOf(9)] });
    expect(worker.halted()).toEqual([idOf(1)]);
    worker.end(2);
    expect(worker.outputs()).toEqual(['']);
  });
});
