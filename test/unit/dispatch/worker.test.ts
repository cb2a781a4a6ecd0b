import { describe, expect, it } from 'vitest';
import { Worker } from '../../../src/core/dispatch/worker.ts';
import type {
  JournalContents,
  JournalEntry,
  JournalWrite,
  WorkerEffect,
  WorkerEvent,
  WorkerInput,
  WorkerOptions,
} from '../../../src/core/dispatch/worker-types.ts';
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
  wallMs,
  wallNs,
} from '../../../src/core/units.ts';
import { executionStart } from '../../support/execution-start.ts';

const node = nodeName('n0');
const thisLife = epoch(7);
const idOf = (number: number): ExecutionId => executionId(stamp(1_000_000_000_000_000_000n + BigInt(number)), node);
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const bytes = (content: string): Uint8Array => new TextEncoder().encode(content);

const startOf = (number: number, changes: Partial<ExecutionStart> = {}): ExecutionStart =>
  executionStart(1_000_000_000_000_000_000n + BigInt(number), {
    epoch: thisLife,
    group: stamp(1n),
    executorConfig: { command: 'true' },
    ...changes,
  });

const entryOf = (number: number, changes: Partial<JournalEntry> = {}): JournalEntry => ({
  id: idOf(number),
  job: jobName('job1'),
  executor: 'shell',
  startedAtNs: wallNs(5n),
  process: null,
  end: null,
  ...changes,
});

/** A worker with a clock, whose effects are taken step by step. */
class Bench {
  readonly worker: Worker;
  readonly renewals: WorkerEffect[] = [];
  nowMs = 100;

  constructor(contents: Partial<JournalContents> = {}, options: Partial<WorkerOptions> = {}) {
    this.worker = new Worker(
      {
        node,
        epoch: thisLife,
        sameBoot: true,
        journalSince: epoch(1),
        executors: new Set(['shell', 'http']),
        processExecutors: new Set(['shell']),
        outputLimitBytes: 16,
        maxExecutions: 0,
        stopGraceMs: 3_000,
        drainMs: 10_000,
        ...options,
      },
      { epoch: epoch(6), bootId: 'boot', since: epoch(1), term: term(0), entries: [], ...contents },
    );
  }

  /** Without renewals of the lease, which come with time: `renewals` has those. */
  step(input: WorkerInput): WorkerEffect[] {
    const out: WorkerEffect[] = [];
    this.worker.step(input, { monoMs: monoMs(this.nowMs), wallNs: wallNs(BigInt(this.nowMs) * 1_000_000n) }, out);
    this.worker.check();
    const isRenewal = (effect: WorkerEffect): boolean => effect.type === 'send' && effect.event.type === 'leaseRenewal';
    this.renewals.push(...out.filter(isRenewal));
    return out.filter((effect) => !isRenewal(effect));
  }

  tick(): WorkerEffect[] {
    return this.step({ type: 'tick' });
  }

  /** Attached, with `numbers` running. */
  running(...numbers: number[]): this {
    this.step({ type: 'attach', term: term(3) });
    for (const number of numbers) this.step({ type: 'start', term: term(3), start: startOf(number) });
    this.tick();
    this.step({ type: 'journalled' });
    return this;
  }

  end(number: number, output = 'out', changes: { readonly error?: string; readonly droppedBytes?: number } = {}) {
    const error = changes.error ?? '';
    const result = { success: error === '', error, output: bytes(output), droppedBytes: changes.droppedBytes ?? 0 };
    return this.step({ type: 'ended', id: idOf(number), result });
  }

  /** Writes until nothing waits, also what nothing waits for. */
  settle(): JournalWrite[] {
    const written: JournalWrite[] = [];
    this.nowMs += limits.journalGatherMs;
    for (;;) {
      const commit = this.tick().find((effect) => effect.type === 'journal');
      if (commit === undefined) return written;
      written.push(...commit.writes);
      this.step({ type: 'journalled' });
    }
  }
}

