import { assert, assertNever } from '../../../src/core/assert.ts';
import { applyCommand } from '../../../src/core/jobs/apply.ts';
import type { Change } from '../../../src/core/jobs/changes.ts';
import { Ledger } from '../../../src/core/jobs/ledger.ts';
import { limits } from '../../../src/core/limits.ts';
import { jobName, type LogIndex, monoMs, type NodeName } from '../../../src/core/units.ts';
import { type Store, StoreFull, type StorePort, type StoreWrite } from '../../../src/runtime/ports.ts';
import { type Actor, type ActorDefinition, type Context, localRef } from '../../../src/runtime/types.ts';
import { decodeEntry, type Entry } from '../../../src/wire/entries.ts';
import { StateReader } from '../../../src/wire/state-reader.ts';
import { stateWrites } from '../../../src/wire/state-writes.ts';
import { exitCodes } from '../../exit-codes.ts';
import type { CommittedEntry, LogCommand } from '../log/protocol.ts';
import { type Answer, Answers } from './answers.ts';
import { CheckPlan } from './check-plan.ts';
import { Pauses } from './pauses.ts';
import type { StateCommand } from './protocol.ts';
import { type CheckState, StateAudit } from './state-audit.ts';
import { StateFlushes, Untold } from './state-flushes.ts';
import { type VisibleBatch, Watchers } from './watchers.ts';

export interface StateConfig {
  readonly nodeName: NodeName;
}

export interface StatePorts {
  readonly store: StorePort;
}

const FULL_RETRY_MS = 1_000;
const FULL_TIMER = 'full';
const SCAN_TIMER = 'scan';
const FLUSH_TIMER = 'flush';
const CATCH_UP_TIMER = 'catchUp';
const TIMERS = [FULL_TIMER, SCAN_TIMER, FLUSH_TIMER, CATCH_UP_TIMER, CheckPlan.timer, Answers.timer, Pauses.timer];

interface Batch extends VisibleBatch {
  readonly writes: readonly StoreWrite[];
  readonly answers: readonly Answer[];
}

/**
 * Applies committed commands to the state store, a batch a transaction, and says what changed. That is visible at once, and
 * flushed now and then: the log, which is durable, has it all (decision 0008).
 */
class StateActor implements Actor<StateCommand> {
  readonly #context: Context<StateCommand>;
  readonly #store: Store;
  readonly #ledger: Ledger;
  readonly #audit: StateAudit;
  readonly #checks: CheckPlan;
  readonly #watchers: Watchers;
  readonly #answers: Answers;
  readonly #pauses: Pauses;
  #waiting: CommittedEntry[] = [];
  /** Entries that follow what this life began with have arrived. */
  #isFed = false;
  /** Applied to the ledger, and found no space. */
  #unwritten: Batch | null = null;
  readonly #flushes: StateFlushes;
  readonly #untold: Untold;
  /** Where what earlier lives acknowledged ends; null: not known. */
  #barrier: LogIndex | null = null;
  #isReady = false;
  /** The node is being stopped for a fault: nothing more is applied. */
  #isHalted = false;
  #appliedIndex: LogIndex;
  #whenIdle: (() => void) | null = null;

