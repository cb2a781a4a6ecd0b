import { assert, assertNever } from '../../../src/core/assert.ts';
import { msUntil } from '../../../src/core/dispatch/claims.ts';
import type { Now } from '../../../src/core/dispatch/in-flight.ts';
import { Worker } from '../../../src/core/dispatch/worker.ts';
import type { JournalWrite, WorkerEffect, WorkerInput } from '../../../src/core/dispatch/worker-types.ts';
import type { ExecutionStart } from '../../../src/core/jobs/changes.ts';
import { limits } from '../../../src/core/limits.ts';
import { type Epoch, type ExecutionId, monoMs, type NodeName, type Term, term } from '../../../src/core/units.ts';
import type { ExecutionHandle, Executor } from '../../../src/executors/types.ts';
import { type AppendFiles, StoreFull, type StorePort } from '../../../src/runtime/ports.ts';
import { type Actor, type ActorDefinition, type Context, localRef, type Ref } from '../../../src/runtime/types.ts';
import { DecodeError } from '../../../src/wire/msgpack.ts';
import type { MembershipCommand } from '../../cluster/membership/protocol.ts';
import { exitCodes } from '../../exit-codes.ts';
import { Journal } from './journal.ts';
import { LifeOpening, type OpenedLife } from './opening.ts';
import type { ExecutorCommand, ExecutorEvent } from './protocol.ts';

export interface ExecutorConfig {
  readonly nodeName: NodeName;
  /** Last bytes of output that are kept of each execution (limits.outputBytes by default). */
  readonly outputLimitBytes: number;
  /** Executions at once; 0: no limit. */
  readonly maxExecutions: number;
  /** Between TERM and KILL, when the node stops. */
  readonly stopGraceMs: number;
  /** How long a stopping node waits for its executions before it stops them. */
  readonly drainMs: number;
}

export interface ExecutorPorts {
  readonly store: StorePort;
  /** Of the journal, ahead of its store. */
  readonly openFiles: () => AppendFiles;
  /** By the name that jobs call them by. */
  readonly executors: ReadonlyMap<string, Executor>;
  /** Of the running operating system; empty where it tells none. */
  readonly bootId: string;
}

/** Dispatchers of this many terms are remembered: an answer to a deposed one goes to nobody else. */
const rememberedDispatchers = 4;
const CHECKPOINT_TIMER = 'checkpoint';

/**
 * The shell of `Worker`: messages and callbacks of executors to steps, effects to the journal, the executors and the
 * dispatcher. Nothing is served before the life is opened.
 */
class ExecutorActor implements Actor<ExecutorCommand> {
  readonly #context: Context<ExecutorCommand>;
  readonly #config: ExecutorConfig;
  readonly #ports: ExecutorPorts;
  readonly #journal: Journal;
  readonly #opening: LifeOpening;
  readonly #dispatchers = new Map<Term, Ref<ExecutorEvent>>();
  readonly #handles = new Map<ExecutionId, ExecutionHandle>();
  #epoch: Epoch | null = null;
  #worker: Worker | null = null;
  /** Arrived before this life began to serve. */
  #early: ExecutorCommand[] = [];
  #whenStopped: (() => void) | null = null;
  /** Nothing can be written down any more: a stop waits for nothing. */
  #isBroken = false;
  #isCheckpointPlanned = false;
  /** Of a stop, the last but one thing: what is left of the journal gets into its store. */
  #areExecutorsClosed = false;

  constructor(context: Context<ExecutorCommand>, config: ExecutorConfig, ports: ExecutorPorts) {
    this.#context = context;
    this.#config = config;
    this.#ports = ports;
    this.#journal = new Journal(ports.store.open('work', 'write'), ports.openFiles());
    const { executors, bootId } = ports;
    this.#opening = new LifeOpening(
      context,
      { journal: this.#journal, executors, bootId },
      (life) => this.#serve(life),
      (error) => this.#journalBroken(error),
    );
  }