const eventsOf = (effects: readonly WorkerEffect[]): WorkerEvent[] =>
  effects.flatMap((effect) => (effect.type === 'send' ? [effect.event] : []));
const typesOf = (effects: readonly WorkerEffect[]): string[] =>
  effects.map((effect) => (effect.type === 'send' ? effect.event.type : effect.type));

describe('a start', () => {
  it('waits unanswered for its turn, when more are on their way to their processes than may be at once', () => {
    const bench = new Bench();
    bench.step({ type: 'attach', term: term(3) });
    const numbers = Array.from({ length: limits.startsAtOnce + 2 }, (_, index) => index + 1);
    for (const number of numbers) bench.step({ type: 'start', term: term(3), start: startOf(number) });
    bench.settle();
    const began = (): number => bench.worker.runningCount;
    expect(began()).toBe(numbers.length);
    expect(eventsOf(bench.step({ type: 'start', term: term(3), start: startOf(limits.startsAtOnce + 1) }))).toEqual([]);
    // Processes are there, or executions are over: several more begin together.
    const journalled = (): readonly ExecutionId[] => {
      const commit = bench.tick().find((effect) => effect.type === 'journal');
      return commit?.writes.flatMap((write) => (write.type === 'entry' ? [write.entry.id] : [])) ?? [];
    };
    const process = { pid: 7, startTicks: 1, bootId: 'boot' };
    for (let number = 1; number < limits.startsTogether; number += 1) {
      bench.step({ type: 'processStarted', id: idOf(number), process });
      expect(journalled()).toEqual([]);
    }
    bench.end(limits.startsTogether);
    const nextIds = [idOf(limits.startsAtOnce + 1), idOf(limits.startsAtOnce + 2)];
    expect(journalled()).toEqual(expect.arrayContaining(nextIds));
    expect(typesOf(bench.step({ type: 'journalled' }))).toEqual(expect.arrayContaining(['startAcknowledged', 'begin']));
  });

  it('of an executor without processes is over when it begins', () => {
    const bench = new Bench();
    bench.step({ type: 'attach', term: term(3) });
    const numbers = Array.from({ length: 2 * limits.startsAtOnce }, (_, index) => index + 1);
    for (const number of numbers) {
      bench.step({ type: 'start', term: term(3), start: { ...startOf(number), executor: 'http' } });
    }
    const entries = bench.settle().filter((write) => write.type === 'entry');
    expect(entries).toHaveLength(numbers.length);
  });

  it('begins only after its record is durable', () => {
    const bench = new Bench();
    bench.step({ type: 'attach', term: term(3) });
    expect(bench.step({ type: 'start', term: term(3), start: startOf(1) })).toEqual([]);
    const [commit, ...others] = bench.tick();
    expect(others).toEqual([]);
    expect(commit).toMatchObject({ type: 'journal' });
    expect(commit?.type === 'journal' && commit.writes).toEqual([
      { type: 'term', term: 3 },
      { type: 'entry', entry: entryOf(1, { startedAtNs: wallNs(100_000_000n) }) },
    ]);
    expect(bench.step({ type: 'journalled' })).toEqual([
      {
        type: 'send',
        term: 3,
        event: { type: 'startAcknowledged', id: idOf(1), startedAtNs: 100_000_000n },
      },
      { type: 'begin', start: startOf(1) },
    ]);
  });

  it('that is claimed ahead has no record and is not begun before its time, however often it is sent', () => {
    const bench = new Bench();
    bench.step({ type: 'attach', term: term(3) });
    bench.tick();
    bench.step({ type: 'journalled' });
    const claim = startOf(1, { scheduledAtMs: wallMs(bench.nowMs + 200) });
    for (let time = 0; time < 2; time += 1) {
      expect(bench.step({ type: 'start', term: term(3), start: claim, waitMs: 200 })).toEqual([]);
      expect(bench.tick()).toEqual([]);
    }
    expect([bench.worker.nextDeadline(), bench.worker.runningCount]).toEqual([bench.nowMs + 200, 1]);
    bench.nowMs += 199;
    expect(bench.tick()).toEqual([]);
    bench.nowMs += 1;
    expect(bench.tick()).toMatchObject([{ type: 'journal', writes: [{ type: 'entry', entry: { id: idOf(1) } }] }]);
    expect(bench.step({ type: 'journalled' })).toMatchObject([
      { event: { type: 'startAcknowledged', startedAtNs: BigInt(bench.nowMs) * 1_000_000n } },
      { type: 'begin' },
    ]);
  });

  it.each([
    ['stopped', { type: 'stopExecution', id: idOf(1), graceMs: 500, reason: 'request' }],
    ['given up', { type: 'giveUp', ids: [idOf(1)] }],
  ] as const)('that is claimed ahead and %s before its time ends without having begun', (_what, input) => {
    const bench = new Bench().running();
    const claim = startOf(1, { scheduledAtMs: wallMs(bench.nowMs + 200) });
    bench.step({ type: 'start', term: term(3), start: claim, waitMs: 200 });
    bench.step(input);
    expect(typesOf(bench.tick())).toEqual(['journal']);
    expect(typesOf(bench.step({ type: 'journalled' }))).toEqual(['startAcknowledged', 'executionFinished']);
  });

  it('shares a commit with all starts of the batch, and those that come during a commit share the next', () => {
    const bench = new Bench();
    bench.step({ type: 'attach', term: term(3) });
    bench.step({ type: 'start', term: term(3), start: startOf(1) });
    bench.step({ type: 'start', term: term(3), start: startOf(2) });
    expect(typesOf(bench.tick())).toEqual(['journal']);
    bench.step({ type: 'start', term: term(3), start: startOf(3) });
    bench.step({ type: 'start', term: term(3), start: startOf(4) });
    expect(bench.tick()).toEqual([]);
    expect(typesOf(bench.step({ type: 'journalled' })).filter((type) => type === 'begin')).toHaveLength(2);
    expect(typesOf(bench.tick())).toEqual(['journal']);
    expect(typesOf(bench.step({ type: 'journalled' })).filter((type) => type === 'begin')).toHaveLength(2);
  });

  it.each([
    { why: 'a lower term', sentIn: term(2), changes: {}, reason: 'stale_term' },
    { why: 'an earlier life', sentIn: term(3), changes: { epoch: epoch(6) }, reason: 'other_epoch' },
    { why: 'a later life', sentIn: term(3), changes: { epoch: epoch(8) }, reason: 'other_epoch' },
  ] as const)('is refused for $why', ({ sentIn, changes, reason }) => {
    const bench = new Bench().running();
    expect(bench.step({ type: 'start', term: sentIn, start: startOf(1, changes) })).toEqual([
      { type: 'send', term: sentIn, event: { type: 'startRefused', id: idOf(1), node, reason } },
    ]);
    expect(bench.settle()).toEqual([]);
  });

  it('is refused by the term that the journal remembers', () => {
    const bench = new Bench({ term: term(9) });
    expect(eventsOf(bench.step({ type: 'start', term: term(8), start: startOf(1) }))).toMatchObject([
      { type: 'startRefused', reason: 'stale_term' },
    ]);
    expect(bench.step({ type: 'attach', term: term(8) })).toEqual([]);
  });

  it('is refused while the node stops', () => {
    const bench = new Bench().running(1);
    bench.step({ type: 'stop' });
    expect(eventsOf(bench.step({ type: 'start', term: term(3), start: startOf(2) }))).toMatchObject([
      { type: 'startRefused', reason: 'stopping' },
    ]);
  });

  it.each([
    { state: 'running', bench: () => new Bench().running(1) },
    {
      state: 'finished',
      bench: () => {
        const bench = new Bench().running(1);
        bench.end(1);
        return bench;
      },
    },
    { state: 'interrupted', bench: () => new Bench({ entries: [entryOf(1)] }).running() },
  ])('of a known id ($state) is acknowledged and not begun again, whatever its term and epoch', ({ bench }) => {
    const started = bench();
    for (const [sentIn, life] of [
      [term(3), thisLife],
      [term(2), thisLife],
      [term(3), epoch(6)],
    ] as const) {
      const effects = started.step({ type: 'start', term: sentIn, start: startOf(1, { epoch: life }) });
      expect(effects).toMatchObject([
        { type: 'send', term: sentIn, event: { type: 'startAcknowledged', id: idOf(1) } },
      ]);
    }
    expect(started.settle().filter(({ type }) => type === 'entry').length).toBeLessThanOrEqual(1);
  });

  it('sent twice before its record is durable begins once', () => {
    const bench = new Bench();
    bench.step({ type: 'attach', term: term(3) });
    bench.step({ type: 'start', term: term(3), start: startOf(1) });
    bench.tick();
    expect(bench.step({ type: 'start', term: term(3), start: startOf(1) })).toEqual([]);
    expect(typesOf(bench.step({ type: 'journalled' }))).toEqual(['startAcknowledged', 'begin']);
    expect(bench.tick()).toEqual([]);
  });

  it('without an executor, or with one that the node lacks, fails with the text of Dkron', () => {
    const bench = new Bench().running();
    const nothing = bench.step({ type: 'start', term: term(3), start: startOf(1, { executor: '' }) });
    const unknown = bench.step({ type: 'start', term: term(3), start: startOf(2, { executor: 'nope' }) });
    expect(typesOf([...nothing, ...unknown])).toEqual([
      'startAcknowledged',
      'executionFinished',
      'startAcknowledged',
      'executionFinished',
    ]);
    const outputs = eventsOf([...nothing, ...unknown]).flatMap((event) =>
      event.type === 'executionFinished' ? [[event.success, text(event.output)]] : [],
    );
    expect(outputs).toEqual([
      [
        false,
        'grpc: Error on execution streaming, agent connection was abruptly terminated: rpc error: code = Unknown desc = grpc_agent: No executor defined, nothing to do',
      ],
      [false, 'grpc_agent: Specified executor is not present'],
    ]);
  });

  it('ends as failed, and begins nothing, when the journal finds no space', () => {
    const bench = new Bench();
    bench.step({ type: 'attach', term: term(3) });
    bench.step({ type: 'start', term: term(3), start: startOf(1) });
    bench.tick();
    const effects = bench.step({ type: 'journalFull' });
    expect(typesOf(effects)).toEqual(['startAcknowledged', 'executionFinished']);
    expect(eventsOf(effects)[1]).toMatchObject({ success: false });
    expect(bench.tick()).toEqual([]);
    bench.nowMs += limits.journalRetryMs;
    expect(bench.settle()).toMatchObject([{ type: 'term' }, { type: 'entry', entry: { end: { success: false } } }]);
  });

  it('waits unanswered while the node holds as much as it may', () => {
    const entries = Array.from({ length: limits.executionsPerWorker }, (_, number) => entryOf(number));
    const bench = new Bench({ entries }).running();
    const start = startOf(limits.executionsPerWorker);
    expect(bench.step({ type: 'start', term: term(3), start })).toEqual([]);
    bench.step({ type: 'committed', ids: [idOf(0)] });
    bench.step({ type: 'start', term: term(3), start });
    bench.tick();
    expect(typesOf(bench.step({ type: 'journalled' }))).toEqual(['startAcknowledged', 'begin']);
  });
});