  constructor(context: Context<StateCommand>, config: StateConfig, ports: StatePorts) {
    this.#context = context;
    this.#store = ports.store.open('state', 'write');
    const reader = new StateReader(this.#store);
    this.#ledger = new Ledger(reader);
    this.#appliedIndex = reader.appliedIndex();
    this.#audit = new StateAudit(this.#store, this.#appliedIndex);
    this.#answers = new Answers(context, config.nodeName);
    this.#checks = new CheckPlan(context, config.nodeName, this.#appliedIndex);
    this.#flushes = new StateFlushes(this.#appliedIndex);
    this.#untold = new Untold(this.#appliedIndex);
    this.#pauses = new Pauses(context, () => this.#ledger.forgetKept());
    this.#watchers = new Watchers((to, event) => context.send(to, event));
    this.#armScan();
    context.arm(CATCH_UP_TIMER, monoMs(context.monoNow() + limits.stateCatchUpMs));
  }

  peerStarted(actor: string): void {
    if (actor !== 'log') return;
    const follower = this.#context.self;
    this.#context.send(localRef<LogCommand>('log'), { type: 'follow', after: this.#appliedIndex, follower });
    this.#context.send(localRef<LogCommand>('log'), { type: 'watchLeadership', watcher: follower });
  }

  receive(message: StateCommand): void {
    switch (message.type) {
      case 'committed':
        this.#gather(message.entries);
        return;
      case 'watchState':
        this.#watchers.watch(message, this.#appliedIndex);
        return;
      case 'leadership':
        this.#checks.lead(message.isLeader);
        this.#planCheck();
        this.#barrier = message.isLeader ? message.barrier : null;
        this.#caughtUp();
        return;
      case 'proposalRefused':
        // A check that found no way into the log is proposed again when its time comes.
        return;
      default:
        assertNever(message);
    }
  }

  endOfBatch(): void {
    this.#commitWaiting();
  }

  timer(key: string): void {
    if (key === FULL_TIMER) this.#writeAgain();
    else if (key === SCAN_TIMER) this.#scan();
    else if (key === FLUSH_TIMER) this.#flush();
    else if (key === CATCH_UP_TIMER) this.#becomeReady();
    else if (key === Pauses.timer) this.#pauses.timeIsUp();
    else if (key === Answers.timer) this.#answers.timeIsUp();
    else if (key === CheckPlan.timer) this.#checks.timeIsUp(this.#audit.nextCheck());
  }

  /** What finds no space is in the log: the next life applies it. */
  stop(done: () => void): void {
    for (const key of TIMERS) this.#context.disarm(key);
    this.#whenIdle = () => {
      this.#store.close();
      done();
    };
    if (!this.#flushes.isRunning) this.#lastFlush();
  }

  #lastFlush(): void {
    if (this.#isHalted || this.#flushes.durable === this.#appliedIndex) this.#whenIdle?.();
    else this.#flush();
  }

  /**
   * What comes with a gap at first was on its way to the life before, when that ended: the log sends all of it again,
   * once it is asked by this life.
   */
  #gather(entries: readonly CommittedEntry[]): void {
    const [first] = entries;
    if (first === undefined || (!this.#isFed && first.index > this.#appliedIndex + 1)) return;
    this.#isFed = true;
    this.#waiting.push(...entries);
    this.#untold.arrived(entries);
  }

  #commitWaiting(): void {
    if (this.#unwritten !== null || this.#waiting.length === 0 || this.#whenIdle !== null || this.#isHalted) return;
    const entries = this.#waiting;
    this.#waiting = [];
    const batch = this.#apply(entries);
    if (batch === null) return;
    this.#write(batch);
    // What remains of a large one is applied in a turn of its own.
    if (this.#waiting.length > 0) this.#context.enter(() => this.#commitWaiting());
  }

  #apply(entries: readonly CommittedEntry[]): Batch | null {
    const changes: Change[] = [];
    const answers: Answer[] = [];
    let index = this.#appliedIndex;
    let markAt: LogIndex | null = null;
    let hasBarrier = false;
    for (const [at, committed] of entries.entries()) {
      if (committed.index <= index) continue;
      assert(committed.index === index + 1, `entry ${committed.index} follows ${index}: the log has a gap`);
      index = committed.index;
      if (committed.entry.length === 0) {
        hasBarrier = true;
        continue;
      }
      const { origin, command } = this.#decode(committed);
      if (command.type === 'checkState') {
        this.#compare(index, command);
        // The hash belongs to this very entry: what follows is another transaction.
        markAt = index;
        this.#waiting = entries.slice(at + 1);
        break;
      }
      this.#checks.changedAt(index);
      const result = applyCommand(this.#ledger, index, origin, command, changes);
      const answer = this.#answers.to(origin, index, command, result);
      if (answer !== null) answers.push(answer);
      if (changes.length >= limits.changesPerBatch) {
        this.#waiting = entries.slice(at + 1);
        break;
      }
    }
    if (index === this.#appliedIndex || this.#isHalted) return null;
    const written = this.#ledger.drain();
    const jobs = written.jobs.map(({ name }) => jobName(name));
    const writes = stateWrites(written, index);
    const hash = this.#audit.stage(writes, markAt);
    if (hash !== null) writes.push(hash);
    return { writes, appliedIndex: index, changes, jobs, hasBarrier, answers };
  }

  /** An entry that this version can't read must not be skipped: the node stops, others go on (P6). */
  #decode(committed: CommittedEntry): Entry {
    try {
      return decodeEntry(committed.entry);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#context.stopNode(
        exitCodes.stateBroken,
        `entry ${committed.index} of the log can't be decoded: ${reason}; see what carillon recover says`,
      );
      throw error;
    }
  }

  #compare(index: LogIndex, check: CheckState): void {
    const difference = this.#audit.difference(check);
    if (difference !== null) this.#differs(difference);
    if (check.markedIndex > 0) this.#context.count('state_checks');
    this.#checks.checkedAt(index, check);
  }

  /** The state can't be trusted, and neither can what would be made of it (P6). */
  #differs(difference: string): void {
    this.#isHalted = true;
    this.#context.stopNode(exitCodes.stateDiffers, `${difference}: see what carillon recover says`);
  }

