import { assertNever } from '../../../src/core/assert.ts';
import { DispatcherCore } from '../../../src/core/dispatch/dispatcher.ts';
import type { DueWanted, Effect, FinishedWork, Now, WaitingWorkInput } from '../../../src/core/dispatch/in-flight.ts';
import { workerOf } from '../../../src/core/dispatch/targets.ts';
import { executionStart } from '../../../src/core/jobs/apply-launch.ts';
import type { ExecutionStart } from '../../../src/core/jobs/changes.ts';
import { retryPauses } from '../../../src/core/jobs/retry-pauses.ts';
import { type LogIndex, logIndex, type NodeName, type Term } from '../../../src/core/units.ts';
import type { StorePort } from '../../../src/runtime/ports.ts';
import {
  type Actor,
  type ActorDefinition,
  type Context,
  localRef,
  type Ref,
  type ReplyToken,
} from '../../../src/runtime/types.ts';
import { StateReader } from '../../../src/wire/state-reader.ts';
import type { LeadershipEvent, LogCommand } from '../../cluster/log/protocol.ts';
import type { Member, MembershipCommand } from '../../cluster/membership/protocol.ts';
import type { StateCommand, StateEvent } from '../../cluster/state/protocol.ts';
import { type ProposalOutcome, Proposer } from '../../proposer.ts';
import type { ExecutorCommand } from '../../work/executor/protocol.ts';
import type { ProcessorCommand } from '../../work/processor/protocol.ts';
import type { SchedulerCommand } from '../scheduler/protocol.ts';
import { busyOf } from './busy.ts';
import { OutputWatch } from './output-watch.ts';
import { endOf } from './proposal-end.ts';
import type { DispatcherCommand, RunReply } from './protocol.ts';

export interface DispatcherConfig {
  readonly nodeName: NodeName;
  /** Only members of this region are given work. */
  readonly region: string;
  /** Between TERM and KILL of an execution that is to be stopped. */
  readonly stopGraceMs: number;
}

export interface DispatcherPorts {
  readonly store: StorePort;
}

/** The shell of `DispatcherCore`: messages to steps, effects to messages, one timer. */
class DispatcherActor implements Actor<DispatcherCommand> {
  readonly #context: Context<DispatcherCommand>;
  readonly #config: DispatcherConfig;
  readonly #reader: StateReader;
  readonly #proposer: Proposer;
  readonly #core: DispatcherCore;
  readonly #watch: OutputWatch;
  readonly #runs = new Map<number, ReplyToken>();
  #lastRun = 0;
  /** What the scheduler was told last; null: nothing in its life. */
  #told: DueWanted | null = null;
  #leadership: LeadershipEvent | null = null;
  /** The term that the core works in; null while it does not lead. */
  #begunTerm: Term | null = null;
  /** Changes up to here are known: by events, or because the last rescan saw them. */
  #knownIndex: LogIndex = logIndex(0);