describe('an end', () => {
  it('carries the error line before the output when it failed', () => {
    const bench = new Bench().running(1, 2);
    expect(eventsOf(bench.end(1, 'hi\n'))).toMatchObject([{ type: 'executionFinished', success: true }]);
    const [failed] = eventsOf(bench.end(2, 'boo\n', { error: 'exit 1' }));
    expect(failed).toMatchObject({ type: 'executionFinished', id: idOf(2), success: false, droppedBytes: 0 });
    expect(failed?.type === 'executionFinished' && text(failed.output)).toBe('exit 1\nboo\n');
  });

  it('keeps the last bytes of error and output, and counts what it dropped', () => {
    const bench = new Bench().running(1);
    const [event] = eventsOf(bench.end(1, '0123456789abc', { error: 'exit 1', droppedBytes: 100 }));
    expect(event?.type === 'executionFinished' && text(event.output)).toBe(' 1\n0123456789abc');
    expect(event).toMatchObject({ droppedBytes: 104 });
  });

  it('is sent again until it is committed, then forgotten', () => {
    const bench = new Bench().running(1);
    const endedMs = bench.nowMs;
    expect(typesOf(bench.end(1))).toEqual(['executionFinished']);
    bench.settle();
    bench.nowMs = endedMs + limits.finishResendMs - 1;
    expect(bench.tick()).toEqual([]);
    bench.nowMs += 1;
    for (let round = 0; round < 3; round += 1) {
      if (round > 0) bench.nowMs += limits.finishResendMs;
      expect(bench.worker.nextDeadline()).toBeLessThanOrEqual(bench.nowMs);
      expect(typesOf(bench.tick())).toEqual(['executionFinished']);
    }
    bench.step({ type: 'committed', ids: [idOf(1)] });
    expect(bench.settle()).toEqual([{ type: 'forget', id: idOf(1) }]);
    bench.nowMs += limits.finishResendMs * 2;
    expect(bench.tick()).toEqual([]);
  });

  it('without a dispatcher is sent when one attaches', () => {
    const bench = new Bench().running(1);
    bench.step({ type: 'start', term: term(4), start: startOf(2) });
    expect(bench.end(1)).toEqual([]);
    const effects = bench.step({ type: 'attach', term: term(4) });
    expect(effects).toMatchObject([
      { type: 'send', term: 4, event: { type: 'workerReport', running: [idOf(2)], finished: [idOf(1)] } },
      { type: 'send', term: 4, event: { type: 'executionFinished', id: idOf(1) } },
    ]);
  });

  it('of what the leader gave up as lost is told nevertheless', () => {
    const bench = new Bench().running(1);
    bench.step({ type: 'committed', ids: [idOf(1), idOf(99)] });
    expect(typesOf(bench.end(1))).toEqual(['executionFinished']);
  });

  it('waits for others while many starts are under way, but not for a new leader, nor while the node stops', () => {
    const numbers = Array.from({ length: limits.startsBeforeEndsOfNode + 3 }, (_, index) => index + 1);
    const ends = (effects: readonly WorkerEffect[]): readonly ExecutionId[] =>
      eventsOf(effects).flatMap((event) => (event.type === 'executionFinished' ? [event.id] : []));
    const busy = (): Bench => {
      const bench = new Bench().running(...numbers);
      expect(ends([...bench.end(1), ...bench.end(2), ...bench.tick()])).toEqual([]);
      return bench;
    };
    const gathered = busy();
    gathered.nowMs += limits.endsGatherOfNodeMs;
    expect(gathered.worker.nextDeadline()).toBeLessThanOrEqual(gathered.nowMs);
    expect(ends(gathered.tick())).toEqual([idOf(1), idOf(2)]);
    expect(ends(gathered.end(3))).toEqual([]);
    expect(ends(gathered.end(4))).toEqual([idOf(4)]);

    const ledAnew = busy();
    expect(ends(ledAnew.step({ type: 'attach', term: term(4) }))).toEqual([idOf(1), idOf(2)]);
    ledAnew.nowMs += limits.endsGatherOfNodeMs;
    expect(ends(ledAnew.tick())).toEqual([]);

    const stopping = busy();
    expect(ends([...stopping.step({ type: 'stop' }), ...stopping.tick()])).toEqual([idOf(1), idOf(2)]);
  });

  it('comes in turns when there are many', () => {
    const end = { finishedAtNs: wallNs(9n), success: true, output: bytes('x'), droppedBytes: 0 };
    const count = limits.finishesPerTurn * 2 + 5;
    const bench = new Bench({ entries: Array.from({ length: count }, (_, number) => entryOf(number, { end })) });
    const sent: number[] = [bench.step({ type: 'attach', term: term(3) }).length - 1];
    while (sent.reduce((sum, part) => sum + part) < count) {
      bench.nowMs = bench.worker.nextDeadline() ?? 0;
      sent.push(eventsOf(bench.tick()).length);
    }
    expect(sent).toEqual([limits.finishesPerTurn, limits.finishesPerTurn, 5]);
  });
});