  #armScan(): void {
    this.#context.arm(SCAN_TIMER, monoMs(this.#context.monoNow() + limits.scanPauseMs));
  }

  #scan(): void {
    // What is applied and not written would be missed.
    if (this.#unwritten !== null) {
      this.#armScan();
      return;
    }
    const difference = this.#audit.scanOn();
    if (difference !== null) this.#differs(difference);
    else if (!this.#audit.isScanned) this.#armScan();
  }

  #planCheck(): void {
    this.#checks.plan(this.#appliedIndex, () => this.#audit.nextCheck());
  }

  #write(batch: Batch): void {
    try {
      this.#store.publish(batch.writes);
    } catch (error) {
      if (error instanceof StoreFull) this.#waitForSpace(batch);
      else this.#failed(error);
      return;
    }
    this.#visible(batch);
  }

  #failed(error: unknown): void {
    this.#isHalted = true;
    const reason = error instanceof Error ? error.message : String(error);
    this.#context.stopNode(exitCodes.stateBroken, `the state store failed: ${reason}`);
  }

  /** The batch is committed in the log: it is tried until there is space; the log's window holds back what follows. */
  #waitForSpace(batch: Batch): void {
    this.#context.log.error('no space for the state: free disk space; applying waits for it', {
      retryMs: FULL_RETRY_MS,
    });
    this.#unwritten = batch;
    this.#context.arm(FULL_TIMER, monoMs(this.#context.monoNow() + FULL_RETRY_MS));
  }

  #writeAgain(): void {
    const batch = this.#unwritten;
    if (batch === null) return;
    this.#unwritten = null;
    this.#write(batch);
    this.#commitWaiting();
  }

  #visible(batch: Batch): void {
    this.#audit.written();
    this.#appliedIndex = batch.appliedIndex;
    const { appliedIndex, answers } = batch;
    this.#watchers.tell(batch, new Set(answers.map(({ actor }) => actor)));
    this.#answers.give(answers);
    if (this.#untold.isMuch(appliedIndex)) this.#tellLog();
    this.#context.gauge('state_applied_index', appliedIndex);
    this.#planCheck();
    this.#planFlush();
    this.#pauses.worked();
    this.#caughtUp();
  }

  /** After a crash of the machine the state may be behind what was acknowledged: nobody reads it before it is not. */
  #caughtUp(): void {
    if (this.#barrier !== null && this.#appliedIndex >= this.#barrier) this.#becomeReady();
  }

  #becomeReady(): void {
    if (this.#isReady) return;
    this.#isReady = true;
    this.#context.disarm(CATCH_UP_TIMER);
    this.#context.ready();
  }

  #tellLog(): void {
    const { durable } = this.#flushes;
    this.#untold.told(this.#appliedIndex);
    this.#context.send(localRef<LogCommand>('log'), { type: 'applied', index: this.#appliedIndex, durable });
  }

  #planFlush(): void {
    if (!this.#flushes.plan()) return;
    this.#context.arm(FLUSH_TIMER, monoMs(this.#context.monoNow() + limits.stateFlushMs));
  }

  #flush(): void {
    this.#flushes.begin(this.#appliedIndex);
    this.#store.makeDurable((error) => this.#context.enter(() => this.#flushed(error)));
  }

  #flushed(error: Error | null): void {
    this.#flushes.end(error);
    if (error !== null) this.#failed(error);
    else this.#tellLog();
    if (this.#whenIdle !== null) this.#lastFlush();
    else if (!this.#isHalted && this.#flushes.durable < this.#appliedIndex) this.#planFlush();
  }
}

export const definition: ActorDefinition<StateCommand, StateConfig, StatePorts> = {
  mailbox: { capacity: 16_384, overflow: { policy: 'credit' } },
  start: (context, config, ports) => new StateActor(context, config, ports),
};
