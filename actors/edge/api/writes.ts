import { type ApiErrorCode, isApiErrorCode } from '../../../src/api/errors.ts';
import type { ExecutionWaits } from '../../../src/api/execution-waits.ts';
import type { LaunchWaits } from '../../../src/api/launch-waits.ts';
import type { BusyExecution, ClusterMember, Done, Failure, Outcome, Writes } from '../../../src/api/services.ts';
import { WritePacer } from '../../../src/api/write-pacer.ts';
import { assert, assertNever } from '../../../src/core/assert.ts';
import type { Command, CommandResult, ImportItem, ImportRefusal } from '../../../src/core/jobs/commands.ts';
import type { StateReads } from '../../../src/core/jobs/reads.ts';
import type { ExecutionRecord, JobRecord, StringMap, SubmittedJob } from '../../../src/core/jobs/records.ts';
import { limits } from '../../../src/core/limits.ts';
import { executionId, type Instant, type JobName, type Stamp } from '../../../src/core/units.ts';
import { type AskOutcome, type Context, localRef } from '../../../src/runtime/types.ts';
import type { MembershipCommand } from '../../cluster/membership/protocol.ts';
import type { ProposalOutcome, Proposer } from '../../proposer.ts';
import type { DispatcherCommand, RunReply } from '../../scheduling/dispatcher/protocol.ts';

/** A run is answered by a proposal of the dispatcher's: this is longer than that may take. */
const RUN_TIMEOUT_MS = 35_000;
const BUSY_TIMEOUT_MS = 5_000;
const LEAVE_TIMEOUT_MS = 30_000;

const failure = (code: ApiErrorCode, message = ''): { readonly ok: false; readonly failure: Failure } => ({
  ok: false,
  failure: { code, message },
});

export interface Waits {
  readonly launches: LaunchWaits;
  readonly executions: ExecutionWaits;
}

/** What the routes change, done by proposing to the log and by asking the dispatcher and the membership. */
export class ActorWrites<Message> implements Writes {
  readonly #context: Context<Message>;
  readonly #proposer: Proposer;
  readonly #state: StateReads;
  readonly #waits: LaunchWaits;
  readonly #executionWaits: ExecutionWaits;
  readonly #pacer: WritePacer;

  constructor(context: Context<Message>, proposer: Proposer, state: StateReads, waits: Waits) {
    this.#context = context;
    this.#proposer = proposer;
    this.#state = state;
    this.#waits = waits.launches;
    this.#executionWaits = waits.executions;
    this.#pacer = new WritePacer(() => context.monoNow());
  }

  /** Changes that wait until others have ended. */
  get waiting(): number {
    return this.#pacer.waiting;
  }

  /** Each second. */
  sweep(): void {
    this.#pacer.sweep();
  }

  check(): void {
    this.#pacer.check();
  }

  setJob(job: SubmittedJob, next: Instant | null, done: Done<null>): void {
    this.#propose({ type: 'setJob', nowMs: this.#context.wallNow(), job, next }, doneOf, done);
  }

  deleteJob(name: JobName, done: Done<JobRecord>): void {
    this.#propose({ type: 'deleteJob', name }, jobOf, done);
  }

  setDisabled(name: JobName, disabled: boolean, next: Instant | null, done: Done<JobRecord>): void {
    this.#propose({ type: 'setDisabled', nowMs: this.#context.wallNow(), name, disabled, next }, jobOf, done);
  }

  deleteExecutions(name: JobName, done: Done<JobRecord>): void {
    this.#propose({ type: 'deleteExecutions', name }, jobOf, done);
  }