  constructor(context: Context<DispatcherCommand>, config: DispatcherConfig, ports: DispatcherPorts) {
    this.#context = context;
    this.#config = config;
    this.#reader = new StateReader(ports.store.open('state', 'read'));
    this.#proposer = new Proposer(context, config.nodeName);
    this.#core = new DispatcherCore(context.random);
    this.#watch = new OutputWatch({
      context,
      executor: (node) => this.#executor(node),
      open: (id) => this.#core.openStart(id),
    });
    context.ready();
  }

  /** A peer that begins a life has forgotten its watchers. */
  peerStarted(actor: string): void {
    const watcher = this.#context.self;
    if (actor === 'state')
      this.#context.send(localRef<StateCommand>(actor), { type: 'watchState', watcher, of: 'work' });
    if (actor === 'membership')
      this.#context.send(localRef<MembershipCommand>(actor), { type: 'watchMembers', watcher });
    if (actor === 'log') this.#context.send(localRef<LogCommand>('log'), { type: 'watchLeadership', watcher });
    if (actor === 'scheduler') this.#told = null;
    if (actor === 'processor') this.#step((_, out) => this.#core.processorStarted(out));
    this.#proposer.peerStarted(actor);
  }

  receive(message: DispatcherCommand, reply: ReplyToken | null): void {
    const now = this.#now();
    const out: Effect[] = [];
    switch (message.type) {
      case 'due':
        this.#core.due(now, message.launches, message.missed, out);
        break;
      case 'prune':
        this.#core.prune(message.items, out);
        break;
      case 'run':
        this.#lastRun += 1;
        if (reply !== null) this.#runs.set(this.#lastRun, reply);
        this.#core.run(now, { request: this.#lastRun, name: message.name, tags: message.tags }, out);
        break;
      case 'listBusy':
        if (reply !== null) this.#context.reply(reply, busyOf(this.#core.running()));
        break;
      case 'leadership':
        this.#leadership = message;
        this.#followLeadership(out);
        break;
      case 'following':
      case 'changed':
        this.#followState(message, out);
        break;
      case 'members':
        this.#setWorkers(message.members, out);
        break;
      case 'proposalApplied':
      case 'proposalRefused':
        this.#proposer.receive(message);
        break;
      case 'workerReport':
        this.#core.reported(now, message, out);
        // What it sends is behind the starts that it causes.
        this.#perform(out.splice(0));
        this.#watch.reported(message.node);
        break;
      case 'followOutput':
      case 'unfollowOutput':
      case 'followAllOutput':
        this.#watch.wished(message);
        break;
      case 'leaseRenewal':
        this.#core.renewed(now, message, out);
        break;
      case 'startAcknowledged':
        this.#core.startAcknowledged(message.id, message.startedAtNs);
        break;
      case 'startRefused':
        // The report of the life that refused it settles it, with everything else of the life before.
        this.#context.count('starts_refused_total');
        break;
      case 'outputChunk':
        if (message.part === 'live') this.#core.outputArrived(message.id, message.chunk);
        this.#watch.arrived(message);
        break;
      case 'executionFinished':
        this.#core.finished(now, this.#config.nodeName, message, out);
        break;
      case 'processed':
        this.#core.processed(now, message.id, message.output);
        break;
      default:
        assertNever(message);
    }
    this.#perform(out);
  }

  endOfBatch(): void {
    this.#tick();
  }

  timer(key: string): void {
    if (!this.#proposer.timer(key)) this.#tick();
  }

  check(): void {
    this.#core.check();
  }

  #tick(): void {
    this.#step((now, out) => this.#core.tick(now, out));
    const deadline = this.#core.nextDeadline();
    if (deadline === null) this.#context.disarm('tick');
    else this.#context.arm('tick', deadline);
    this.#tellDueWanted();
  }

  #step(step: (now: Now, out: Effect[]) => void): void {
    const out: Effect[] = [];
    step(this.#now(), out);
    this.#perform(out);
  }

  #now(): Now {
    return { wallNs: this.#context.wallNowNs(), monoMs: this.#context.monoNow() };
  }

  /** Leading begins once the state has applied all that earlier leaders committed. */
  #followLeadership(out: Effect[]): void {
    const leadership = this.#leadership;
    const term = leadership?.isLeader === true ? leadership.term : null;
    if (this.#begunTerm === term) return;
    if (this.#begunTerm !== null) this.#core.end(out);
    this.#begunTerm = null;
    if (term !== null && leadership !== null && this.#knownIndex >= leadership.barrier) this.#begin(term, out);
  }

  #followState(event: StateEvent, out: Effect[]): void {
    if (event.appliedIndex <= this.#knownIndex) return;
    const hasGap = event.type === 'following' || event.after > this.#knownIndex;
    this.#knownIndex = event.appliedIndex;
    if (hasGap && this.#begunTerm !== null) this.#begin(this.#begunTerm, out);
    else if (event.type === 'changed') this.#core.changed(this.#now(), event.changes, out);
    this.#followLeadership(out);
  }

  /** Reads what is open from the state, and from then on only follows what comes after that. */
  #begin(term: Term, out: Effect[]): void {
    const open: ExecutionStart[] = [];
    this.#reader.eachOpenExecution((record) => {
      const job = this.#reader.job(record.job);
      if (job !== undefined) open.push(executionStart(job, record));
    });
    const work: WaitingWorkInput[] = [];
    this.#reader.eachWork((item) => {
      const job = this.#reader.job(item.job);
      work.push({ work: item, tags: job?.tags ?? null, retry: retryPauses(job?.retry ?? null) });
    });
    this.#knownIndex = logIndex(Math.max(this.#knownIndex, this.#reader.appliedIndex()));
    this.#begunTerm = term;
    this.#core.begin(this.#now(), term, open, work, out);
  }

  #setWorkers(members: readonly Member[], out: Effect[]): void {
    const { region } = this.#config;
    const mine = members.filter((member) => member.status === 'alive' && member.tags.region === region);
    const announced = mine.filter((member) => member.epoch > 0);
    this.#core.setWorkers(
      announced.map(({ name, epoch, tags }) => workerOf(name, epoch, tags)),
      mine.length - announced.length,
      out,
    );
  }

  #tellDueWanted(): void {
    const { term, isHeld, aheadMs } = this.#core.dueWanted;
    const told = this.#told;
    if (told?.term === term && told.isHeld === isHeld && told.aheadMs === aheadMs) return;
    this.#told = { term, isHeld, aheadMs };
    this.#context.send(localRef<SchedulerCommand>('scheduler'), { type: 'dueWanted', ...this.#told });
  }

  #perform(effects: readonly Effect[]): void {
    for (const effect of effects) this.#performOne(effect);
  }

  #performOne(effect: Effect): void {
    switch (effect.type) {
      case 'propose':
        this.#proposer.propose(effect.command, (outcome) => this.#proposalEnded(effect.proposal, outcome));
        return;
      case 'attach':
        this.#context.send(this.#executor(effect.node), {
          type: 'attach',
          term: effect.term,
          dispatcher: this.#context.self,
        });
        return;
      case 'start':
        this.#sendStart(effect);
        return;
      case 'stopExecution':
        this.#context.send(this.#executor(effect.node), {
          type: 'stopExecution',
          id: effect.id,
          graceMs: this.#config.stopGraceMs,
          reason: effect.reason,
        });
        return;
      case 'acknowledgeEnds':
        this.#context.send(this.#executor(effect.node), { type: 'committed', ids: effect.ids });
        return;
      case 'grantLease': {
        const { node, epoch, sentAtMs } = effect;
        this.#context.send(this.#executor(node), { type: 'leaseGranted', epoch, sentAtMs });
        return;
      }
      case 'giveUp':
        this.#context.count('executions_given_up_total', effect.ids.length);
        this.#context.log.warn('A node was silent for too long: what it ran is recorded as lost', {
          node: effect.node,
          executions: effect.ids.length,
        });
        this.#context.send(this.#executor(effect.node), { type: 'giveUp', ids: effect.ids });
        return;
      case 'lookUpEnd':
        this.#lookUpEnd(effect.node, effect.finished);
        return;
      case 'process':
        this.#context.send(localRef<ProcessorCommand>('processor'), {
          type: 'process',
          id: effect.start.id,
          job: effect.start.job,
          node: effect.start.node,
          success: effect.finished.success,
          output: effect.finished.output,
          processors: effect.start.processors ?? {},
          answerTo: this.#context.self,
        });
        return;
      case 'runLaunched':
        this.#answerRun(effect.request, { type: 'launched', group: effect.group });
        return;
      case 'runRefused':
        this.#answerRun(effect.request, { type: 'refused', code: effect.reason, message: effect.reason });
        return;
      default:
        assertNever(effect);
    }
  }

  #sendStart({ node, ...command }: Extract<Effect, { type: 'start' }>): void {
    this.#context.send(this.#executor(node), command);
    this.#watch.opened(command.start.id);
  }

  /** A late end of a lost execution is annotated, once; what is neither lost nor open any more is over. */
  #lookUpEnd(node: NodeName, finished: FinishedWork): void {
    const { id, job } = finished;
    const record = job === null ? undefined : this.#reader.execution(job, id);
    if (record?.outcome === 'lost' && record.late === null) this.#core.annotate(this.#now(), record, finished);
    else if (record?.outcome !== 'running') this.#performOne({ type: 'acknowledgeEnds', node, ids: [id] });
  }

  #proposalEnded(proposal: number, outcome: ProposalOutcome): void {
    this.#step((now, out) => this.#core.proposalEnded(now, proposal, endOf(outcome), out));
  }

  #answerRun(request: number, answer: RunReply): void {
    const token = this.#runs.get(request);
    this.#runs.delete(request);
    if (token !== undefined) this.#context.reply(token, answer);
  }

  #executor(node: NodeName): Ref<ExecutorCommand> {
    return { actor: 'executor', node: node === this.#config.nodeName ? null : node };
  }
}

export const definition: ActorDefinition<DispatcherCommand, DispatcherConfig, DispatcherPorts> = {
  mailbox: { capacity: 65_536, overflow: { policy: 'credit' } },
  start: (context, config, ports) => new DispatcherActor(context, config, ports),
};
