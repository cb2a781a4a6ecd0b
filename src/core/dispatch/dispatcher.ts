import { assert } from '../assert.ts';
import type { Change, ExecutionStart } from '../jobs/changes.ts';
import type { AssignItem, Command, LaunchItem, MissedItem, ReassignItem } from '../jobs/commands.ts';
import type { StringMap } from '../jobs/records.ts';
import { limits } from '../limits.ts';
import {
  type ExecutionId,
  type JobName,
  type MonoMs,
  monoMs,
  type NodeName,
  type Term,
  type WallNs,
  wallMsOf,
} from '../units.ts';
import { GatheredEnds } from './gathered-ends.ts';
import {
  type Due,
  type EarlyRequest,
  type Effect,
  type FinishedWork,
  type Now,
  type OpenExecution,
  type Proposal,
  type ProposalEnd,
  reassignTo,
  type WaitingWorkInput,
  type WorkerReport,
} from './in-flight.ts';
import { Muster } from './muster.ts';
import { retryAt } from './retry.ts';
import { type Chooser, chooseTargets, type Worker } from './targets.ts';
import { WaitingWork } from './waiting-work.ts';
import { judgeReport } from './worker-report.ts';

const RESEND_START_MS = 1_000;

/**
 * The leader's dispatcher: gives due launches their targets, starts what the state has assigned, and brings each end
 * back into the log. It decides nothing that the state decides; all of its memory can be rebuilt by a rescan.
 */
export class DispatcherCore {
  readonly #chooser: Chooser;
  readonly #workers = new Map<NodeName, Worker & { attached: boolean }>();
  readonly #executions = new Map<ExecutionId, OpenExecution>();
  /** Those of them whose start is not acknowledged. */
  readonly #starting = new Set<OpenExecution>();
  readonly #work = new WaitingWork();
  readonly #ends = new GatheredEnds();
  readonly #muster = new Muster();
  /** Came in during the muster. */
  #early: EarlyRequest[] = [];
  /** Members that are alive and have not told the epoch of their life yet. */
  #unannounced = 0;
  readonly #proposals = new Map<number, Proposal>();
  #term: Term | null = null;
  #lastProposal = 0;

  constructor(chooser: Chooser) {
    this.#chooser = chooser;
  }