describe('a new life', () => {
  const end = { finishedAtNs: wallNs(9n), success: false, output: bytes('exit 1\n'), droppedBytes: 3 };
  const entries = [entryOf(1), entryOf(2, { end }), entryOf(3)];

  it('reports what was interrupted and what has ended, then sends the ends', () => {
    const bench = new Bench({ entries, term: term(2) });
    expect(bench.step({ type: 'attach', term: term(3) })).toEqual([
      {
        type: 'send',
        term: 3,
        event: {
          type: 'workerReport',
          node,
          epoch: thisLife,
          sameBoot: true,
          journalSince: epoch(1),
          running: [],
          finished: [idOf(2)],
          interrupted: [
            { id: idOf(1), startedAtNs: 5n },
            { id: idOf(3), startedAtNs: 5n },
          ],
        },
      },
      {
        type: 'send',
        term: 3,
        event: { type: 'executionFinished', id: idOf(2), job: jobName('job1'), startedAtNs: 5n, ...end },
      },
    ]);
  });

  it('reports the same to every leader, until the ends are committed', () => {
    const bench = new Bench({ entries });
    bench.step({ type: 'attach', term: term(3) });
    expect(eventsOf(bench.step({ type: 'attach', term: term(4) }))[0]).toMatchObject({ interrupted: [{}, {}] });
    bench.step({ type: 'committed', ids: [idOf(1), idOf(2), idOf(3)] });
    expect(eventsOf(bench.step({ type: 'attach', term: term(5) }))).toMatchObject([
      { type: 'workerReport', running: [], finished: [], interrupted: [] },
    ]);
    expect(bench.settle()).toEqual([
      { type: 'term', term: 5 },
      { type: 'forget', id: idOf(1) },
      { type: 'forget', id: idOf(2) },
      { type: 'forget', id: idOf(3) },
    ]);
  });

  it('says when the machine was restarted', () => {
    const bench = new Bench({}, { sameBoot: false });
    expect(eventsOf(bench.step({ type: 'attach', term: term(1) }))).toMatchObject([{ sameBoot: false }]);
  });

  it('needs a higher epoch than the life before', () => {
    expect(() => new Bench({ epoch: thisLife })).toThrow('higher epoch');
  });
});

