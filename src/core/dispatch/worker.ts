import { assert, assertNever } from '../assert.ts';
import type { ExecutionStart } from '../jobs/changes.ts';
import { limits } from '../limits.ts';
import { type ExecutionId, type MonoMs, monoMs, type Term } from '../units.ts';
import { earliestOf } from './deadlines.ts';
import { EndResends, type Finished } from './end-resends.ts';
import { ExclusiveWork } from './exclusive-work.ts';
import {
  acknowledgementOf,
  checkHeld,
  closingOf,
  endingOf,
  entryOf,
  type Held,
  type HeldStop,
  heldOf,
  isOpen,
  reportOf,
} from './held-work.ts';
import type { Now } from './in-flight.ts';
import { LiveOutput } from './live-output.ts';
import { StartQueue } from './start-queue.ts';
import { JournalWriter } from './worker-journal.ts';
import { WorkerLease } from './worker-lease.ts';
import { isFull, refusalOf } from './worker-room.ts';
import { journalFullOutput, notStarted, revokedError, stoppedBeforeStart, unstartableOutput } from './worker-texts.ts';
import type {
  JournalContents,
  JournalEntry,
  WorkEnd,
  WorkerEffect,
  WorkerEvent,
  WorkerInput,
  WorkerOptions,
  WorkResult,
} from './worker-types.ts';

/**
 * The executing side of a node (design 4.5, 4.6, P2, P4): fences starts by term and epoch, starts each execution once,
 * and keeps its end until the leader has committed it. An execution begins only after its journal record is written
 * (docs/decisions/0011): an id that is absent from the journal certainly never started in any life since it was made.
 */
export class Worker {
  readonly #options: WorkerOptions;
  readonly #held: Map<ExecutionId, Held>;
  readonly #journal = new JournalWriter();
  readonly #starts: StartQueue;
  readonly #live = new LiveOutput();
  readonly #resends = new EndResends();
  readonly #lease = new WorkerLease();
  readonly #exclusive = new ExclusiveWork();
  /** The highest term seen; starts and attachments of lower ones are fenced off. */
  #term: Term;
  /** A dispatcher of the highest term has attached. */
  #attached = false;
  #stopping = false;
  /** When a stopping node stops what still runs; null: not stopping, or done. */
  #drainUntilMs: MonoMs | null = null;
  #stopped = false;

  constructor(options: WorkerOptions, contents: JournalContents) {
    assert(options.epoch > contents.epoch, 'each life of a node has a higher epoch');
    assert(options.journalSince <= options.epoch, 'a journal is made in this life or in an earlier one');
    this.#options = options;
    this.#term = contents.term;
    this.#starts = new StartQueue(options.processExecutors);
    this.#held = new Map(contents.entries.map((entry) => [entry.id, heldOf(entry)]));
  }

