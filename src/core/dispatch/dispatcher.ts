import { assert } from '../assert.ts';
import type { Change, ExecutionStart } from '../jobs/changes.ts';
import type { FinishItem, MissedItem, PruneItem, ReassignItem } from '../jobs/commands.ts';
import type { ExecutionRecord } from '../jobs/records.ts';
import type { ExecutionId, MonoMs, NodeName, Term, WallNs } from '../units.ts';
import { addTo } from './add-to.ts';
import { waitOf } from './claims.ts';
import { earliestOf } from './deadlines.ts';
import { DueHold } from './due-hold.ts';
import { annotationOf, endOf, lossOf } from './ending.ts';
import { Gathered } from './gathered.ts';
import type {
  Due,
  DueWanted,
  Effect,
  FinishedWork,
  LeaseRenewal,
  Now,
  OpenExecution,
  ProposalEnd,
  RunRequest,
  WaitingWorkInput,
  WorkerReport,
} from './in-flight.ts';
import { KnownWorkers } from './known-workers.ts';
import { givenUpAfterMs, Leases } from './leases.ts';
import { OpenExecutions } from './open-executions.ts';
import { Placement } from './placement.ts';
import { finishBytes, portionsOf, reassignBytes } from './portions.ts';
import { Proposals } from './proposals.ts';
import type { Chooser, Worker } from './targets.ts';
import { judgeReport } from './worker-report.ts';

/** Ends that arrive within the first time share one log entry (measured-facts 10b); while many do, within the second. */
const GATHER_ENDS_MS = [5, 20] as const;

const silentTooLong = `may still run: its node was not heard of for ${givenUpAfterMs / 1000} seconds`;

/**
 * The leader's dispatcher: gives due launches their targets, starts what the state has assigned, and brings each end
 * back into the log. It decides nothing that the state decides; all of its memory can be rebuilt by a rescan.
 */
export class DispatcherCore {
  readonly #chooser: Chooser;
  readonly #workers: KnownWorkers;
  readonly #placement: Placement;
  readonly #executions = new OpenExecutions();
  readonly #ends = new Gathered<FinishItem>(...GATHER_ENDS_MS);
  readonly #reassignments = new Gathered<ReassignItem>(0);
  readonly #proposals = new Proposals();
  readonly #leases = new Leases();
  readonly #dueHold = new DueHold();
  #term: Term | null = null;

  constructor(chooser: Chooser) {
    this.#chooser = chooser;
    this.#workers = new KnownWorkers(chooser);
    this.#placement = new Placement(this.#workers, this.#proposals, (node) => this.#executions.countOn(node));
  }

