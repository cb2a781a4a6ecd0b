import { beforeEach, describe, expect, it } from 'vitest';
import { DispatcherCore } from '../../../src/core/dispatch/dispatcher.ts';
import type { Effect, Now, WorkerReport } from '../../../src/core/dispatch/in-flight.ts';
import type { Change, ExecutionStart } from '../../../src/core/jobs/changes.ts';
import type { UnplacedWork } from '../../../src/core/jobs/records.ts';
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
import { encodeEntry } from '../../../src/wire/entries.ts';
import { executionStart } from '../../support/execution-start.ts';

const N0 = nodeName('n0');
const WALL_MS = 1_705_314_030_000;

function at(elapsedMs: number): Now {
  return { wallNs: wallNs(BigInt(WALL_MS + elapsedMs) * 1_000_000n), monoMs: monoMs(1_000 + elapsedMs) };
}

const start = (at: bigint, fields: Partial<ExecutionStart> = {}): ExecutionStart =>
  executionStart(at, { scheduledAtMs: wallMs(WALL_MS), assignedAtNs: wallNs(at), ...fields });

function report(fields: Partial<WorkerReport> = {}): WorkerReport {
  return {
    node: N0,
    epoch: epoch(3),
    sameBoot: true,
    journalSince: epoch(1),
    running: [],
    finished: [],
    interrupted: [],
    ...fields,
  };
}

function finished(id: ExecutionId) {
  const output = new Uint8Array([1]);
  const times = { startedAtNs: wallNs(1n), finishedAtNs: wallNs(2n) };
  return { id, job: jobName('job1'), ...times, success: true, output, droppedBytes: 0 };
}