describe('a deposed dispatcher', () => {
  it('hears nothing of executions once a higher term is seen', () => {
    const bench = new Bench().running(1, 2);
    bench.step({ type: 'attach', term: term(4) });
    expect(bench.end(1)).toMatchObject([{ type: 'send', term: 4 }]);
    bench.step({ type: 'start', term: term(5), start: startOf(3) });
    expect(bench.end(2)).toEqual([]);
  });
});

describe('live output', () => {
  it('is sent at most once in a while, and no more after the end', () => {
    const bench = new Bench().running(1);
    bench.step({ type: 'output', id: idOf(1), chunk: bytes('a') });
    bench.step({ type: 'output', id: idOf(1), chunk: bytes('b') });
    expect(bench.tick()).toEqual([]);
    bench.nowMs += limits.liveOutputMs;
    const [chunk] = eventsOf(bench.tick());
    expect(chunk?.type === 'outputChunk' && text(chunk.chunk)).toBe('ab');
    bench.step({ type: 'output', id: idOf(1), chunk: bytes('c') });
    bench.end(1);
    bench.settle();
    bench.nowMs += limits.liveOutputMs;
    expect(bench.tick()).toEqual([]);
  });

  const partsOf = (effects: readonly WorkerEffect[]) =>
    eventsOf(effects).flatMap((event) =>
      event.type === 'outputChunk' ? [[event.part, event.offset, text(event.chunk), text(event.closing)] as const] : [],
    );

  it('that somebody follows begins with what is known, and is told to its end', () => {
    const bench = new Bench().running(1, 2);
    bench.step({ type: 'output', id: idOf(1), chunk: bytes('abcd') });
    const written = { output: bytes('cd'), droppedBytes: 2 };
    expect(partsOf(bench.step({ type: 'watchOutput', id: idOf(1), written }))).toEqual([['soFar', 2, 'cd', '']]);
    expect(bench.step({ type: 'watchOutput', id: idOf(7), written: null })).toEqual([]);
    bench.nowMs += limits.liveOutputMs;
    expect(partsOf(bench.tick())).toEqual([['live', 0, 'abcd', '']]);
    bench.step({ type: 'output', id: idOf(1), chunk: bytes('ef') });
    const result = { success: false, error: 'no', output: bytes('bcdefg'), droppedBytes: 1 };
    expect(partsOf(bench.step({ type: 'ended', id: idOf(1), result }))).toEqual([['last', 4, 'efg', 'no\n']]);
    expect(partsOf(bench.end(2))).toEqual([]);
  });

  it('of all is told to its end while somebody listens, until another dispatcher attaches', () => {
    const bench = new Bench().running(1, 2, 3);
    const ended = (id: number) =>
      partsOf(
        bench.step({
          type: 'ended',
          id: idOf(id),
          result: { success: true, error: '', output: bytes('x'), droppedBytes: 0 },
        }),
      );
    bench.step({ type: 'watchAllOutput', isWanted: true });
    expect(ended(1)).toEqual([['last', 0, 'x', '']]);
    bench.step({ type: 'watchAllOutput', isWanted: false });
    expect(ended(2)).toEqual([]);
    bench.step({ type: 'watchAllOutput', isWanted: true });
    bench.step({ type: 'watchOutput', id: idOf(3), written: null });
    bench.step({ type: 'attach', term: term(3) });
    expect(ended(3)).toEqual([]);
  });

  it('of a flood is its last bytes', () => {
    const bench = new Bench().running(1);
    for (let part = 0; part < 40; part += 1) {
      bench.step({ type: 'output', id: idOf(1), chunk: new Uint8Array(10_000).fill(part) });
    }
    bench.nowMs += limits.liveOutputMs;
    const [chunk] = eventsOf(bench.tick());
    expect(chunk?.type === 'outputChunk' && [chunk.chunk.length, chunk.chunk[0], chunk.chunk.at(-1)]).toEqual([
      limits.liveOutputBytes,
      33,
      39,
    ]);
  });
});

