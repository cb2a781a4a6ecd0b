import { assert, assertNever } from '../../../src/core/assert.ts';
import { applyCommand } from '../../../src/core/jobs/apply.ts';
import type { Change } from '../../../src/core/jobs/changes.ts';
import type { CommandResult, Origin } from '../../../src/core/jobs/commands.ts';
import { Ledger } from '../../../src/core/jobs/ledger.ts';
import { limits } from '../../../src/core/limits.ts';
import { type JobName, jobName, type LogIndex, monoMs, type NodeName } from '../../../src/core/units.ts';
import { type Store, StoreFull, type StorePort, type StoreWrite } from '../../../src/runtime/ports.ts';
import { type Actor, type ActorDefinition, type Context, localRef, type Ref } from '../../../src/runtime/types.ts';
import { decodeEntry, type Entry } from '../../../src/wire/entries.ts';
import { StateReader } from '../../../src/wire/state-reader.ts';
import { stateWrites } from '../../../src/wire/state-writes.ts';
import { exitCodes } from '../../exit-codes.ts';
import type { CommittedEntry, LogCommand } from '../log/protocol.ts';
import { CheckPlan } from './check-plan.ts';
import type { ProposalApplied, StateCommand, StateEvent } from './protocol.ts';
import { type CheckState, StateAudit } from './state-audit.ts';

export interface StateConfig {
  readonly nodeName: NodeName;
}

export interface StatePorts {
  readonly store: StorePort;
}

const FULL_RETRY_MS = 1_000;

interface Batch {
  readonly writes: readonly StoreWrite[];
  readonly after: LogIndex;
  readonly appliedIndex: LogIndex;
  readonly changes: readonly Change[];
  readonly jobs: readonly JobName[];
  readonly results: readonly { readonly origin: Origin; readonly index: LogIndex; readonly result: CommandResult }[];
}

interface Watcher {
  readonly ref: Ref<StateEvent>;
  readonly withJobs: boolean;
}

/**
 * Applies committed commands to the state store, a batch a transaction, and says what changed once it is visible.
 * One transaction is in flight at a time: what is committed meanwhile becomes the next batch (group commit).
 */
class StateActor implements Actor<StateCommand> {
  readonly #context: Context<StateCommand>;
  readonly #config: StateConfig;
  readonly #store: Store;
  readonly #ledger: Ledger;
  readonly #audit: StateAudit;
  readonly #checks: CheckPlan;
  readonly #watchers = new Map<string, Watcher>();
  #waiting: CommittedEntry[] = [];
  /** Entries that follow what this life began with have arrived. */
  #isFed = false;
  #inFlight: Batch | null = null;
  #waitsForSpace = false;
  /** A part of the store is to be read as soon as no batch is in flight. */
  #wantsScan = false;
  /** The node is being stopped for a fault: nothing more is applied. */
  #isHalted = false;
  #appliedIndex: LogIndex;
  #whenIdle: (() => void) | null = null;

