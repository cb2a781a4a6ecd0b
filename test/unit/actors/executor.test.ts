import { describe, expect, it } from 'vitest';
import { exitCodes } from '../../../actors/exit-codes.ts';
import { executorActor } from '../../../actors/work/executor/actor.ts';
import type { ExecutorCommand, ExecutorEvent } from '../../../actors/work/executor/protocol.ts';
import type { ExecutionStart } from '../../../src/core/jobs/changes.ts';
import { limits } from '../../../src/core/limits.ts';
import { type Epoch, executionId, jobName, nodeName, stamp, term, wallMs, wallNs } from '../../../src/core/units.ts';
import { StoreFull } from '../../../src/runtime/ports.ts';
import { localRef } from '../../../src/runtime/types.ts';
import {
  createSimulatedExecutor,
  SimulatedMachine,
  type VirtualTimer,
} from '../../simulation/support/simulated-executor.ts';
import { ActorHarness, startWallMs } from '../../support/fake-context.ts';
import { MemoryFiles } from '../../support/memory-files.ts';
import { MemoryStores } from '../../support/memory-store.ts';

const node = nodeName('n0');
const dispatcher = localRef<ExecutorEvent>('dispatcher');

/** A node's machine: its disk and its processes outlive the lives of its executor actor. */
class Machine {
  stores = new MemoryStores();
  files = new MemoryFiles();
  processes = new SimulatedMachine('boot-1');

  /** Starts a life, up to its readiness. */
  life(wallStartMs?: number): Life {
    const life = this.openingLife(wallStartMs);
    this.stores.open('work').settle();
    life.harness.advance(0);
    expect(life.harness.isReady).toBe(true);
    return life;
  }

  wipeJournal(): void {
    this.stores = new MemoryStores();
    this.files = new MemoryFiles();
  }

  openingLife(wallStartMs?: number): Life {
    const harness = new ActorHarness<ExecutorCommand>('executor', wallStartMs);
    const timer: VirtualTimer = (delayMs, fire) => harness.after(delayMs, fire);
    const { bootId } = this.processes;
    const executors = new Map([['simulated', createSimulatedExecutor(this.processes, timer)]]);
    harness.start(
      executorActor,
      { nodeName: node, outputLimitBytes: 1_000, maxExecutions: 0, stopGraceMs: 3_000, drainMs: 10_000 },
      { store: this.stores, openFiles: () => this.files, executors, bootId },
    );
    return new Life(harness, this);
  }
}

class Life {
  readonly harness: ActorHarness<ExecutorCommand>;
  readonly #machine: Machine;
  #seen = 0;

  constructor(harness: ActorHarness<ExecutorCommand>, machine: Machine) {
    this.harness = harness;
    this.#machine = machine;
  }

  /** As it was announced to membership. */
  get epoch(): Epoch {
    const announced = this.harness.messages<{ epoch: Epoch }>('membership').at(-1)?.epoch;
    if (announced === undefined) throw new Error('no epoch was announced');
    return announced;
  }

  attach(at = 3): void {
    this.harness.deliver({ type: 'attach', term: term(at), dispatcher });
  }

  start(number: number, config: Record<string, string>, life = this.epoch): void {
    this.harness.deliver({ type: 'start', term: term(3), start: startOf(number, life, config) });
    this.flush();
  }

  flush(): void {
    this.#machine.stores.open('work').settle();
  }

  advance(durationMs: number): void {
    this.harness.advance(durationMs);
    this.flush();
  }