  run(name: JobName, tags: StringMap | null, awaitEnd: boolean, done: Done<Stamp>): () => void {
    if (!awaitEnd) {
      this.#askRun(name, tags, done);
      return () => undefined;
    }
    if (this.#hasTooManyWaits(done)) return () => undefined;
    const wait = this.#waits.begin(name, (group) => done({ ok: true, value: group }));
    this.#askRun(name, tags, (outcome) => {
      if (outcome.ok) {
        this.#waits.launched(wait, outcome.value);
      } else {
        this.#waits.forget(wait);
        done(outcome);
      }
    });
    return () => this.#waits.forget(wait);
  }

  importRecords(lastStamp: Stamp, items: readonly ImportItem[], done: Done<readonly ImportRefusal[]>): void {
    const command: Command = { type: 'import', nowMs: this.#context.wallNow(), lastStamp, items };
    this.#proposer.propose(command, (outcome) => done(refusalsOf(resultOf(outcome))));
  }

  stop({ job, stamp, node }: ExecutionRecord, awaitEnd: boolean, done: Done<null>): () => void {
    let isGivenUp = false;
    let giveUp = (): void => {
      isGivenUp = true;
    };
    if (awaitEnd && this.#hasTooManyWaits(done)) return giveUp;
    const nowNs = this.#context.wallNowNs();
    this.#proposer.propose({ type: 'stop', nowNs, job, stamp, node }, (outcome) => {
      const stopped = doneOf(outcome);
      const id = executionId(stamp, node);
      // What is visible then may have ended already: its end is heard of before, and not again.
      const runs = this.#state.execution(job, id)?.outcome === 'running';
      if (!stopped.ok || !awaitEnd || !runs) done(stopped);
      else if (!isGivenUp) giveUp = this.#executionWaits.begin(job, id, () => done(stopped));
    });
    return () => giveUp();
  }

  listBusy(done: Done<readonly BusyExecution[]>): void {
    const dispatcher = localRef<DispatcherCommand>('dispatcher');
    this.#context.ask(
      dispatcher,
      { type: 'listBusy' },
      BUSY_TIMEOUT_MS,
      (outcome: AskOutcome<readonly BusyExecution[]>) => done(answerOf(outcome)),
    );
  }

  leave(done: Done<readonly ClusterMember[]>): void {
    const membership = localRef<MembershipCommand>('membership');
    this.#context.ask(
      membership,
      { type: 'leave' },
      LEAVE_TIMEOUT_MS,
      (outcome: AskOutcome<readonly ClusterMember[]>) => done(answerOf(outcome)),
    );
  }

  #hasTooManyWaits(done: Done<never>): boolean {
    if (this.#waits.size + this.#executionWaits.size < limits.waitingRuns) return false;
    done(failure('overloaded', 'Too many requests wait for the end of a run.'));
    return true;
  }

  #askRun(name: JobName, tags: StringMap | null, done: Done<Stamp>): void {
    const dispatcher = localRef<DispatcherCommand>('dispatcher');
    this.#pacer.submit(
      (ended) =>
        this.#context.ask(dispatcher, { type: 'run', name, tags }, RUN_TIMEOUT_MS, (outcome: AskOutcome<RunReply>) => {
          ended();
          const answer = answerOf(outcome);
          if (!answer.ok) done(answer);
          else if (answer.value.type === 'launched') done({ ok: true, value: answer.value.group });
          else done(failure(codeOf(answer.value.code)));
        }),
      () => done(tooManyWrites),
    );
  }

  #propose<Value>(command: Command, read: (outcome: ProposalOutcome) => Outcome<Value>, done: Done<Value>): void {
    this.#pacer.submit(
      (ended) =>
        this.#proposer.propose(command, (outcome) => {
          ended();
          done(read(outcome));
        }),
      () => done(tooManyWrites),
    );
  }
}

const tooManyWrites = failure('overloaded', 'Too many changes wait: try again in a moment.');

function jobOf(outcome: ProposalOutcome): Outcome<JobRecord> {
  const applied = resultOf(outcome);
  if (!applied.ok) return applied;
  assert(applied.value.type === 'job', 'a command on a job gives the job');
  return { ok: true, value: applied.value.job };
}

function refusalsOf(outcome: Outcome<CommandResult>): Outcome<readonly ImportRefusal[]> {
  if (!outcome.ok) return outcome;
  assert(outcome.value.type === 'imported', 'an import gives what it refused');
  return { ok: true, value: outcome.value.refusals };
}

function doneOf(outcome: ProposalOutcome): Outcome<null> {
  const applied = resultOf(outcome);
  return applied.ok ? { ok: true, value: null } : applied;
}

function resultOf(outcome: ProposalOutcome): Outcome<CommandResult> {
  switch (outcome.type) {
    case 'refused':
      return failure(codeOf(outcome.reason));
    case 'unknown':
      return failure('outcome_unknown');
    case 'applied': {
      const { result } = outcome;
      if (result.type === 'refused') return failure(codeOf(result.code), result.message);
      return { ok: true, value: result };
    }
    default:
      return assertNever(outcome);
  }
}

function answerOf<Reply>(outcome: AskOutcome<Reply>): Outcome<Reply> {
  if (outcome.ok) return { ok: true, value: outcome.reply };
  return failure(outcome.reason === 'rejected' ? 'overloaded' : 'outcome_unknown');
}

/** Reasons of the log and the dispatcher, as the API's codes. */
const reasons: ReadonlyMap<string, ApiErrorCode> = new Map<string, ApiErrorCode>([
  ['not_leader', 'no_leader'],
  ['too_large', 'job_too_large'],
  ['unknown', 'outcome_unknown'],
]);

const codeOf = (reason: string): ApiErrorCode =>
  reasons.get(reason) ?? (isApiErrorCode(reason) ? reason : 'internal_error');