describe('stopping one execution', () => {
  it('halts what runs and ignores the rest', () => {
    const bench = new Bench({ entries: [entryOf(9)] }).running(1);
    expect(bench.step({ type: 'stopExecution', id: idOf(1), graceMs: 500, reason: 'request' })).toEqual([
      { type: 'halt', id: idOf(1), graceMs: 500 },
    ]);
    expect(bench.step({ type: 'stopExecution', id: idOf(9), graceMs: 500, reason: 'request' })).toEqual([]);
    expect(bench.step({ type: 'stopExecution', id: idOf(99), graceMs: 500, reason: 'request' })).toEqual([]);
  });

  it('keeps what waits for its record from beginning', () => {
    const bench = new Bench().running();
    bench.step({ type: 'start', term: term(3), start: startOf(1) });
    bench.tick();
    bench.step({ type: 'stopExecution', id: idOf(1), graceMs: 500, reason: 'request' });
    const effects = bench.step({ type: 'journalled' });
    expect(typesOf(effects)).toEqual(['startAcknowledged', 'executionFinished']);
    const output = bytes('[carillon: stopped by request, before it was started]\n');
    expect(eventsOf(effects)[1]).toMatchObject({ success: false, output });
  });

  it('does not begin what is to be stopped already when its start comes', () => {
    const bench = new Bench().running();
    bench.step({ type: 'start', term: term(3), start: startOf(1, { stop: 'replaced' }) });
    bench.tick();
    const effects = bench.step({ type: 'journalled' });
    expect(typesOf(effects)).toEqual(['startAcknowledged', 'executionFinished']);
    const output = bytes('[carillon: stopped: a newer launch takes its place, before it was started]\n');
    expect(eventsOf(effects)[1]).toMatchObject({ success: false, output });
  });

  it('tells its process once, however often it is said', () => {
    const bench = new Bench().running(1);
    expect(bench.step({ type: 'stopExecution', id: idOf(1), graceMs: 500, reason: 'request' })).toHaveLength(1);
    expect(bench.step({ type: 'stopExecution', id: idOf(1), graceMs: 500, reason: 'replaced' })).toEqual([]);
  });

  it.each([
    ['signal: terminated', 'one\ntwo', 'signal: terminated\none\ntwo\n[carillon: stopped by request]\n'],
    ['', 'done\n', 'done\n[carillon: stopped by request]\n'],
    ['', '', '[carillon: stopped by request]\n'],
  ])('ends as failed and says so in its last line (error "%s", output "%s")', (error, output, shown) => {
    const bench = new Bench({}, { outputLimitBytes: 1_000 }).running(1);
    bench.step({ type: 'stopExecution', id: idOf(1), graceMs: 500, reason: 'request' });
    const [event] = eventsOf(bench.end(1, output, { error }));
    expect(event).toMatchObject({ type: 'executionFinished', success: false, output: bytes(shown) });
  });
});