  /** Begins to lead, or begins again, with what the state has open; attaches to every worker. */
  begin(now: Now, term: Term, open: readonly ExecutionStart[], work: readonly WaitingWorkInput[], out: Effect[]): void {
    this.#forget();
    this.#term = term;
    this.#placement.begin(now, work);
    this.#leases.restart(now.monoMs);
    for (const start of open) this.#executions.add(start, true, this.#leases.awakeMs(now.monoMs));
    for (const worker of this.#workers.detachAll()) this.#attach(worker, out);
    this.tick(now, out);
  }

  get dueWanted(): DueWanted {
    return { term: this.#term, isHeld: this.#dueHold.isHeld, aheadMs: this.#workers.claimAheadMs };
  }

  /** Stops leading: forgets everything but the workers, and those who asked for a run. */
  end(out: Effect[]): void {
    this.#forget();
    this.#term = null;
    this.#dueHold.look(0);
    this.#placement.end(out);
  }

  #forget(): void {
    this.#executions.clear();
    this.#ends.clear();
    this.#reassignments.clear();
    this.#proposals.forget();
  }

  /** The workers that membership sees now, and how many more it expects. A new epoch is a new worker: attach again. */
  setWorkers(workers: readonly Worker[], unannounced: number, out: Effect[]): void {
    this.#placement.expect(workers.length, unannounced);
    for (const worker of this.#workers.replace(workers)) this.#attach(worker, out);
  }

  /** What the wheel says is due at once. */
  due(now: Now, launches: readonly Due[], missed: readonly MissedItem[], out: Effect[]): void {
    if (this.#term !== null) this.#placement.due(now, launches, missed, out);
  }

  /** What the histories of jobs have too much of. What is not dropped is found again. */
  prune(items: readonly PruneItem[], out: Effect[]): void {
    if (this.#term !== null) this.#proposals.propose({ type: 'prune', items }, { type: 'due' }, out);
  }

  /** By hand; answered by `runLaunched` or `runRefused` with the request's number. */
  run(now: Now, asked: RunRequest, out: Effect[]): void {
    if (this.#term !== null) this.#placement.run(now, asked, out);
    else out.push({ type: 'runRefused', request: asked.request, reason: 'not_leader' });
  }

  /** What applying did. Changes seen while not leading are of no concern: `begin` reads the state. */
  changed(now: Now, changes: readonly Change[], out: Effect[]): void {
    if (this.#term === null) return;
    const ended = new Map<NodeName, ExecutionId[]>();
    for (const change of changes) {
      if (change.type === 'executionOpened') this.#opened(now, change.start, out);
      else if (change.type === 'workOpened') this.#placement.workOpened(now, change);
      else if (change.type === 'executionEnded') {
        this.#ended(change.id, ended);
        this.#placement.executionEnded(now, change.job);
      } else if (change.type === 'launchEnded') this.#placement.launchEnded(now, change.job);
      else if (change.type === 'jobSet') this.#placement.jobSet(now, change.schedule.name);
      else if (change.type === 'executionStopping') this.#stopping(now, change, out);
      else if (change.type === 'executionDropped') this.#executions.drop(change.id);
      else if (change.type === 'jobDeleted') this.#placement.jobDeleted(change.name);
    }
    for (const [node, ids] of ended) out.push({ type: 'acknowledgeEnds', node, ids });
  }

  /** A worker says what it knows of its work; what it can't know of is settled here (P2). */
  reported(now: Now, report: WorkerReport, out: Effect[]): void {
    if (this.#term === null || this.#workers.get(report.node)?.epoch !== report.epoch) return;
    this.#workers.attached(report.node);
    this.#leases.renewed(now.monoMs, report.node);
    const judge = judgeReport(report);
    for (const execution of this.#executions.values()) {
      if (execution.start.node !== report.node) continue;
      const verdict = judge(execution);
      if (verdict.type === 'runs') this.#runs(now, execution, out);
      else if (verdict.type === 'send') this.#send(now, execution, out);
      else if (verdict.type === 'again') this.#reassign(now, execution, report.epoch);
      else if (verdict.type === 'lost') this.#lost(now, execution, verdict.startedAtNs, verdict.why);
    }
    this.#acknowledgeUnknown(report, out);
  }

  /** A node asks for the lease of what it runs. A life that is over gets none. */
  renewed(now: Now, { node, epoch, sentAtMs }: LeaseRenewal, out: Effect[]): void {
    if (this.#term === null || epoch < (this.#workers.get(node)?.epoch ?? 0)) return;
    this.#leases.renewed(now.monoMs, node);
    out.push({ type: 'grantLease', node, epoch, sentAtMs });
  }

  startAcknowledged(id: ExecutionId, startedAtNs: WallNs): void {
    const execution = this.#executions.get(id);
    if (execution === undefined || execution.phase !== 'starting') return;
    this.#executions.advance(execution, 'running');
    execution.startedAtNs = startedAtNs;
  }

  /** What is to start, runs or ends; undefined: it is not known here. */
  openStart(id: ExecutionId): ExecutionStart | undefined {
    return this.#executions.get(id)?.start;
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
      out.push({ type: 'lookUpEnd', node, finished });
      return;
    }
    if (execution.phase === 'ending') return;
    this.#executions.advance(execution, 'ending');
    execution.ended = finished;
    if (execution.start.processors === null) this.processed(now, finished.id, finished.output);
    else out.push({ type: 'process', start: execution.start, finished });
  }

  /** An end that came after its execution was given up for lost. Acknowledged when its worker repeats it. */
  annotate(now: Now, lost: ExecutionRecord, finished: FinishedWork): void {
    if (this.#term !== null) this.#ends.add(now.monoMs, annotationOf(lost, finished, now));
  }

  /** The output to store has come out of the processors. */
  processed(now: Now, id: ExecutionId, output: Uint8Array): void {
    const execution = this.#executions.get(id);
    if (execution === undefined || execution.ended === null) return;
    this.#ends.add(now.monoMs, endOf(execution, execution.ended, output, now, this.#chooser));
    execution.ended = null;
  }

  /** The processors began a new life: what they had not answered is lost with the old one. */
  processorStarted(out: Effect[]): void {
    for (const { start, ended } of this.#executions.values()) {
      if (ended !== null) out.push({ type: 'process', start, finished: ended });
    }
  }

  proposalEnded(now: Now, proposal: number, end: ProposalEnd, out: Effect[]): void {
    const pending = this.#proposals.answered(proposal);
    this.#placement.proposalEnded(proposal);
    if (pending === undefined) return;
    const isRefused = end.type === 'refused';
    if (pending.type === 'run') {
      const { request } = pending;
      if (end.type === 'launched') out.push({ type: 'runLaunched', request, group: end.group });
      else out.push({ type: 'runRefused', request, reason: isRefused ? end.reason : 'unknown' });
    } else if (pending.type === 'finish') {
      if (isRefused) this.#ends.putBack(now.monoMs, pending.items);
    } else if (pending.type === 'reassign') {
      if (isRefused) this.#reassignments.putBack(now.monoMs, pending.items);
    } else if (pending.type === 'assign') {
      this.#placement.answered(now, proposal, pending, isRefused);
    }
  }

  /** Does what is due by the clocks; call at or after `nextDeadline`, and after every step. */
  tick(now: Now, out: Effect[]): void {
    if (this.#term === null) return;
    this.#endLeases(now, out);
    this.#ends.wait(this.#dueHold.endsWaitMs);
    for (const items of portionsOf(this.#ends.take(now.monoMs), finishBytes)) {
      this.#proposals.propose({ type: 'finish', nowNs: now.wallNs, items }, { type: 'finish', items }, out);
    }
    for (const items of portionsOf(this.#reassignments.take(now.monoMs), reassignBytes)) {
      this.#proposals.propose({ type: 'reassign', nowNs: now.wallNs, items }, { type: 'reassign', items }, out);
    }
    this.#placement.tick(now, out);
    for (const execution of this.#executions.takeUnacknowledged(now.monoMs)) this.#send(now, execution, out);
    for (const execution of this.#executions.stoppingSince(now.monoMs)) this.#stop(now, execution, out);
    this.#dueHold.look(this.#executions.startsUnderWay);
  }

  /** When `tick` has something to do, if nothing else happens before. */
  nextDeadline(): MonoMs | null {
    if (this.#term === null) return null;
    return earliestOf([
      this.#placement.nextDeadline(),
      this.#ends.dueMs,
      this.#reassignments.dueMs,
      this.#executions.nextResendMs(),
      this.#executions.size === 0 ? null : this.#leases.nextDeadline(),
      this.#executions.nextRestopMs(),
    ]);
  }

  /** What runs now. */
  *running(): Iterable<Readonly<OpenExecution>> {
    for (const execution of this.#executions.values()) if (execution.phase === 'running') yield execution;
  }

  check(): void {
    assert(this.#term !== null || this.#executions.size === 0, 'only a leader tracks executions');
    this.#executions.check();
  }

  #attach(worker: Worker, out: Effect[]): void {
    if (this.#term !== null) out.push({ type: 'attach', node: worker.node, term: this.#term });
  }

  /** The same execution opened again has been assigned to a newer life of its node. */
  #opened(now: Now, start: ExecutionStart, out: Effect[]): void {
    const known = this.#executions.get(start.id);
    if (known !== undefined && known.start.epoch >= start.epoch) return;
    this.#placement.workPlaced(start.stamp);
    const execution = this.#executions.add(start, false, this.#leases.awakeMs(now.monoMs));
    const worker = this.#workers.get(start.node);
    // Its node was restarted while the assignment was on its way through the log: nobody else will look at it again.
    if (worker !== undefined && worker.epoch > start.epoch) this.#reassign(now, execution, worker.epoch);
    else this.#send(now, execution, out);
  }

  /** Only a worker that reported is sent work: its report settles what was sent to it before. */
  #send(now: Now, execution: OpenExecution, out: Effect[]): void {
    const worker = this.#workers.get(execution.start.node);
    if (this.#term === null || worker?.isAttached !== true || worker.epoch !== execution.start.epoch) {
      this.#executions.unsent(execution);
      return;
    }
    this.#executions.sent(execution, now.monoMs);
    const waitMs = waitOf(execution.start, now.wallNs);
    out.push({ type: 'start', node: worker.node, term: this.#term, start: execution.start, waitMs });
  }

  #runs(now: Now, execution: OpenExecution, out: Effect[]): void {
    this.#executions.advance(execution, 'running');
    if (execution.start.stop !== null) this.#stop(now, execution, out);
  }

  #stopping(now: Now, change: Extract<Change, { type: 'executionStopping' }>, out: Effect[]): void {
    const execution = this.#executions.get(change.id);
    if (execution === undefined) return;
    this.#executions.stopWanted(execution, change.reason);
    this.#stop(now, execution, out);
  }

  /** Behind its start, or in it: a start that has not left says that the execution is not to begin. */
  #stop(now: Now, execution: OpenExecution, out: Effect[]): void {
    const { id, node, epoch, stop: reason } = execution.start;
    const worker = this.#workers.get(node);
    if (reason === null || execution.phase === 'ending') return;
    const isThere = worker?.isAttached === true && worker.epoch === epoch;
    const mayHaveArrived = execution.phase === 'running' || execution.sentAtMs !== null;
    this.#executions.stopSent(execution, isThere && mayHaveArrived ? now.monoMs : null);
    if (isThere && mayHaveArrived) out.push({ type: 'stopExecution', node, id, reason });
  }

  #reassign(now: Now, execution: OpenExecution, epoch: Worker['epoch']): void {
    const { job, stamp, node } = execution.start;
    execution.movingTo = epoch;
    this.#reassignments.add(now.monoMs, { job, stamp, node, epoch });
  }

  #lost(now: Now, execution: OpenExecution, startedAtNs: WallNs, why: string): void {
    this.#executions.advance(execution, 'ending');
    this.#ends.add(now.monoMs, lossOf(execution, startedAtNs, why, now));
  }

  /** Nothing is running for ever (P4). */
  #endLeases(now: Now, out: Effect[]): void {
    const silent = new Map<NodeName, ExecutionId[]>();
    for (const execution of this.#leases.takeEnded(now.monoMs, this.#executions.values())) {
      const { id, node } = execution.start;
      this.#lost(now, execution, execution.startedAtNs, silentTooLong);
      addTo(silent, node, id);
    }
    for (const [node, ids] of silent) out.push({ type: 'giveUp', node, ids });
  }

  #ended(id: ExecutionId, ended: Map<NodeName, ExecutionId[]>): void {
    const execution = this.#executions.get(id);
    if (execution !== undefined) addTo(ended, execution.start.node, id);
    this.#executions.drop(id);
  }

  /** Ends that the state does not wait for (their job is gone) would be resent for ever. */
  #acknowledgeUnknown(report: WorkerReport, out: Effect[]): void {
    const ids = report.interrupted.map((item) => item.id).filter((id) => this.#executions.get(id) === undefined);
    if (ids.length > 0) out.push({ type: 'acknowledgeEnds', node: report.node, ids });
  }
}