describe('the dispatcher', () => {
  let core: DispatcherCore;
  let out: Effect[];

  beforeEach(() => {
    core = new DispatcherCore({ below: () => 0 });
    out = [];
    core.setWorkers([{ node: N0, epoch: epoch(3), tags: {} }], 0, out);
  });

  function effects<Type extends Effect['type']>(type: Type): Extract<Effect, { type: Type }>[] {
    const found = out.filter((effect): effect is Extract<Effect, { type: Type }> => effect.type === type);
    out.length = 0;
    return found;
  }

  it('does nothing while it does not lead', () => {
    core.due(
      at(0),
      [
        {
          name: jobName('job1'),
          scheduleRevision: 1,
          scheduledAtMs: wallMs(1),
          next: null,
          tags: null,
        },
      ],
      [],
      out,
    );
    core.tick(at(0), out);
    expect(out).toEqual([]);
    expect(core.nextDeadline()).toBeNull();
    core.run(at(0), { request: 1, name: jobName('job1'), tags: null }, out);
    expect(effects('runRefused')).toMatchObject([{ request: 1, reason: 'not_leader' }]);
  });

  it('sends a start only to a worker that reported, and again until it is acknowledged', () => {
    const one = start(1n);
    core.begin(at(0), term(5), [one], [], out);
    expect(effects('attach')).toEqual([{ type: 'attach', node: N0, term: 5 }]);
    core.tick(at(0), out);
    expect(effects('start')).toEqual([]);
    core.reported(at(0), report(), out);
    expect(effects('start')).toMatchObject([{ node: N0, term: 5, start: { id: one.id } }]);
    core.tick(at(999), out);
    expect(effects('start')).toEqual([]);
    expect(core.nextDeadline()).toBe(at(1_000).monoMs);
    core.tick(at(1_000), out);
    expect(effects('start')).toHaveLength(1);
    core.startAcknowledged(one.id, wallNs(7n));
    core.tick(at(60_000), out);
    expect(out).toEqual([]);
    expect([...core.running()]).toMatchObject([{ start: { id: one.id }, startedAtNs: 7n }]);
  });

  const endOf = ({ id, job, group, node, attempt }: ExecutionStart): Change => ({
    type: 'executionEnded',
    id,
    job,
    group,
    outcome: 'success',
    hasSurplus: false,
    growsOld: false,
    node,
    attempt,
    startedAtNs: wallNs(0n),
    finishedAtNs: wallNs(0n),
    outputBytes: 0,
  });

  /** Applied: a stop of the execution was committed. */
  const stopping = (one: ExecutionStart): Change[] => [
    { type: 'executionStopping', id: one.id, job: one.job, group: one.group, reason: 'request' },
  ];

  it('stops what runs, and says so again until its end is committed', () => {
    const one = start(1n);
    core.begin(at(0), term(5), [], [], out);
    core.reported(at(0), report(), out);
    core.tick(at(0), out);
    core.changed(at(0), [{ type: 'executionOpened', start: one }], out);
    core.startAcknowledged(one.id, wallNs(7n));
    out.length = 0;
    core.changed(at(10), stopping(one), out);
    expect(out).toEqual([{ type: 'stopExecution', node: N0, id: one.id, reason: 'request' }]);
    out.length = 0;
    core.tick(at(5_009), out);
    expect(effects('stopExecution')).toEqual([]);
    core.tick(at(5_010), out);
    expect(effects('stopExecution')).toHaveLength(1);
    core.finished(at(5_020), N0, finished(one.id), out);
    core.tick(at(60_000), out);
    expect(effects('stopExecution')).toEqual([]);
    core.check();
  });

  it('loses no stop that comes before the start is acknowledged', () => {
    const one = start(1n);
    core.begin(at(0), term(5), [], [], out);
    core.changed(at(0), [{ type: 'executionOpened', start: one }], out);
    core.changed(at(0), stopping(one), out);
    core.tick(at(10_000), out);
    expect(effects('stopExecution')).toEqual([]);
    core.reported(at(10_000), report(), out);
    expect(effects('start')).toMatchObject([{ start: { id: one.id, stop: 'request' } }]);
    const two = start(2n);
    core.changed(at(10_000), [{ type: 'executionOpened', start: two }], out);
    core.changed(at(10_000), stopping(two), out);
    expect(out.map(({ type }) => type)).toEqual(['start', 'stopExecution']);
    out.length = 0;
    core.tick(at(11_000), out);
    expect(effects('start')).toMatchObject([{ start: { stop: 'request' } }, { start: { stop: 'request' } }]);
  });

  it('stops again under a new leader, and in a new life of the node', () => {
    const [runs, never] = [start(1n, { stop: 'request' }), start(2n, { stop: 'request' })];
    core.begin(at(0), term(6), [runs, never], [], out);
    core.reported(at(0), report({ epoch: epoch(3), running: [runs.id] }), out);
    expect(effects('stopExecution')).toMatchObject([{ id: runs.id }]);
    core.setWorkers([{ node: N0, epoch: epoch(4), tags: {} }], 0, out);
    core.tick(at(5_000), out);
    core.tick(at(60_000), out);
    expect(effects('stopExecution')).toEqual([]);
    core.reported(at(60_000), report({ epoch: epoch(4), running: [runs.id] }), out);
    core.check();
  });

  it('keeps what exceeds the maximum of a node waiting, and sends it there when an end is committed', () => {
    core.setWorkers([{ node: N0, epoch: epoch(3), tags: {}, maxExecutions: 1 }], 0, out);
    core.begin(at(0), term(5), [], [], out);
    core.reported(at(0), report(), out);
    core.tick(at(0), out);
    out.length = 0;
    core.run(at(0), { request: 1, name: jobName('job1'), tags: null }, out);
    core.run(at(0), { request: 2, name: jobName('job2'), tags: null }, out);
    const [first, second] = effects('propose');
    expect([first?.command, second?.command]).toMatchObject([
      { targets: [{ node: N0 }] },
      { targets: [{ node: N0, waits: true }] },
    ]);
    const one = start(1n);
    const work: UnplacedWork = {
      stamp: stamp(2n),
      job: jobName('job2'),
      group: stamp(2n),
      attempt: 1,
      scheduledAtMs: wallMs(WALL_MS),
      cause: 'manual',
      reason: 'start',
      dueAtMs: wallMs(WALL_MS),
      node: N0,
      waits: { for: 'node', sinceMs: wallMs(WALL_MS) },
    };
    core.changed(at(1), [{ type: 'executionOpened', start: one }], out);
    core.changed(at(1), [{ type: 'workOpened', work, tags: null, retry: null }], out);
    for (const proposal of [first, second]) {
      if (proposal !== undefined) core.proposalEnded(at(2), proposal.proposal, { type: 'done' }, out);
    }
    core.tick(at(60_000), out);
    expect(effects('propose').filter(({ command }) => command.type === 'assign')).toEqual([]);
    core.changed(at(60_001), [endOf(one)], out);
    core.tick(at(60_001), out);
    const [assign] = effects('propose');
    expect(assign?.command).toMatchObject({
      type: 'assign',
      items: [{ stamp: 2n, targets: [{ node: N0, epoch: 3 }] }],
    });
    core.check();
  });

  it('tries what waits for its job once at its beginning, and then with each end; what is gone makes way', () => {
    const waiting = [1n, 2n].map(
      (number): UnplacedWork => ({
        stamp: stamp(number),
        job: jobName('job1'),
        group: stamp(number),
        attempt: 1,
        scheduledAtMs: wallMs(WALL_MS + Number(number)),
        cause: 'schedule',
        reason: 'start',
        dueAtMs: wallMs(WALL_MS),
        node: N0,
        waits: { for: 'job', sinceMs: wallMs(WALL_MS) },
      }),
    );
    const inputs = waiting.map((work) => ({ work, tags: null, retry: null }));
    core.begin(at(0), term(5), [], inputs.toReversed(), out);
    core.reported(at(0), report(), out);
    core.tick(at(0), out);
    const stampsIn = (proposal: Extract<Effect, { type: 'propose' }> | undefined): unknown =>
      proposal?.command.type === 'assign' && proposal.command.items.map((item) => item.stamp);
    const [all] = effects('propose');
    expect(stampsIn(all)).toEqual([1n, 2n]);
    core.changed(
      at(1),
      inputs.map((input) => ({ type: 'workOpened', ...input }) as const),
      out,
    );
    core.proposalEnded(at(1), all?.proposal ?? 0, { type: 'done' }, out);
    core.tick(at(60_000), out);
    expect(effects('propose')).toEqual([]);
    core.changed(at(60_000), [endOf(start(9n))], out);
    core.tick(at(60_000), out);
    const [first] = effects('propose');
    expect(stampsIn(first)).toEqual([1n]);
    // A stop has given it up meanwhile: the state says nothing of it.
    core.proposalEnded(at(60_001), first?.proposal ?? 0, { type: 'done' }, out);
    core.tick(at(60_001), out);
    expect(stampsIn(effects('propose')[0])).toEqual([2n]);
  });

  it('tries work again that a late answer to an earlier assign knows nothing of', () => {
    const work: UnplacedWork = {
      stamp: stamp(1n),
      job: jobName('job1'),
      group: stamp(1n),
      attempt: 1,
      scheduledAtMs: wallMs(WALL_MS),
      cause: 'schedule',
      reason: 'start',
      dueAtMs: wallMs(WALL_MS),
      node: null,
      waits: { for: 'queue', sinceMs: wallMs(WALL_MS) },
    };
    const input = { work, tags: null, retry: null };
    core.begin(at(0), term(5), [], [input], out);
    core.reported(at(0), report(), out);
    core.tick(at(0), out);
    const [early] = effects('propose');
    // The state lets it wait on; then its turn comes, all before the first assign is answered.
    core.changed(at(1), [{ type: 'workOpened', ...input }], out);
    core.changed(at(2), [{ type: 'launchEnded', job: work.job, group: stamp(9n), status: 'success' }], out);
    core.tick(at(2), out);
    const [second] = effects('propose');
    expect([early?.command, second?.command]).toMatchObject([
      { type: 'assign', items: [{ stamp: 1n }] },
      { type: 'assign', items: [{ stamp: 1n }] },
    ]);
    core.proposalEnded(at(3), early?.proposal ?? 0, { type: 'done' }, out);
    core.proposalEnded(at(4), second?.proposal ?? 0, { type: 'refused', reason: 'overloaded' }, out);
    core.tick(at(60_000), out);
    expect(effects('propose')).toMatchObject([{ command: { type: 'assign', items: [{ stamp: 1n }] } }]);
    core.check();
  });

  it('settles what an earlier life of a node left open (P2, P4)', () => {
    const [never, ran, ended, runs] = [start(1n), start(2n), start(3n), start(4n)];
    core.begin(at(0), term(5), [never, ran, ended, runs], [], out);
    core.setWorkers([{ node: N0, epoch: epoch(4), tags: {} }], 0, out);
    out.length = 0;
    const interrupted = [{ id: ran.id, startedAtNs: wallNs(20n) }];
    core.reported(at(0), report({ epoch: epoch(4), finished: [ended.id], interrupted, running: [runs.id] }), out);
    core.tick(at(0), out);
    expect(effects('propose')).toMatchObject([
      { command: { type: 'reassign', items: [{ stamp: never.stamp, epoch: 4 }] } },
    ]);
    core.tick(at(5), out);
    const [finish] = effects('propose');
    expect(finish?.command).toMatchObject({
      type: 'finish',
      items: [{ stamp: ran.stamp, outcome: 'lost', startedAtNs: 20n }],
    });
    core.changed(at(6), [{ type: 'executionOpened', start: { ...never, epoch: epoch(4) } }], out);
    expect(effects('start')).toMatchObject([{ start: { id: never.id, epoch: 4 } }]);
  });

  it('calls lost what a rebooted machine can not know of', () => {
    core.begin(at(0), term(5), [start(1n)], [], out);
    core.setWorkers([{ node: N0, epoch: epoch(4), tags: {} }], 0, out);
    core.reported(at(0), report({ epoch: epoch(4), sameBoot: false }), out);
    out.length = 0;
    core.tick(at(5), out);
    expect(effects('propose')).toMatchObject([{ command: { type: 'finish', items: [{ outcome: 'lost' }] } }]);
  });

  it('places nothing before the nodes have reported, and then all of it (or it would be skipped for lack of nodes)', () => {
    const launch = { name: jobName('job1'), scheduleRevision: 1, scheduledAtMs: wallMs(1), next: null, tags: null };
    core.setWorkers([], 1, out);
    core.begin(at(0), term(5), [], [], out);
    core.due(at(0), [launch], [], out);
    core.run(at(0), { request: 1, name: jobName('job1'), tags: null }, out);
    core.tick(at(4_000), out);
    expect(effects('propose')).toEqual([]);
    core.setWorkers([{ node: N0, epoch: epoch(3), tags: {} }], 0, out);
    core.tick(at(4_001), out);
    expect(effects('propose')).toEqual([]);
    core.reported(at(4_002), report(), out);
    core.tick(at(4_002), out);
    expect(effects('propose')).toMatchObject([
      { command: { type: 'launch', items: [{ targets: [{ node: 'n0' }] }] } },
      { command: { type: 'run', targets: [{ node: 'n0' }] } },
    ]);
    core.due(at(4_003), [launch], [], out);
    expect(effects('propose')).toHaveLength(1);
  });

  it('does not wait for ever for a node that does not report', () => {
    core.begin(at(0), term(5), [], [], out);
    core.run(at(0), { request: 1, name: jobName('job1'), tags: null }, out);
    expect(core.nextDeadline()).toBe(at(5_000).monoMs);
    core.tick(at(5_000), out);
    expect(effects('propose')).toHaveLength(1);
  });

  it('gathers ends of some milliseconds in one entry, and acknowledges them when committed', () => {
    const [one, two] = [start(1n), start(2n)];
    core.begin(at(0), term(5), [one, two], [], out);
    core.reported(at(0), report({ running: [one.id, two.id] }), out);
    out.length = 0;
    core.finished(at(10), N0, finished(one.id), out);
    core.finished(at(12), N0, finished(two.id), out);
    core.finished(at(13), N0, finished(two.id), out);
    expect(core.nextDeadline()).toBe(at(15).monoMs);
    core.tick(at(15), out);
    const [proposal] = effects('propose');
    expect(proposal?.command).toMatchObject({ type: 'finish', items: [{ stamp: 1n }, { stamp: 2n }] });
    core.proposalEnded(at(16), proposal?.proposal ?? 0, { type: 'refused', reason: 'storage_full' }, out);
    core.tick(at(516), out);
    const [again] = effects('propose');
    expect(again?.command).toMatchObject({ type: 'finish', items: [{ stamp: 1n }, { stamp: 2n }] });
    const ends = [one, two].map((execution) => ({
      type: 'executionEnded' as const,
      id: execution.id,
      job: execution.job,
      group: execution.group,
      outcome: 'success' as const,
      hasSurplus: false,
      growsOld: false,
      node: execution.node,
      attempt: 1,
      startedAtNs: wallNs(0n),
      finishedAtNs: wallNs(0n),
      outputBytes: 0,
    }));
    core.changed(at(520), ends, out);
    expect(effects('acknowledgeEnds')).toEqual([{ type: 'acknowledgeEnds', node: N0, ids: [one.id, two.id] }]);
    core.check();
  });

  it('has the record of an end looked up that nobody waits for', () => {
    core.begin(at(0), term(5), [], [], out);
    out.length = 0;
    const late = finished(executionId(stamp(9n), N0));
    core.finished(at(0), N0, late, out);
    expect(out).toEqual([{ type: 'lookUpEnd', node: N0, finished: late }]);
  });

  it('runs the processors before the end is proposed', () => {
    const one = start(1n, { processors: { log: { forward: 'true' } } });
    core.begin(at(0), term(5), [one], [], out);
    core.reported(at(0), report({ running: [one.id] }), out);
    out.length = 0;
    core.finished(at(0), N0, finished(one.id), out);
    expect(effects('process')).toMatchObject([{ start: { id: one.id } }]);
    core.tick(at(100), out);
    expect(effects('propose')).toEqual([]);
    core.processed(at(100), one.id, new Uint8Array([9]));
    core.tick(at(105), out);
    expect(effects('propose')).toMatchObject([{ command: { items: [{ output: new Uint8Array([9]) }] } }]);
  });

  it('assigns unplaced work when it is due, a retry to the node before', () => {
    const work: UnplacedWork = {
      stamp: stamp(5n),
      job: jobName('job1'),
      group: stamp(1n),
      attempt: 2,
      scheduledAtMs: wallMs(WALL_MS),
      cause: 'schedule',
      reason: 'retry',
      waits: null,
      dueAtMs: wallMs(WALL_MS + 1_000),
      node: N0,
    };
    core.begin(at(0), term(5), [], [{ work, tags: { no: 'match' }, retry: null }], out);
    core.reported(at(0), report(), out);
    core.tick(at(0), out);
    out.length = 0;
    expect(core.nextDeadline()).toBe(at(1_000).monoMs);
    core.tick(at(1_000), out);
    core.tick(at(1_001), out);
    const proposals = effects('propose');
    expect(proposals).toMatchObject([
      { command: { type: 'assign', items: [{ stamp: 5n, targets: [{ node: 'n0' }] }] } },
    ]);
    core.proposalEnded(at(1_002), proposals[0]?.proposal ?? 0, { type: 'refused', reason: 'overloaded' }, out);
    core.tick(at(1_502), out);
    const [again] = effects('propose');
    expect(again?.command).toMatchObject({ type: 'assign' });
    core.proposalEnded(at(1_503), again?.proposal ?? 0, { type: 'done' }, out);
    core.tick(at(9_000), out);
    expect(out).toEqual([]);
  });

  it('assigns again what was opened for a life of its node that is over meanwhile', () => {
    core.begin(at(0), term(5), [], [], out);
    core.setWorkers([{ node: N0, epoch: epoch(4), tags: {} }], 0, out);
    core.reported(at(0), report({ epoch: epoch(4) }), out);
    out.length = 0;
    core.changed(at(1), [{ type: 'executionOpened', start: start(1n) }], out);
    core.tick(at(1), out);
    expect(effects('start')).toEqual([]);
    core.changed(at(1), [{ type: 'executionOpened', start: start(2n) }], out);
    core.tick(at(1), out);
    expect(effects('propose')).toMatchObject([{ command: { type: 'reassign', items: [{ stamp: 2n, epoch: 4 }] } }]);
    core.changed(at(2), [{ type: 'executionOpened', start: start(2n, { epoch: epoch(4) }) }], out);
    expect(effects('start')).toMatchObject([{ start: { stamp: 2n, epoch: 4 } }]);
  });

  it('proposes a reassignment again when the log refused it', () => {
    core.begin(at(0), term(5), [start(1n)], [], out);
    core.setWorkers([{ node: N0, epoch: epoch(4), tags: {} }], 0, out);
    core.reported(at(0), report({ epoch: epoch(4) }), out);
    core.tick(at(0), out);
    const [proposal] = effects('propose');
    core.proposalEnded(at(1), proposal?.proposal ?? 0, { type: 'refused', reason: 'overloaded' }, out);
    core.reported(at(2), report({ epoch: epoch(4) }), out);
    expect(core.nextDeadline()).toBe(at(501).monoMs);
    core.tick(at(501), out);
    expect(effects('propose')).toMatchObject([{ command: proposal?.command && { type: 'reassign' } }]);
  });

  it('sends nothing to a node that has left, and does not ask for a tick for it', () => {
    core.begin(at(0), term(5), [start(1n)], [], out);
    core.reported(at(0), report(), out);
    core.tick(at(0), out);
    expect(effects('start')).toHaveLength(1);
    core.setWorkers([], 0, out);
    core.tick(at(1_000), out);
    expect(out).toEqual([]);
    // But for a look at its lease.
    expect(core.nextDeadline()).toBe(at(1_000 + limits.leaseRenewMs).monoMs);
    core.setWorkers([{ node: N0, epoch: epoch(3), tags: {} }], 0, out);
    core.reported(at(2_000), report(), out);
    expect(effects('start')).toHaveLength(1);
  });

  it('hands an end to the processors again when they began a new life', () => {
    const one = start(1n, { processors: { log: {} } });
    core.begin(at(0), term(5), [one], [], out);
    core.reported(at(0), report({ running: [one.id] }), out);
    core.finished(at(0), N0, finished(one.id), out);
    expect(effects('process')).toHaveLength(1);
    core.processorStarted(out);
    expect(effects('process')).toMatchObject([{ start: { id: one.id }, finished: { id: one.id } }]);
    core.processed(at(1), one.id, new Uint8Array());
    core.processorStarted(out);
    expect(effects('process')).toEqual([]);
  });

  it('answers a run although it began again meanwhile, and refuses those that waited when it stops leading', () => {
    core.begin(at(0), term(5), [], [], out);
    core.reported(at(0), report(), out);
    core.tick(at(0), out);
    core.run(at(0), { request: 1, name: jobName('job1'), tags: null }, out);
    const [proposal] = effects('propose');
    core.begin(at(1), term(5), [], [], out);
    core.run(at(1), { request: 2, name: jobName('job1'), tags: null }, out);
    core.proposalEnded(at(2), proposal?.proposal ?? 0, { type: 'launched', group: stamp(9n) }, out);
    expect(effects('runLaunched')).toMatchObject([{ request: 1, group: 9n }]);
    core.end(out);
    expect(effects('runRefused')).toMatchObject([{ request: 2, reason: 'not_leader' }]);
    core.check();
  });

  it('waits longer while no node has announced itself at all: executors start after it', () => {
    core.setWorkers([], 1, out);
    core.begin(at(0), term(5), [], [], out);
    core.run(at(0), { request: 1, name: jobName('job1'), tags: null }, out);
    expect(core.nextDeadline()).toBe(at(15_000).monoMs);
    core.tick(at(14_999), out);
    expect(effects('propose')).toEqual([]);
    core.tick(at(15_000), out);
    expect(effects('propose')).toMatchObject([{ command: { type: 'run', targets: [] } }]);
  });

  it('holds no retry for longer than its pause when the wall clock is set back', () => {
    core.begin(at(0), term(5), [], [], out);
    core.reported(at(0), report(), out);
    core.tick(at(0), out);
    out.length = 0;
    const work: UnplacedWork = {
      stamp: stamp(5n),
      job: jobName('job1'),
      group: stamp(1n),
      attempt: 2,
      scheduledAtMs: wallMs(WALL_MS),
      cause: 'schedule',
      reason: 'retry',
      waits: null,
      dueAtMs: wallMs(WALL_MS + 1_000),
      node: N0,
    };
    core.changed(at(0), [{ type: 'workOpened', work, tags: null, retry: null }], out);
    expect(core.nextDeadline()).toBe(at(1_000).monoMs);
    core.tick({ wallNs: wallNs(BigInt(WALL_MS - 3_600_000) * 1_000_000n), monoMs: at(1_000).monoMs }, out);
    expect(effects('propose')).toMatchObject([{ command: { type: 'assign', items: [{ stamp: 5n }] } }]);
  });

  it('waits as long as the job says, and no longer when the clock was set back meanwhile', () => {
    const retry = { intervalMs: 60_000, backoff: 2, maxIntervalMs: 7_200_000 };
    const work: UnplacedWork = {
      stamp: stamp(5n),
      job: jobName('job1'),
      group: stamp(1n),
      attempt: 8,
      scheduledAtMs: wallMs(WALL_MS),
      cause: 'schedule',
      reason: 'retry',
      waits: null,
      dueAtMs: wallMs(WALL_MS + 7_000_000),
      node: N0,
    };
    const clockSetBack = { ...at(0), wallNs: wallNs(BigInt(WALL_MS - 86_400_000) * 1_000_000n) };
    for (const [now, waitsMs] of [
      [at(0), 7_000_000],
      [clockSetBack, 7_200_000],
    ] as const) {
      core.begin(now, term(5), [], [{ work, tags: null, retry }], out);
      core.reported(now, report(), out);
      core.tick(now, out);
      expect(core.nextDeadline()).toBe(at(waitsMs).monoMs);
    }
  });

  it('proposes what histories are to lose, as long as it leads', () => {
    const items = [{ job: jobName('job1'), endedBeforeMs: wallMs(WALL_MS) }];
    core.prune(items, out);
    expect(effects('propose')).toEqual([]);
    core.begin(at(0), term(5), [], [], out);
    out.length = 0;
    core.prune(items, out);
    expect(effects('propose')).toMatchObject([{ command: { type: 'prune', items } }]);
  });

  it('puts the time of the next attempt into the command that ends one', () => {
    const retry = { intervalMs: 60_000, backoff: 2, maxIntervalMs: 7_200_000 };
    const third = start(7n, { attempt: 3, retries: 5, retry });
    core.begin(at(0), term(5), [third], [], out);
    core.reported(at(0), report({ running: [third.id] }), out);
    out.length = 0;
    core.finished(at(0), N0, { ...finished(third.id), success: false }, out);
    core.tick(at(10), out);
    const [proposal] = effects('propose');
    const [item] = proposal?.command.type === 'finish' ? proposal.command.items : [];
    const pauseMs = (item?.retryAtMs ?? 0) - WALL_MS;
    expect(pauseMs).toBeGreaterThanOrEqual(216_000);
    expect(pauseMs).toBeLessThanOrEqual(240_000);
  });

  it('cuts a batch for a large fleet into commands that fit the log, all of a job in one', () => {
    const fleet = Array.from({ length: 2_000 }, (_, index) => ({
      node: nodeName(`node-${index}`),
      epoch: epoch(1),
      tags: {},
    }));
    core.setWorkers(fleet, 0, out);
    core.begin(at(0), term(5), [], [], out);
    core.tick(at(5_000), out);
    out.length = 0;
    const launches = Array.from({ length: 60 }, (_, index) => ({
      name: jobName(`job${index % 20}`),
      scheduleRevision: 1,
      scheduledAtMs: wallMs(WALL_MS + index),
      next: null,
      tags: null,
    }));
    core.due(at(5_000), launches, [], out);
    const batches = effects('propose').map(({ command }) => (command.type === 'launch' ? command.items : []));
    expect(batches.length).toBeGreaterThan(1);
    expect(batches.flat()).toHaveLength(60);
    const owners = batches.flatMap((items) => [...new Set(items.map((item) => item.name))]);
    expect(owners).toHaveLength(20);
    for (const items of batches) {
      const origin = { node: N0, actor: 'dispatcher', epoch: 1, sequence: 1 };
      const entry = encodeEntry(origin, { type: 'launch', nowNs: at(0).wallNs, items });
      expect(entry.length).toBeLessThan(limits.bytesPerAppend);
    }
  });

  it('holds back what is due while nodes are behind with their starts, until they have begun half of them', () => {
    core.begin(at(0), term(1), [], [], out);
    core.reported(at(0), report(), out);
    const starts = Array.from({ length: limits.startsUnderWay }, (_, index) => start(BigInt(index + 1)));
    const opened = starts.map((each): Change => ({ type: 'executionOpened', start: each }));
    core.changed(at(1), opened.slice(1), out);
    core.tick(at(1), out);
    expect(core.dueWanted.isHeld).toBe(false);
    core.changed(at(2), opened.slice(0, 1), out);
    core.tick(at(2), out);
    expect(core.dueWanted.isHeld).toBe(true);
    const half = limits.startsUnderWay / 2;
    for (const { id } of starts.slice(0, half)) core.startAcknowledged(id, wallNs(1n));
    core.tick(at(3), out);
    expect(core.dueWanted.isHeld).toBe(true);
    core.startAcknowledged(starts[half]?.id ?? executionId(stamp(0n), N0), wallNs(1n));
    core.tick(at(4), out);
    expect(core.dueWanted.isHeld).toBe(false);
  });

  it('records ends a little later while many starts are under way', () => {
    core.begin(at(0), term(1), [], [], out);
    core.reported(at(0), report(), out);
    const starts = Array.from({ length: limits.startsBeforeEnds + 1 }, (_, index) => start(BigInt(index + 1)));
    core.changed(
      at(1),
      starts.map((each): Change => ({ type: 'executionOpened', start: each })),
      out,
    );
    core.tick(at(1), out);
    const [first] = starts;
    if (first === undefined) throw new Error('there are starts');
    core.startAcknowledged(first.id, wallNs(1n));
    core.finished(at(2), N0, finished(first.id), out);
    core.tick(at(2), out);
    const dueMs = core.nextDeadline() ?? 0;
    expect(dueMs).toBeGreaterThan(at(2).monoMs + limits.endsWaitMs);
    for (const { id } of starts) core.startAcknowledged(id, wallNs(1n));
    for (const ms of [3, 4]) core.tick(at(ms), out);
    expect(core.nextDeadline()).toBeLessThanOrEqual(dueMs - limits.endsWaitMs);
  });

  it('sends a bounded number of starts again each second, the oldest first', () => {
    core.begin(at(0), term(1), [], [], out);
    core.reported(at(0), report(), out);
    const starts = Array.from({ length: limits.startsSentAgainAtOnce + 3 }, (_, index) => start(BigInt(index + 1)));
    core.changed(
      at(0),
      starts.map((each): Change => ({ type: 'executionOpened', start: each })),
      out,
    );
    expect(effects('start')).toHaveLength(starts.length);
    core.tick(at(1_000), out);
    const again = effects('start').map((effect) => effect.start.id);
    expect(again).toEqual(starts.slice(0, limits.startsSentAgainAtOnce).map(({ id }) => id));
    core.tick(at(1_999), out);
    expect(effects('start')).toEqual([]);
    core.tick(at(2_000), out);
    expect(
      effects('start')
        .map((effect) => effect.start.id)
        .slice(0, 3),
    ).toEqual(starts.slice(-3).map(({ id }) => id));
  });
});
