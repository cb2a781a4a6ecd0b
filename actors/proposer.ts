import type { Command, CommandResult, Origin } from '../src/core/jobs/commands.ts';
import { limits } from '../src/core/limits.ts';
import { monoMs, type NodeName } from '../src/core/units.ts';
import { type Context, localRef, type Ref } from '../src/runtime/types.ts';
import { encodeEntry } from '../src/wire/entries.ts';
import type { LogCommand, LogRefusal } from './cluster/log/protocol.ts';
import type { ProposalApplied } from './cluster/state/protocol.ts';

export type ProposalOutcome =
  | { readonly type: 'applied'; readonly result: CommandResult }
  | { readonly type: 'refused'; readonly reason: LogRefusal['reason'] }
  /** No answer in time: it may still happen. */
  | { readonly type: 'unknown' };

type Accepts = ProposalApplied | LogRefusal;
/** The part of its owner's context that a proposer uses. */
type ProposerContext = Pick<Context<Accepts>, 'wallNow' | 'monoNow' | 'random' | 'arm' | 'send'> & {
  readonly self: Ref<Accepts>;
};
type Done = (outcome: ProposalOutcome) => void;

interface Pending {
  readonly entry: Uint8Array;
  readonly fromReserve: boolean;
  readonly done: Done;
  readonly deadlineMs: number;
  sends: number;
  /** The log refused it after it had been sent before. */
  isRefused: boolean;
}

/** How long a proposer waits before it calls the outcome unknown. */
const PROPOSAL_TIMEOUT_MS = 30_000;
const SWEEP_INTERVAL_MS = 1_000;
const TIMER = 'proposer';

/**
 * The way from an actor into the log: proposes commands to `log` and matches the answers of `log` (refused) and
 * `state` (applied and visible; durable in the log). The owner hands over its `proposalApplied` and `proposalRefused` messages,
 * its timer, and the news that a peer was started.
 *
 * What may be sent again must lie within the results that the state machine remembers, or it would happen twice: of
 * commands whose sequence numbers are further apart than that, the later ones wait.
 */
export class Proposer {
  readonly #context: ProposerContext;
  readonly #node: NodeName;
  /** Differs between lives of the actor, so that the state machine takes none of its commands for an old one (P5). */
  readonly #epoch: number;
  readonly #pending = new Map<number, Pending>();
  #sequence: number;
  /** Later ones wait for earlier ones to end. */
  #lastSent: number;

  constructor(context: ProposerContext, node: NodeName) {
    this.#context = context;
    this.#node = node;
    this.#epoch = context.wallNow() * 1024 + context.random.below(1024);
    this.#sequence = context.random.below(2 ** 30);
    this.#lastSent = this.#sequence;
  }

  /** `done` is called exactly once, in a turn of the owner. */
  propose(command: Command, done: Done): void {
    this.#sequence += 1;
    const origin: Origin = {
      node: this.#node,
      actor: this.#context.self.actor,
      epoch: this.#epoch,
      sequence: this.#sequence,
    };
    if (this.#pending.size === 0) this.#armSweep();
    const deadlineMs = this.#context.monoNow() + PROPOSAL_TIMEOUT_MS;
    const pending: Pending = {
      entry: encodeEntry(origin, command),
      fromReserve: mayUseReserve(command),
      done,
      deadlineMs,
      sends: 0,
      isRefused: false,
    };
    this.#pending.set(this.#sequence, pending);
    this.#sendWaiting();
  }

  /**
   * `log` or `state` has begun a new life: what was on its way through the old one may be lost, or done with its answer
   * lost. Sent twice, it happens once, and is answered (P5).
   */
  peerStarted(actor: string): void {
    if (actor !== 'log' && actor !== 'state') return;
    for (const [sequence, pending] of this.#pending) if (pending.sends > 0) this.#send(sequence, pending);
  }

  receive(message: Accepts): void {
    if (message.type === 'proposalApplied' && message.epoch !== this.#epoch) return;
    const pending = this.#pending.get(message.sequence);
    if (pending === undefined) return;
    if (message.type === 'proposalApplied') this.#end(message.sequence, { type: 'applied', result: message.result });
    // Refused when it was sent again, it may have happened when it was sent first: only the state can tell.
    else if (pending.sends > 1) pending.isRefused = true;
    else this.#end(message.sequence, { type: 'refused', reason: message.reason });
  }

  /** True when the timer was the proposer's. */
  timer(key: string): boolean {
    if (key !== TIMER) return false;
    const now = this.#context.monoNow();
    // All first, so that none is sent only to be given up at once.
    const overdue = [...this.#pending].filter(([, pending]) => pending.deadlineMs <= now);
    for (const [sequence] of overdue) this.#pending.delete(sequence);
    this.#sendWaiting();
    for (const [sequence, pending] of this.#pending) if (pending.isRefused) this.#send(sequence, pending);
    for (const [, pending] of overdue) pending.done(outcomeOfSilence(pending));
    if (this.#pending.size > 0) this.#armSweep();
    return true;
  }

  #end(sequence: number, outcome: ProposalOutcome): void {
    const pending = this.#pending.get(sequence);
    this.#pending.delete(sequence);
    this.#sendWaiting();
    pending?.done(outcome);
  }

  #sendWaiting(): void {
    const [oldest = this.#sequence] = this.#pending.keys();
    const last = Math.min(this.#sequence, oldest + limits.rememberedResultsPerOrigin - 1);
    while (this.#lastSent < last) {
      this.#lastSent += 1;
      const pending = this.#pending.get(this.#lastSent);
      if (pending !== undefined) this.#send(this.#lastSent, pending);
    }
  }

  #send(sequence: number, pending: Pending): void {
    const { self } = this.#context;
    pending.sends += 1;
    pending.isRefused = false;
    this.#context.send(localRef<LogCommand>('log'), {
      type: 'propose',
      sequence,
      entry: pending.entry,
      fromReserve: pending.fromReserve,
      refusals: self,
    });
  }

  #armSweep(): void {
    this.#context.arm(TIMER, monoMs(this.#context.monoNow() + SWEEP_INTERVAL_MS));
  }
}

/** What was never sent certainly did not happen. */
const outcomeOfSilence = ({ sends }: Pending): ProposalOutcome =>
  sends === 0 ? { type: 'refused', reason: 'overloaded' } : { type: 'unknown' };

/** Launches and ends go on from the reserve when the disk is nearly full, and so does what gives space back (P6). */
function mayUseReserve(command: Command): boolean {
  return (
    command.type !== 'setJob' && command.type !== 'setDisabled' && command.type !== 'run' && command.type !== 'import'
  );
}