  /** Begins to lead with what the state has open; attaches to every worker. */
  begin(now: Now, term: Term, open: readonly ExecutionStart[], work: readonly WaitingWorkInput[], out: Effect[]): void {
    this.end();
    this.#term = term;
    this.#muster.begin(now.monoMs);
    for (const start of open) this.#addExecution(start);
    for (const item of work) this.#work.add(item.work, item.tags);
    for (const worker of this.#workers.values()) this.#attach(worker, out);
    this.tick(now, out);
  }

  /** Stops leading: forgets everything but the workers. */
  end(): void {
    this.#term = null;
    this.#executions.clear();
    this.#starting.clear();
    this.#work.clear();
    this.#proposals.clear();
    this.#ends.clear();
    this.#early = [];
  }

  /**
   * The workers that may be given work now, as membership sees them, and how many more are expected to announce
   * themselves. A new epoch is a new worker: attach again.
   */
  setWorkers(workers: readonly Worker[], unannounced: number, out: Effect[]): void {
    this.#unannounced = unannounced;
    const names = new Set(workers.map((worker) => worker.node));
    for (const node of this.#workers.keys()) if (!names.has(node)) this.#workers.delete(node);
    for (const worker of workers) {
      const known = this.#workers.get(worker.node);
      const attached = known?.attached === true && known.epoch === worker.epoch;
      const entry = { ...worker, attached };
      this.#workers.set(worker.node, entry);
      if (known?.epoch !== worker.epoch) this.#attach(entry, out);
    }
  }

  /** What the wheel says is due at once: one command for the missed, one for the launches. */
  due(now: Now, launches: readonly Due[], missed: readonly MissedItem[], out: Effect[]): void {
    if (this.#term === null) return;
    if (missed.length > 0) this.#propose({ type: 'missed', items: missed }, { type: 'other' }, out);
    if (launches.length === 0 || this.#isTooEarly({ type: 'due', launches })) return;
    const items = launches.map(({ tags, ...launch }) => ({ ...launch, targets: this.#choose(tags) }));
    this.#propose({ type: 'launch', nowNs: now.wallNs, items }, { type: 'other' }, out);
  }

  /** By hand; answered by `runLaunched` or `runRefused` with the request's number. */
  run(now: Now, request: number, name: JobName, tags: StringMap | null, out: Effect[]): void {
    if (this.#term === null) {
      out.push({ type: 'runRefused', request, reason: 'not_leader' });
      return;
    }
    if (this.#isTooEarly({ type: 'run', request, name, tags })) return;
    const command: Command = { type: 'run', nowNs: now.wallNs, name, targets: this.#choose(tags) };
    this.#propose(command, { type: 'run', request }, out);
  }

  /** What applying did. Changes seen while not leading are of no concern: `begin` reads the state. */
  changed(now: Now, changes: readonly Change[], out: Effect[]): void {
    if (this.#term === null) return;
    const ended = new Map<NodeName, ExecutionId[]>();
    for (const change of changes) {
      if (change.type === 'executionOpened') this.#opened(now, change.start, out);
      else if (change.type === 'workOpened') {
        this.#work.add(change.work, change.tags);
      } else if (change.type === 'executionEnded') this.#forget(change.id, ended);
      else if (change.type === 'executionDropped') this.#drop(change.id);
      else if (change.type === 'jobDeleted') this.#work.dropJob(change.name);
    }
    for (const [node, ids] of ended) out.push({ type: 'acknowledgeEnds', node, ids });
  }

  /** A worker says what it knows of its work; what it can't know of is settled here (P2). */
  reported(now: Now, report: WorkerReport, out: Effect[]): void {
    const worker = this.#workers.get(report.node);
    if (this.#term === null || worker === undefined || worker.epoch !== report.epoch) return;
    worker.attached = true;
    const judge = judgeReport(report);
    const again: ReassignItem[] = [];
    for (const execution of this.#executions.values()) {
      if (execution.start.node !== report.node) continue;
      const verdict = judge(execution);
      if (verdict.type === 'runs') this.#advance(execution, 'running');
      else if (verdict.type === 'send') this.#send(now, execution, out);
      else if (verdict.type === 'again') again.push(reassignTo(execution.start, report.epoch));
      else if (verdict.type === 'lost') this.#lost(now, execution, verdict.startedAtNs, verdict.why);
    }
    if (again.length > 0) this.#propose({ type: 'reassign', nowNs: now.wallNs, items: again }, { type: 'other' }, out);
    this.#acknowledgeUnknown(report, out);
  }

  startAcknowledged(id: ExecutionId, startedAtNs: WallNs): void {
    const execution = this.#executions.get(id);
    if (execution === undefined || execution.phase !== 'starting') return;
    this.#advance(execution, 'running');
    execution.startedAtNs = startedAtNs;
  }

  /** It certainly did not start: with a known newer life of its node it goes there, else the node's report decides. */
  startRefused(now: Now, id: ExecutionId, out: Effect[]): void {
    const execution = this.#executions.get(id);
    const worker = execution === undefined ? undefined : this.#workers.get(execution.start.node);
    if (execution === undefined || worker === undefined || execution.phase !== 'starting') return;
    if (worker.epoch <= execution.start.epoch) return;
    const items = [reassignTo(execution.start, worker.epoch)];
    this.#propose({ type: 'reassign', nowNs: now.wallNs, items }, { type: 'other' }, out);
  }

  outputArrived(id: ExecutionId, chunk: Uint8Array): void {
    const execution = this.#executions.get(id);
    if (execution !== undefined) execution.latestOutput = chunk;
  }

  /** The end of an attempt, from its worker; the processors run on it before it is proposed. Repeats are ignored. */
  finished(now: Now, node: NodeName, finished: FinishedWork, out: Effect[]): void {
    if (this.#term === null) return;
    const execution = this.#executions.get(finished.id);
    if (execution === undefined) {
      out.push({ type: 'acknowledgeEnds', node, ids: [finished.id] });
      return;
    }
    if (execution.phase === 'ending') return;
    this.#advance(execution, 'ending');
    execution.ended = finished;
    if (execution.start.processors === null) this.processed(now, finished.id, finished.output);
    else out.push({ type: 'process', start: execution.start, finished });
  }

  /** The output to store has come out of the processors. */
  processed(now: Now, id: ExecutionId, output: Uint8Array): void {
    const execution = this.#executions.get(id);
    if (execution === undefined || execution.ended === null) return;
    const { startedAtNs, finishedAtNs, droppedBytes, success } = execution.ended;
    execution.ended = null;
    this.#ends.add(now.monoMs, {
      job: execution.start.job,
      stamp: execution.start.stamp,
      node: execution.start.node,
      startedAtNs,
      finishedAtNs,
      outcome: success ? 'success' : 'failed',
      output,
      droppedBytes,
      retryAtMs: retryAt(startedAtNs, finishedAtNs, wallMsOf(now.wallNs), execution.start.attempt + 1),
    });
  }

  proposalEnded(now: Now, proposal: number, end: ProposalEnd, out: Effect[]): void {
    const pending = this.#proposals.get(proposal);
    if (pending === undefined) return;
    this.#proposals.delete(proposal);
    if (pending.type === 'run') {
      if (end.type === 'launched') out.push({ type: 'runLaunched', request: pending.request, group: end.group });
      else
        out.push({
          type: 'runRefused',
          request: pending.request,
          reason: end.type === 'refused' ? end.reason : 'unknown',
        });
    } else if (pending.type === 'finish') {
      if (end.type === 'refused') this.#ends.putBack(now.monoMs, pending.items);
    } else if (pending.type === 'assign') {
      for (const stamp of pending.stamps) {
        if (end.type === 'refused') this.#work.refused(now, stamp);
        else this.#work.placed(stamp);
      }
    }
  }

  /** Does what is due by the clocks; call at or after `nextDeadline`, and after every step. */
  tick(now: Now, out: Effect[]): void {
    if (this.#term === null) return;
    this.#endMuster(now, out);
    for (const items of this.#ends.take(now.monoMs))
      this.#propose({ type: 'finish', items }, { type: 'finish', items }, out);
    if (this.#muster.endsAtMs === null) this.#assignDue(now, out);
    for (const execution of this.#starting) {
      if (execution.sentAtMs !== null && execution.sentAtMs + RESEND_START_MS <= now.monoMs)
        this.#send(now, execution, out);
    }
  }

  /** When `tick` has something to do, if nothing else happens before. */
  nextDeadline(now: Now): MonoMs | null {
    if (this.#term === null) return null;
    const workMs = this.#muster.endsAtMs ?? this.#work.nextDeadline(now);
    const deadlines = [this.#ends.dueMs, workMs];
    let next = Number.POSITIVE_INFINITY;
    for (const deadline of deadlines) if (deadline !== null) next = Math.min(next, deadline);
    for (const { sentAtMs } of this.#starting) {
      if (sentAtMs !== null) next = Math.min(next, sentAtMs + RESEND_START_MS);
    }
    return next === Number.POSITIVE_INFINITY ? null : monoMs(next);
  }

  /** What runs now. */
  *running(): Iterable<Readonly<OpenExecution>> {
    for (const execution of this.#executions.values()) if (execution.phase === 'running') yield execution;
  }

  check(): void {
    assert(this.#term !== null || this.#executions.size === 0, 'only a leader tracks executions');
    for (const [id, execution] of this.#executions)
      assert(execution.start.id === id, 'executions are kept by their id');
  }

  #attach(worker: Worker, out: Effect[]): void {
    if (this.#term !== null) out.push({ type: 'attach', node: worker.node, term: this.#term });
  }

  /** True: it is kept until the nodes have reported. Too many of them are dropped: who is due is handed over again. */
  #isTooEarly(request: EarlyRequest): boolean {
    if (this.#muster.endsAtMs === null) return false;
    if (this.#early.length < limits.heldRequests) this.#early.push(request);
    return true;
  }

  #endMuster(now: Now, out: Effect[]): void {
    const workers = [...this.#workers.values()];
    const allReported = this.#unannounced === 0 && workers.length > 0 && workers.every((worker) => worker.attached);
    if (!this.#muster.endsNow(now.monoMs, allReported)) return;
    const early = this.#early;
    this.#early = [];
    for (const request of early) {
      if (request.type === 'due') this.due(now, request.launches, [], out);
      else this.run(now, request.request, request.name, request.tags, out);
    }
  }

  #addExecution(start: ExecutionStart): OpenExecution {
    const execution: OpenExecution = {
      start,
      phase: 'starting',
      sentAtMs: null,
      startedAtNs: start.assignedAtNs,
      latestOutput: new Uint8Array(0),
      ended: null,
    };
    const known = this.#executions.get(start.id);
    if (known !== undefined) this.#starting.delete(known);
    this.#executions.set(start.id, execution);
    this.#starting.add(execution);
    return execution;
  }

  #advance(execution: OpenExecution, phase: 'running' | 'ending'): void {
    execution.phase = phase;
    this.#starting.delete(execution);
  }

  /** The same execution opened again has been assigned to a newer life of its node. */
  #opened(now: Now, start: ExecutionStart, out: Effect[]): void {
    const known = this.#executions.get(start.id);
    if (known !== undefined && known.start.epoch >= start.epoch) return;
    this.#work.placed(start.stamp);
    this.#send(now, this.#addExecution(start), out);
  }

  /** Only a worker that reported is sent work: its report settles what was sent to it before. */
  #send(now: Now, execution: OpenExecution, out: Effect[]): void {
    const worker = this.#workers.get(execution.start.node);
    if (this.#term === null || worker?.attached !== true || worker.epoch !== execution.start.epoch) return;
    execution.sentAtMs = now.monoMs;
    out.push({ type: 'start', node: worker.node, term: this.#term, start: execution.start });
  }

  #forget(id: ExecutionId, ended: Map<NodeName, ExecutionId[]>): void {
    const execution = this.#executions.get(id);
    if (execution === undefined) return;
    const node = execution.start.node;
    ended.set(node, [...(ended.get(node) ?? []), id]);
    this.#drop(id);
  }

  #drop(id: ExecutionId): void {
    const execution = this.#executions.get(id);
    if (execution !== undefined) this.#starting.delete(execution);
    this.#executions.delete(id);
  }

  /** Ends that the state does not wait for (their job is gone) are acknowledged, or they would be resent for ever. */
  #acknowledgeUnknown(report: WorkerReport, out: Effect[]): void {
    const ids = report.interrupted.map((item) => item.id).filter((id) => !this.#executions.has(id));
    if (ids.length > 0) out.push({ type: 'acknowledgeEnds', node: report.node, ids });
  }

  #lost(now: Now, execution: OpenExecution, startedAtNs: WallNs, why: string): void {
    this.#advance(execution, 'ending');
    const { job, stamp, node } = execution.start;
    this.#ends.add(now.monoMs, {
      job,
      stamp,
      node,
      startedAtNs,
      finishedAtNs: now.wallNs,
      outcome: 'lost',
      output: encodeText(`execution lost: it ${why}`),
      droppedBytes: 0,
      retryAtMs: wallMsOf(now.wallNs),
    });
  }

  #assignDue(now: Now, out: Effect[]): void {
    const items: AssignItem[] = this.#work.takeDue(now).map((waiting) => ({
      job: waiting.work.job,
      stamp: waiting.work.stamp,
      targets: this.#targetsOf(waiting),
    }));
    if (items.length === 0) return;
    this.#propose(
      { type: 'assign', nowNs: now.wallNs, items },
      { type: 'assign', stamps: items.map((item) => item.stamp) },
      out,
    );
  }

  /** A retry goes to the node of the attempt before it, as in Dkron; elsewhere when that is gone. */
  #targetsOf({ work, tags }: WaitingWorkInput): AssignItem['targets'] {
    const before = work.node === null ? undefined : this.#workers.get(work.node);
    if (before !== undefined) return [{ node: before.node, epoch: before.epoch }];
    const chosen = this.#choose(tags);
    return work.reason === 'child' ? chosen : chosen.slice(0, 1);
  }

  #choose(tags: StringMap | null): LaunchItem['targets'] {
    return chooseTargets([...this.#workers.values()], tags, this.#chooser);
  }

  #propose(command: Command, proposal: Proposal, out: Effect[]): void {
    this.#lastProposal += 1;
    this.#proposals.set(this.#lastProposal, proposal);
    out.push({ type: 'propose', proposal: this.#lastProposal, command });
  }
}

/** The reasons are ASCII. */
const encodeText = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));