describe('stopping the node', () => {
  it('is done at once when nothing runs', () => {
    const bench = new Bench().running();
    bench.settle();
    bench.step({ type: 'stop' });
    expect(bench.tick()).toEqual([{ type: 'stopped' }]);
    expect(bench.tick()).toEqual([]);
  });

  it('waits for what runs, and for its journal', () => {
    const bench = new Bench().running(1);
    bench.step({ type: 'stop' });
    expect(bench.tick()).toEqual([]);
    expect(typesOf(bench.end(1))).toEqual(['executionFinished']);
    expect(typesOf(bench.tick())).toEqual(['journal']);
    bench.step({ type: 'journalled' });
    expect(bench.tick()).toEqual([{ type: 'stopped' }]);
  });

  it('halts what still runs when the time is over', () => {
    const bench = new Bench().running(1, 2);
    bench.step({ type: 'stop' });
    bench.nowMs += 9_999;
    expect(bench.tick()).toEqual([]);
    bench.nowMs += 1;
    expect(bench.worker.nextDeadline()).toBeLessThanOrEqual(bench.nowMs);
    expect(bench.tick()).toEqual([
      { type: 'halt', id: idOf(1), graceMs: 3_000 },
      { type: 'halt', id: idOf(2), graceMs: 3_000 },
    ]);
    bench.end(1, '', { error: 'signal: terminated' });
    bench.end(2, '', { error: 'signal: killed' });
    bench.settle();
    expect(bench.worker.runningCount).toBe(0);
  });
});

it('records the process of an execution, so that a later life can kill it', () => {
  const bench = new Bench().running(1);
  const process = { pid: 42, startTicks: 9, bootId: 'boot' };
  bench.step({ type: 'processStarted', id: idOf(1), process });
  expect(bench.settle()).toMatchObject([{ type: 'entry', entry: { id: idOf(1), process, end: null } }]);
  bench.end(1);
  bench.settle();
  bench.step({ type: 'processStarted', id: idOf(1), process });
  expect(bench.settle()).toEqual([]);
});