  /** What the dispatcher received since the last call, but for renewals of the lease, which come with time. */
  events(): ExecutorEvent[] {
    const events = this.harness.messages<ExecutorEvent>('dispatcher').slice(this.#seen);
    this.#seen += events.length;
    return events.filter(({ type }) => type !== 'leaseRenewal');
  }

  eventTypes(): string[] {
    return this.events().map(({ type }) => type);
  }
}

const idOf = (number: number) => executionId(stamp(1_700_000_000_000_000_000n + BigInt(number)), node);

const startOf = (number: number, life: Epoch, config: Record<string, string>): ExecutionStart => ({
  id: idOf(number),
  job: jobName('job1'),
  stamp: stamp(1_700_000_000_000_000_000n + BigInt(number)),
  node,
  epoch: life,
  group: stamp(1n),
  attempt: 1,
  scheduledAtMs: wallMs(0),
  cause: 'manual',
  assignedAtNs: wallNs(0n),
  executor: 'simulated',
  executorConfig: config,
  processors: null,
  retries: 0,
  retry: null,
  exclusive: false,
  stop: null,
});

describe('a life of the node', () => {
  it('serves once its epoch is on disk, and each has a higher one', () => {
    const machine = new Machine();
    const first = machine.openingLife();
    expect(first.harness.isReady).toBe(false);
    expect(first.harness.sent).toEqual([]);
    machine.stores.open('work').settle();
    expect(first.harness.isReady).toBe(true);
    const second = machine.life();
    const third = machine.life();
    expect(second.epoch).toBeGreaterThan(first.epoch);
    expect(third.epoch).toBeGreaterThan(second.epoch);
  });

  it('is a new one also when the data directory was lost', () => {
    const first = new Machine().life();
    const afterwards = new Machine().life(startWallMs + 60_000);
    expect(afterwards.epoch).toBeGreaterThan(first.epoch);
  });

  it('answers what arrived before it served', () => {
    const machine = new Machine();
    const life = machine.openingLife();
    life.attach();
    expect(life.events()).toEqual([]);
    machine.stores.open('work').settle();
    expect(life.eventTypes()).toEqual(['workerReport']);
  });

  it('is announced again to a membership that was restarted', () => {
    const life = new Machine().life();
    life.harness.peerStarted('membership');
    expect(life.harness.messages('membership')).toEqual([
      { type: 'announceEpoch', epoch: life.epoch },
      { type: 'announceEpoch', epoch: life.epoch },
    ]);
  });

  it('begins once there is space on a full disk', () => {
    const machine = new Machine();
    const { harness } = machine.openingLife();
    const journal = machine.stores.open('work');
    journal.failure = new StoreFull('full');
    journal.settle();
    harness.advance(0);
    expect([harness.isReady, harness.stoppedNode]).toEqual([false, null]);
    journal.failure = null;
    harness.advance(limits.journalRetryMs);
    journal.settle();
    harness.advance(0);
    expect(harness.isReady).toBe(true);
  });

  it('ends the node when the journal is broken', () => {
    const machine = new Machine();
    const life = machine.life();
    life.attach();
    machine.files.failure = new Error('EIO');
    life.start(1, {});
    expect(life.harness.stoppedNode).toMatchObject({ exitCode: exitCodes.journalBroken });
    expect(machine.processes.begun).toEqual([]);
  });

  it('stops at once when its journal is broken: what it would wait for can never be written', async () => {
    const machine = new Machine();
    const life = machine.life();
    life.attach();
    life.start(1, { run_ms: '60000' });
    expect(machine.processes.running).toHaveLength(1);
    machine.files.failure = new Error('EIO');
    life.start(2, {});
    expect(life.harness.stoppedNode).toMatchObject({ exitCode: exitCodes.journalBroken });
    let isStopped = false;
    const stopped = life.harness.stop().then(() => {
      isStopped = true;
    });
    life.harness.advance(0);
    await stopped;
    expect(isStopped).toBe(true);
    expect(machine.processes.running).toEqual([]);
  });
});

describe('an execution', () => {
  it('is acknowledged, runs, shows its output, ends, and is forgotten when committed', () => {
    const machine = new Machine();
    const life = machine.life();
    life.attach();
    life.start(1, { run_ms: '200', output: 'hello' });
    expect(life.eventTypes()).toEqual(['workerReport', 'startAcknowledged']);
    expect(machine.processes.running).toEqual([idOf(1)]);
    life.advance(200);
    const [end] = life.events();
    expect(end).toMatchObject({ type: 'executionFinished', id: idOf(1), success: true, droppedBytes: 0 });
    expect(end?.type === 'executionFinished' && end.finishedAtNs - end.startedAtNs).toBe(200_000_000n);
    life.harness.deliver({ type: 'committed', ids: [idOf(1)] });
    life.advance(limits.journalCheckpointMs);
    expect(machine.stores.open('work').size).toBe(2);
    expect(machine.files.numbers()).toEqual([]);
  });

  it('can be stopped', () => {
    const life = new Machine().life();
    life.attach();
    life.start(1, { run_ms: '60000', deaf: 'true' });
    life.harness.deliver({ type: 'stopExecution', id: idOf(1), graceMs: 500, reason: 'request' });
    life.events();
    life.advance(499);
    expect(life.events()).toEqual([]);
    life.advance(1);
    expect(life.events()).toMatchObject([{ type: 'executionFinished', success: false }]);
  });

  it('is never begun without its record: a full disk fails it with the reason', () => {
    const machine = new Machine();
    const life = machine.life();
    life.attach();
    life.flush();
    machine.files.failure = new StoreFull();
    life.harness.deliver({ type: 'start', term: term(3), start: startOf(1, life.epoch, {}) });
    expect(machine.processes.begun).toEqual([]);
    expect(life.events().at(-1)).toMatchObject({ type: 'executionFinished', success: false });
    machine.files.failure = null;
    life.advance(limits.journalRetryMs);
    life.start(2, { run_ms: '5' });
    expect(machine.processes.begun).toMatchObject([{ executionId: idOf(2) }]);
  });
});

describe('after the process was killed', () => {
  it('kills what ran, reports it as interrupted, and starts it no more', () => {
    const machine = new Machine();
    const before = machine.life();
    before.attach();
    before.start(1, { run_ms: '60000' });
    before.advance(10);
    machine.stores.open('work').crash();
    expect(machine.processes.running).toEqual([idOf(1)]);

    const life = machine.life();
    expect(machine.processes.running).toEqual([]);
    life.attach(4);
    expect(life.events()).toMatchObject([
      { type: 'workerReport', sameBoot: true, running: [], finished: [], interrupted: [{ id: idOf(1) }] },
    ]);
    life.harness.deliver({ type: 'start', term: term(4), start: startOf(1, before.epoch, {}) });
    life.flush();
    expect(machine.processes.begun).toHaveLength(1);
  });

  it('knows of a start that no flush was waited for, and of its end', () => {
    const machine = new Machine();
    const before = machine.life();
    before.attach();
    for (const [number, runMs] of [
      [1, '60000'],
      [2, '5'],
    ] as const) {
      const config = { run_ms: runMs };
      before.harness.deliver({ type: 'start', term: term(3), start: startOf(number, before.epoch, config) });
    }
    before.harness.advance(5 + limits.journalGatherMs);
    expect(machine.processes.begun).toHaveLength(2);
    machine.stores.open('work').crash();

    const life = machine.life();
    life.attach(4);
    const [report] = life.events();
    expect(report).toMatchObject({ running: [], finished: [idOf(2)], interrupted: [{ id: idOf(1) }] });
  });

  it('reads a journal that was being written: what was not written in full has not begun', () => {
    const machine = new Machine();
    const before = machine.life();
    before.attach();
    before.start(1, { run_ms: '60000' });
    const [file = 0] = machine.files.numbers();
    const whole = machine.files.read(file);
    before.start(2, { run_ms: '60000' });
    machine.files.replace(file, machine.files.read(file).slice(0, whole.length + 20));

    const life = machine.life();
    life.attach(4);
    expect(life.events()).toMatchObject([{ type: 'workerReport', interrupted: [{ id: idOf(1) }] }]);
  });

  it('does not serve with a damaged journal, unless the machine died: then any part may be missing', () => {
    const machine = new Machine();
    const before = machine.life();
    before.attach();
    before.start(1, { run_ms: '60000' });
    const [file = 0] = machine.files.numbers();
    const bytes = machine.files.read(file);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    machine.files.replace(file, bytes);
    const { harness } = machine.openingLife();
    expect([harness.isReady, harness.stoppedNode]).toMatchObject([false, { exitCode: exitCodes.journalBroken }]);

    machine.processes = new SimulatedMachine('boot-2');
    const life = machine.life();
    life.attach(4);
    expect(life.events()).toMatchObject([{ type: 'workerReport', sameBoot: false }]);
    expect(machine.files.numbers()).not.toContain(file);
  });

  it('sends the ends that were not committed', () => {
    const machine = new Machine();
    const before = machine.life();
    before.attach();
    before.start(1, { output: 'kept' });
    before.advance(1 + limits.journalGatherMs);
    machine.stores.open('work').crash();

    const life = machine.life();
    life.attach(4);
    const [report, end] = life.events();
    expect(report).toMatchObject({ type: 'workerReport', finished: [idOf(1)], interrupted: [] });
    expect(end?.type === 'executionFinished' && new TextDecoder().decode(end.output)).toBe('kept');
  });

  it('says when the operating system was started anew', () => {
    const machine = new Machine();
    machine.life();
    machine.processes = new SimulatedMachine('boot-2');
    const life = machine.life();
    life.attach();
    expect(life.events()).toMatchObject([{ type: 'workerReport', sameBoot: false }]);
    const next = machine.life();
    next.attach();
    expect(next.events()).toMatchObject([{ type: 'workerReport', sameBoot: true }]);
  });

  it('says since when its journal accounts for starts: in all lives after a wipe or a new boot', () => {
    const machine = new Machine();
    const sinceOf = (life: Life): Epoch | undefined => {
      life.attach();
      const [report] = life.events();
      return report?.type === 'workerReport' ? report.journalSince : undefined;
    };
    const first = machine.life();
    expect(sinceOf(first)).toBe(first.epoch);
    expect(sinceOf(machine.life())).toBe(first.epoch);

    machine.wipeJournal();
    const wiped = machine.life(startWallMs + 60_000);
    expect(wiped.epoch).toBeGreaterThan(first.epoch);
    expect(sinceOf(wiped)).toBe(wiped.epoch);
    expect(sinceOf(machine.life(startWallMs + 61_000))).toBe(wiped.epoch);

    machine.processes = new SimulatedMachine('boot-2');
    const booted = machine.life(startWallMs + 62_000);
    expect(sinceOf(booted)).toBe(booted.epoch);
    expect(sinceOf(machine.life(startWallMs + 63_000))).toBe(booted.epoch);
  });

  it('refuses starts of the life before, and of leaders that were deposed in it', () => {
    const machine = new Machine();
    const before = machine.life();
    before.attach(7);
    before.flush();
    machine.stores.open('work').crash();
    const life = machine.life();
    life.attach(7);
    life.events();
    life.harness.deliver({ type: 'start', term: term(7), start: startOf(1, before.epoch, {}) });
    expect(life.events()).toMatchObject([{ type: 'startRefused', reason: 'other_epoch' }]);
    life.attach(6);
    life.harness.deliver({ type: 'start', term: term(6), start: startOf(1, life.epoch, {}) });
    expect(life.events()).toMatchObject([{ type: 'startRefused', reason: 'stale_term' }]);
  });
});

describe('stopping', () => {
  it('waits for what runs, then closes', async () => {
    const machine = new Machine();
    const life = machine.life();
    life.attach();
    life.start(1, { run_ms: '5000' });
    const stopped = life.harness.stop();
    life.events();
    life.advance(5_000);
    life.advance(0);
    await stopped;
    expect(life.events()).toMatchObject([{ type: 'executionFinished', success: true }]);
  });

  it('ends what takes too long, and tells so', async () => {
    const machine = new Machine();
    const life = machine.life();
    life.attach();
    life.start(1, { run_ms: '3600000', deaf: 'true' });
    const stopped = life.harness.stop();
    life.events();
    life.advance(10_000 + 3_000);
    life.advance(0);
    await stopped;
    expect(life.events()).toMatchObject([{ type: 'executionFinished', id: idOf(1), success: false }]);
    expect(machine.processes.running).toEqual([]);
  });
});
