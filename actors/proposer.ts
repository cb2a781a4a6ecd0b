import type { Command, CommandResult, Origin } from '../src/core/jobs/commands.ts';
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
  readonly done: Done;
  readonly deadlineMs: number;
}

/** How long a proposer waits before it calls the outcome unknown. */
const PROPOSAL_TIMEOUT_MS = 30_000;
const SWEEP_INTERVAL_MS = 1_000;
const TIMER = 'proposer';

/**
 * The way from an actor into the log: proposes commands to `log` and matches the answers of `log` (refused) and
 * `state` (applied, durable and visible). The owner hands over its `proposalApplied` and `proposalRefused` messages,
 * its timer, and the news that `log` was started.
 */
export class Proposer {
  readonly #context: ProposerContext;
  readonly #node: NodeName;
  /** Differs between lives of the actor, so that the state machine takes none of its commands for an old one (P5). */
  readonly #epoch: number;
  readonly #pending = new Map<number, Pending>();
  #sequence: number;

  constructor(context: ProposerContext, node: NodeName) {
    this.#context = context;
    this.#node = node;
    this.#epoch = context.wallNow() * 1024 + context.random.below(1024);
    this.#sequence = context.random.below(2 ** 30);
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
    const entry = encodeEntry(origin, command);
    this.#pending.set(this.#sequence, { entry, done, deadlineMs: this.#context.monoNow() + PROPOSAL_TIMEOUT_MS });
    this.#send(this.#sequence, entry);
  }

  /** `log` has begun a new life: what was on its way to the old one may be lost. Sent twice, it happens once (P5). */
  logStarted(): void {
    for (const [sequence, { entry }] of this.#pending) this.#send(sequence, entry);
  }

  receive(message: Accepts): void {
    if (message.type === 'proposalApplied' && message.epoch !== this.#epoch) return;
    const pending = this.#pending.get(message.sequence);
    if (pending === undefined) return;
    this.#pending.delete(message.sequence);
    pending.done(
      message.type === 'proposalApplied'
        ? { type: 'applied', result: message.result }
        : { type: 'refused', reason: message.reason },
    );
  }

  /** True when the timer was the proposer's. */
  timer(key: string): boolean {
    if (key !== TIMER) return false;
    const now = this.#context.monoNow();
    for (const [sequence, pending] of this.#pending) {
      if (pending.deadlineMs > now) break;
      this.#pending.delete(sequence);
      pending.done({ type: 'unknown' });
    }
    if (this.#pending.size > 0) this.#armSweep();
    return true;
  }

  #send(sequence: number, entry: Uint8Array): void {
    const { self } = this.#context;
    this.#context.send(localRef<LogCommand>('log'), { type: 'propose', sequence, entry, refusals: self });
  }

  #armSweep(): void {
    this.#context.arm(TIMER, monoMs(this.#context.monoNow() + SWEEP_INTERVAL_MS));
  }
}