  receive(message: ExecutorCommand): void {
    if (this.#worker === null) {
      if (this.#early.length < limits.executionsPerWorker) this.#early.push(message);
      return;
    }
    if (message.type === 'attach') this.#remember(message.term, message.dispatcher);
    this.#step(this.#inputOf(message));
  }

  #inputOf(message: ExecutorCommand): WorkerInput {
    if (message.type === 'attach') return { type: 'attach', term: message.term };
    if (message.type === 'start') return this.#startOf(message);
    if (message.type !== 'watchOutput') return message;
    return { ...message, written: this.#handles.get(message.id)?.written?.() ?? null };
  }

  /** The sender's clock is ours when it is of this node: what the message took to arrive is not waited for again. */
  #startOf(message: ExecutorCommand & { type: 'start' }): WorkerInput {
    const { term: sentIn, start, waitMs } = message;
    if (waitMs === undefined || this.#dispatchers.get(sentIn)?.node !== null) return message;
    const leftMs = msUntil(start.scheduledAtMs, this.#context.wallNowNs());
    return { ...message, waitMs: Math.max(0, Math.min(waitMs, leftMs)) };
  }

  timer(key: string): void {
    if (key === CHECKPOINT_TIMER) this.#checkpoint();
    else this.#opening.timer(key);
  }

  peerStarted(actor: string): void {
    if (actor === 'membership') this.#announce();
  }

  /** Every turn ends here, those of the timer too: what is due is done once, with all that the batch gathered. */
  endOfBatch(): void {
    if (this.#worker === null) return;
    this.#step({ type: 'tick' });
    const deadline = this.#worker.nextDeadline();
    if (deadline === null) this.#context.disarm('tick');
    else this.#context.arm('tick', deadline);
    this.#context.gauge('executions_running', this.#handles.size);
  }

  stop(done: () => void): void {
    this.#whenStopped = done;
    // While the life is still opening, it is closed once it is open.
    if (this.#isBroken) this.#close();
    else this.#step({ type: 'stop' });
  }

  check(): void {
    this.#worker?.check();
    assert(this.#dispatchers.size <= rememberedDispatchers, 'few dispatchers are remembered');
  }

  #serve({ epoch, sameBoot, journalSince, contents }: OpenedLife): void {
    if (this.#whenStopped !== null) {
      this.#close();
      return;
    }
    const { executors } = this.#ports;
    const { nodeName, ...limiting } = this.#config;
    const names = new Set(executors.keys());
    const processExecutors = new Set([...names].filter((name) => executors.get(name)?.killOrphan !== undefined));
    this.#epoch = epoch;
    this.#worker = new Worker(
      { node: nodeName, epoch, sameBoot, journalSince, executors: names, processExecutors, ...limiting },
      contents,
    );
    this.#announce();
    this.#context.ready();
    for (const message of this.#early.splice(0)) this.receive(message);
  }

  #announce(): void {
    if (this.#epoch === null) return;
    this.#context.send(localRef<MembershipCommand>('membership'), { type: 'announceEpoch', epoch: this.#epoch });
  }

  #remember(attached: Term, dispatcher: Ref<ExecutorEvent>): void {
    this.#dispatchers.set(attached, dispatcher);
    if (this.#dispatchers.size <= rememberedDispatchers) return;
    this.#dispatchers.delete(term(Math.min(...this.#dispatchers.keys())));
  }

  #step(input: WorkerInput): void {
    const now: Now = { wallNs: this.#context.wallNowNs(), monoMs: this.#context.monoNow() };
    const out: WorkerEffect[] = [];
    this.#worker?.step(input, now, out);
    for (const effect of out) this.#perform(effect);
  }

  #perform(effect: WorkerEffect): void {
    switch (effect.type) {
      case 'send': {
        const dispatcher = this.#dispatchers.get(effect.term);
        if (dispatcher !== undefined) this.#context.send(dispatcher, effect.event);
        break;
      }
      case 'journal':
        this.#write(effect.writes);
        break;
      case 'begin':
        this.#begin(effect.start);
        break;
      case 'halt':
        this.#handles.get(effect.id)?.stop(effect.graceMs);
        break;
      case 'stopped':
        this.#close();
        break;
      default:
        assertNever(effect);
    }
  }

  #write(changes: readonly JournalWrite[]): void {
    try {
      this.#journal.append(changes);
    } catch (error) {
      if (!(error instanceof StoreFull)) {
        this.#journalBroken(error);
        return;
      }
      this.#context.log.error('The disk of the data directory is full: nothing can be started');
      this.#context.count('journal_full');
      this.#step({ type: 'journalFull' });
      return;
    }
    this.#planCheckpoint();
    this.#step({ type: 'journalled' });
    // That may have been what a stop waited for.
    if (this.#whenStopped !== null) this.#step({ type: 'tick' });
  }

  #planCheckpoint(): void {
    const { fileBytes, isCheckpointing } = this.#journal;
    const isLarge = fileBytes >= limits.journalAheadBytes;
    if (isCheckpointing || (this.#isCheckpointPlanned && !isLarge)) return;
    this.#isCheckpointPlanned = true;
    const delayMs = isLarge ? 0 : limits.journalCheckpointMs;
    this.#context.arm(CHECKPOINT_TIMER, monoMs(this.#context.monoNow() + delayMs));
  }

  #checkpoint(): void {
    this.#isCheckpointPlanned = false;
    if (this.#isBroken || this.#journal.isCheckpointing) return;
    this.#journal.checkpoint([], (error) => this.#context.enter(() => this.#checkpointed(error)));
  }

  /** Without space the changes stay where they are, and survive as they did. */
  #checkpointed(error: Error | null): void {
    if (error !== null && !(error instanceof StoreFull)) this.#journalBroken(error);
    else if (this.#areExecutorsClosed) this.#closeJournal();
    else if (error !== null || this.#journal.fileBytes > 0) this.#planCheckpoint();
  }

  #begin(start: ExecutionStart): void {
    const executor = this.#ports.executors.get(start.executor);
    assert(executor !== undefined, 'the worker begins only what an executor can do');
    const { id } = start;
    const enter = (input: WorkerInput): void => this.#context.enter(() => this.#step(input));
    const request = {
      executionId: id,
      jobName: start.job,
      scheduledAtMs: start.scheduledAtMs,
      attempt: start.attempt,
      config: start.executorConfig ?? {},
      outputLimitBytes: this.#config.outputLimitBytes,
    };
    this.#context.count('executions_started');
    const handle = executor.start(request, {
      started: (process) => enter({ type: 'processStarted', id, process }),
      output: (chunk) => enter({ type: 'output', id, chunk }),
      ended: (result) => {
        this.#context.enter(() => {
          this.#handles.delete(id);
          this.#step({ type: 'ended', id, result });
        });
      },
    });
    this.#handles.set(id, handle);
  }

  #close(): void {
    let open = 1;
    const oneClosed = (): void => {
      open -= 1;
      if (open > 0) return;
      this.#areExecutorsClosed = true;
      if (this.#isBroken) this.#closeJournal();
      else if (!this.#journal.isCheckpointing) this.#checkpoint();
    };
    for (const executor of this.#ports.executors.values()) {
      open += 1;
      executor.close(() => this.#context.enter(oneClosed));
    }
    oneClosed();
  }

  #closeJournal(): void {
    this.#context.disarm(CHECKPOINT_TIMER);
    this.#journal.close();
    this.#whenStopped?.();
  }

  #journalBroken(failure: unknown): void {
    if (this.#isBroken) return;
    this.#isBroken = true;
    const error = failure instanceof Error ? failure : new Error(String(failure));
    if (this.#whenStopped !== null) this.#close();
    this.#context.stopNode(exitCodes.journalBroken, `The worker's journal can't be written: ${error.message}`);
  }
}

/** Stands where the executor would be while the node stops. */
const HALTED: Actor<ExecutorCommand> = { receive: () => undefined };

export const executorActor: ActorDefinition<ExecutorCommand, ExecutorConfig, ExecutorPorts> = {
  mailbox: { capacity: limits.executionsPerWorker, overflow: { policy: 'credit' } },
  start: (context, config, ports) => {
    try {
      return new ExecutorActor(context, config, ports);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      context.stopNode(
        exitCodes.journalBroken,
        `The worker's journal can't be read: ${error.message}. Check the disk; without work/ what was running counts as lost`,
      );
      return HALTED;
    }
  },
};