  constructor(context: Context<StateCommand>, config: StateConfig, ports: StatePorts) {
    this.#context = context;
    this.#config = config;
    this.#store = ports.store.open('state', 'write');
    const reader = new StateReader(this.#store);
    this.#ledger = new Ledger(reader);
    this.#appliedIndex = reader.appliedIndex();
    this.#audit = new StateAudit(this.#store, this.#appliedIndex);
    this.#checks = new CheckPlan(context, config.nodeName, this.#appliedIndex);
    this.#armScan();
    context.ready();
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
        this.#watch({ ref: message.watcher, withJobs: message.withJobs === true });
        return;
      case 'leadership':
        this.#checks.lead(message.isLeader);
        this.#planCheck();
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
    if (key === 'full') {
      this.#waitsForSpace = false;
      if (this.#inFlight !== null) this.#write(this.#inFlight);
    } else if (key === 'scan') {
      this.#wantsScan = true;
      if (this.#inFlight === null) this.#scan();
    } else if (key === CheckPlan.timer) {
      this.#checks.timeIsUp(this.#audit.nextCheck());
    }
  }

  stop(done: () => void): void {
    this.#whenIdle = () => {
      for (const key of ['full', 'scan', CheckPlan.timer]) this.#context.disarm(key);
      this.#store.close();
      done();
    };
    // What finds no space is in the log: the next life applies it.
    if (this.#inFlight === null || this.#waitsForSpace) this.#whenIdle();
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
  }

  #watch(watcher: Watcher): void {
    const { ref } = watcher;
    this.#watchers.set(`${ref.node ?? ''}/${ref.actor}`, watcher);
    this.#context.send(ref, { type: 'following', appliedIndex: this.#appliedIndex });
  }

  #commitWaiting(): void {
    if (this.#inFlight !== null || this.#waiting.length === 0 || this.#whenIdle !== null || this.#isHalted) return;
    const entries = this.#waiting;
    this.#waiting = [];
    const batch = this.#apply(entries);
    if (batch === null) return;
    this.#inFlight = batch;
    this.#write(batch);
  }

  #apply(entries: readonly CommittedEntry[]): Batch | null {
    const changes: Change[] = [];
    const results: { origin: Origin; index: LogIndex; result: CommandResult }[] = [];
    let index = this.#appliedIndex;
    let markAt: LogIndex | null = null;
    for (const [at, committed] of entries.entries()) {
      if (committed.index <= index) continue;
      assert(committed.index === index + 1, `entry ${committed.index} follows ${index}: the log has a gap`);
      index = committed.index;
      if (committed.entry.length === 0) continue;
      const { origin, command } = this.#decode(committed);
      if (command.type === 'checkState') {
        this.#compare(index, command);
        // The hash belongs to this very entry: what follows is another transaction.
        markAt = index;
        this.#waiting = entries.slice(at + 1);
        break;
      }
      this.#checks.changedAt(index);
      results.push({ origin, index, result: applyCommand(this.#ledger, index, origin, command, changes) });
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
    return { writes, after: this.#appliedIndex, appliedIndex: index, changes, jobs, results };
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
    this.#context.arm('scan', monoMs(this.#context.monoNow() + limits.scanPauseMs));
  }

  #scan(): void {
    this.#wantsScan = false;
    const difference = this.#audit.scanOn();
    if (difference !== null) this.#differs(difference);
    else if (!this.#audit.isScanned) this.#armScan();
  }

  #planCheck(): void {
    this.#checks.plan(this.#appliedIndex, () => this.#audit.nextCheck());
  }

  #write(batch: Batch): void {
    this.#store.commit(batch.writes, (error) => this.#context.enter(() => this.#written(batch, error)));
  }

  #written(batch: Batch, error: Error | null): void {
    if (error === null) this.#visible(batch);
    else if (error instanceof StoreFull) this.#waitForSpace();
    else this.#context.stopNode(exitCodes.stateBroken, `the state store failed: ${error.message}`);
  }

  /** The batch is committed in the log: it is tried until there is space; the log's window holds back what follows. */
  #waitForSpace(): void {
    this.#context.log.error('no space for the state: free disk space; applying waits for it', {
      retryMs: FULL_RETRY_MS,
    });
    if (this.#whenIdle !== null) {
      this.#whenIdle();
      return;
    }
    this.#waitsForSpace = true;
    this.#context.arm('full', monoMs(this.#context.monoNow() + FULL_RETRY_MS));
  }

  #visible(batch: Batch): void {
    this.#inFlight = null;
    this.#audit.written();
    this.#appliedIndex = batch.appliedIndex;
    const { after, appliedIndex, changes, jobs } = batch;
    const changed = { type: 'changed', after, appliedIndex, changes } as const;
    for (const { ref, withJobs } of this.#watchers.values()) {
      this.#context.send(ref, withJobs ? { ...changed, jobs } : changed);
    }
    for (const { origin, index, result } of batch.results) {
      if (origin.node !== this.#config.nodeName) continue;
      const { epoch, sequence } = origin;
      const applied: ProposalApplied = { type: 'proposalApplied', epoch, sequence, index, result };
      this.#context.send(localRef<ProposalApplied>(origin.actor), applied);
    }
    this.#context.send(localRef<LogCommand>('log'), { type: 'applied', index: appliedIndex });
    this.#context.gauge('state_applied_index', appliedIndex);
    this.#planCheck();
    if (this.#whenIdle !== null) this.#whenIdle();
    else this.#goOn();
  }

  #goOn(): void {
    if (this.#wantsScan) this.#scan();
    this.#commitWaiting();
  }
}

export const definition: ActorDefinition<StateCommand, StateConfig, StatePorts> = {
  mailbox: { capacity: 16_384, overflow: { policy: 'credit' } },
  start: (context, config, ports) => new StateActor(context, config, ports),
};