  step(input: WorkerInput, now: Now, out: WorkerEffect[]): void {
    switch (input.type) {
      case 'attach':
        this.#attach(input.term, now, out);
        break;
      case 'start':
        this.#start(input, now, out);
        break;
      case 'stopExecution':
        this.#stopExecution(input.id, input.reason, input.graceMs, out);
        break;
      case 'committed':
        this.#committed(input.ids, now);
        break;
      case 'leaseGranted':
        if (input.epoch === this.#options.epoch) this.#lease.granted(input.sentAtMs, now.monoMs);
        break;
      case 'giveUp':
        for (const id of input.ids) this.#giveUp(id, out);
        break;
      case 'journalled':
        this.#journalled(now, out);
        break;
      case 'journalFull':
        this.#journalFull(now, out);
        break;
      case 'watchOutput':
        if (isOpen(this.#held.get(input.id)?.phase ?? 'finished'))
          this.#live.watch(input.id, input.written, (part) => this.#send(part, out));
        break;
      case 'watchAllOutput':
        this.#live.watchAll(input.isWanted);
        break;
      case 'processStarted':
        this.#processStarted(input.id, input.process, now);
        break;
      case 'output':
        this.#live.add(input.id, input.chunk, now.monoMs, this.#attached);
        break;
      case 'ended':
        this.#ended(input.id, input.result, now, out);
        break;
      case 'stop':
        this.#stopping = true;
        this.#drainUntilMs = monoMs(now.monoMs + this.#options.drainMs);
        break;
      case 'tick':
        this.#tick(now, out);
        break;
      default:
        assertNever(input);
    }
  }

  /** When `tick` has something to do, if nothing else happens before. Room for starts is given out in the next turn. */
  nextDeadline(): MonoMs | null {
    if (this.#starts.hasNext && this.#journal.isReady) return monoMs(0);
    return earliestOf([
      this.#live.nextDeadline(),
      this.#resends.nextDeadline(),
      this.#drainUntilMs,
      this.#journal.nextDeadline(),
      this.#starts.nextDeadline(),
      this.#lease.nextDeadline(),
    ]);
  }

  get runningCount(): number {
    return [...this.#held.values()].filter(({ phase }) => isOpen(phase)).length;
  }

  check(): void {
    for (const [id, held] of this.#held) {
      checkHeld(id, held, this.#options.epoch);
      const waits = this.#starts.isWaiting(id) || this.#journal.holds({ type: 'entry', entry: held.entry });
      assert(held.phase !== 'journalling' || waits, 'what waits has its turn to come, or its record on its way');
      assert(!this.#stopped || !isOpen(held.phase), 'nothing runs after the stop');
    }
  }

  #attach(term: Term, now: Now, out: WorkerEffect[]): void {
    if (term < this.#term) return;
    this.#raiseTerm(term);
    this.#live.unwatch();
    this.#attached = true;
    // First: so the lease is there before what the report makes the leader send.
    this.#renewLease(now, out);
    this.#send(reportOf(this.#options, this.#held.values()), out);
    for (const held of this.#held.values()) if (held.phase === 'finished') held.sentAtMs = null;
    this.#sendEnds(this.#resends.take(this.#held.values(), now.monoMs), now, out);
  }

  #start({ term, start, waitMs = 0 }: WorkerInput & { type: 'start' }, now: Now, out: WorkerEffect[]): void {
    const known = this.#held.get(start.id);
    // Before any fence: "refused" would say that it certainly did not start.
    if (known?.phase === 'journalling') return;
    if (known !== undefined) {
      out.push({ type: 'send', term, event: acknowledgementOf(known.entry) });
      return;
    }
    const reason = refusalOf(this.#options, { term: this.#term, stopping: this.#stopping }, term, start);
    if (reason !== null) {
      const event: WorkerEvent = { type: 'startRefused', id: start.id, node: this.#options.node, reason };
      out.push({ type: 'send', term, event });
      return;
    }
    // Not answered: the dispatcher sends it again, by then there may be room.
    if (this.#held.size >= limits.executionsPerWorker) return;
    if (start.stop === null && isFull(this.#options, () => this.runningCount)) return;
    if (start.exclusive && !this.#mayBeginAlone(start, now, out)) return;
    this.#raiseTerm(term);
    this.#accept(start, waitMs, now, out);
  }

  /** False: not answered either, until the lease is there and what the leader believes over is over (P3). */
  #mayBeginAlone(start: ExecutionStart, now: Now, out: WorkerEffect[]): boolean {
    const inTheWay = this.#exclusive.inTheWayOf(start);
    for (const { id, stamp } of inTheWay) if (stamp < start.stamp) this.#revoke(id, out);
    return inTheWay.length === 0 && this.#lease.isHeld(now.monoMs);
  }

  #accept(start: ExecutionStart, waitMs: number, now: Now, out: WorkerEffect[]): void {
    const entry = entryOf(start, now.wallNs);
    const unstartable = unstartableOutput(start.executor, this.#options.executors);
    if (unstartable !== null) {
      this.#send(acknowledgementOf(entry), out);
      this.#finish(entry, { success: false, output: unstartable, droppedBytes: 0 }, now, out);
      return;
    }
    if (start.exclusive) this.#exclusive.add(start);
    this.#held.set(start.id, { phase: 'journalling', entry, start, stop: start.stop });
    this.#starts.add(start, waitMs, now);
  }

  #turnCame(id: ExecutionId, now: Now): void {
    const held = this.#held.get(id);
    assert(held?.phase === 'journalling', 'what waits for its turn is held');
    held.entry = { ...held.entry, startedAtNs: now.wallNs };
    this.#journal.add({ type: 'entry', entry: held.entry });
  }

  /** The first reason counts. The node's own may leave less time. */
  #stopExecution(id: ExecutionId, reason: HeldStop, graceMs: number, out: WorkerEffect[]): void {
    const held = this.#held.get(id);
    if (held === undefined || !('stop' in held) || (held.stop !== null && reason !== 'node')) return;
    held.stop ??= reason;
    this.#starts.hurry(id);
    if (held.phase === 'running') out.push({ type: 'halt', id, graceMs });
  }

  /** What has not begun does not begin. What runs goes on to its end, which is told, unless it must not overlap. */
  #giveUp(id: ExecutionId, out: WorkerEffect[]): void {
    const held = this.#held.get(id);
    if (held?.phase === 'journalling') held.stop ??= 'node';
    this.#starts.hurry(id);
    if (this.#exclusive.has(id)) this.#revoke(id, out);
  }

  #revoke(id: ExecutionId, out: WorkerEffect[]): void {
    if (this.#exclusive.revoke(id)) this.#stopExecution(id, 'node', limits.leaseStopMs, out);
  }

  /** What still runs is kept: the leader gave it up for lost, and its end is told nevertheless. */
  #committed(ids: readonly ExecutionId[], now: Now): void {
    for (const id of ids) {
      const held = this.#held.get(id);
      if (held === undefined || isOpen(held.phase)) continue;
      this.#held.delete(id);
      this.#journal.addLazily({ type: 'forget', id }, now.monoMs);
    }
  }

  #journalled(now: Now, out: WorkerEffect[]): void {
    for (const write of this.#journal.written()) {
      const held = write.type === 'entry' ? this.#held.get(write.entry.id) : undefined;
      if (held?.phase !== 'journalling') continue;
      this.#send(acknowledgementOf(held.entry), out);
      if (held.stop !== null) {
        const output = held.stop === 'node' ? stoppedBeforeStart : notStarted(held.stop);
        this.#finish(held.entry, { success: false, output, droppedBytes: 0 }, now, out);
      } else {
        this.#held.set(held.entry.id, { phase: 'running', entry: held.entry, stop: null });
        this.#starts.begun(held.entry);
        out.push({ type: 'begin', start: held.start });
      }
    }
  }

  /** What has no record must not begin: it ends as failed, with the reason for its user. */
  #journalFull(now: Now, out: WorkerEffect[]): void {
    for (const write of this.#journal.failed(now.monoMs)) {
      const held = write.type === 'entry' ? this.#held.get(write.entry.id) : undefined;
      if (held?.phase !== 'journalling') continue;
      this.#send(acknowledgementOf(held.entry), out);
      this.#finish(held.entry, { success: false, output: journalFullOutput, droppedBytes: 0 }, now, out);
    }
  }

  #processStarted(id: ExecutionId, process: JournalEntry['process'], now: Now): void {
    this.#starts.over(id);
    const held = this.#held.get(id);
    // A process that is known after its end needs no killing.
    if (held?.phase !== 'running' || process === null) return;
    held.entry = { ...held.entry, process };
    this.#journal.addLazily({ type: 'entry', entry: held.entry }, now.monoMs);
  }

  #ended(id: ExecutionId, result: WorkResult, now: Now, out: WorkerEffect[]): void {
    const held = this.#held.get(id);
    assert(held?.phase === 'running', 'an execution ends once, after its start');
    const told = this.#exclusive.isRevoked(id) && !result.success ? { ...result, error: revokedError } : result;
    this.#live.last(id, result, closingOf(told, held.stop), (part) => this.#send(part, out));
    this.#finish(held.entry, endingOf(told, held.stop, this.#options.outputLimitBytes), now, out);
  }

  #finish(entry: JournalEntry, ending: Omit<WorkEnd, 'finishedAtNs'>, now: Now, out: WorkerEffect[]): void {
    const end: WorkEnd = { finishedAtNs: now.wallNs, ...ending };
    const finished: Finished = { phase: 'finished', entry: { ...entry, end }, end, sentAtMs: null };
    this.#held.set(entry.id, finished);
    this.#starts.over(entry.id);
    this.#live.drop(entry.id);
    this.#exclusive.drop(entry.id);
    this.#journal.addLazily({ type: 'entry', entry: finished.entry }, now.monoMs);
    if (this.#attached && this.#starts.isBusy) this.#resends.gather(finished, now.monoMs);
    else if (this.#attached) this.#sendEnds([finished], now, out);
  }

  #sendEnds(ends: readonly Finished[], now: Now, out: WorkerEffect[]): void {
    for (const held of ends) {
      const { id, job, startedAtNs } = held.entry;
      this.#resends.sent(held, now.monoMs);
      this.#send({ type: 'executionFinished', id, job, startedAtNs, ...held.end }, out);
    }
  }

  #tick(now: Now, out: WorkerEffect[]): void {
    this.#keepLease(now, out);
    this.#live.takeDue(now.monoMs, (part) => this.#send(part, out));
    this.#sendEnds(this.#resends.takeGathered(now.monoMs, this.#stopping), now, out);
    if (this.#resends.isDue(now.monoMs)) this.#sendEnds(this.#resends.take(this.#held.values(), now.monoMs), now, out);
    if (this.#drainUntilMs !== null && this.#drainUntilMs <= now.monoMs) {
      this.#drainUntilMs = null;
      for (const id of this.#held.keys()) this.#stopExecution(id, 'node', this.#options.stopGraceMs, out);
    }
    for (const id of this.#starts.takeNext(now)) this.#turnCame(id, now);
    if (this.#stopping) this.#journal.hurry();
    const writes = this.#journal.take(now.monoMs);
    if (writes !== null) out.push({ type: 'journal', writes });
    if (this.#stopping && !this.#stopped && this.#journal.idle && this.runningCount === 0) {
      this.#stopped = true;
      this.#drainUntilMs = null;
      out.push({ type: 'stopped' });
    }
  }

  #keepLease(now: Now, out: WorkerEffect[]): void {
    const step = this.#lease.tick(now.monoMs);
    if (step === 'renew') this.#renewLease(now, out);
    if (step === 'over') for (const id of this.#exclusive.ids()) this.#revoke(id, out);
  }

  #renewLease(now: Now, out: WorkerEffect[]): void {
    const { node, epoch } = this.#options;
    this.#lease.renewed(now.monoMs);
    this.#send({ type: 'leaseRenewal', node, epoch, sentAtMs: now.monoMs }, out);
  }

  /** A higher term has a new leader: its dispatcher has not attached yet. */
  #raiseTerm(term: Term): void {
    if (term <= this.#term) return;
    this.#term = term;
    this.#attached = false;
    this.#lease.leaderUnknown();
    this.#live.unwatch();
    this.#journal.add({ type: 'term', term });
  }

  #send(event: WorkerEvent, out: WorkerEffect[]): void {
    if (this.#attached) out.push({ type: 'send', term: this.#term, event });
  }
}
