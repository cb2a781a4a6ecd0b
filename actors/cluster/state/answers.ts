import { ClaimedJobs, jobsTouched } from '../../../src/core/jobs/claimed-jobs.ts';
import type { Command, CommandResult, Origin } from '../../../src/core/jobs/commands.ts';
import { type LogIndex, monoMs, type NodeName, type WallMs, wallMs } from '../../../src/core/units.ts';
import { type Context, localRef } from '../../../src/runtime/types.ts';
import type { ProposalApplied, StateCommand } from './protocol.ts';

/** What the proposer of an entry is told once the entry is visible. */
export interface Answer {
  readonly actor: string;
  readonly applied: ProposalApplied;
  /** Not before this time. */
  readonly afterMs: WallMs;
}

const AT_ONCE = wallMs(0);

/**
 * Answers to what actors of this node proposed. A launch that was claimed ahead of its time runs, whatever is written
 * before that time: such a write is answered when the time has come, so that for its client the launch was first.
 */
export class Answers {
  static readonly timer = 'answers';
  readonly #context: Context<StateCommand>;
  readonly #nodeName: NodeName;
  readonly #claimed = new ClaimedJobs();
  #held: Answer[] = [];

  constructor(context: Context<StateCommand>, nodeName: NodeName) {
    this.#context = context;
    this.#nodeName = nodeName;
  }

  /** Of an entry that was just applied; null: somebody else answers it. */
  to(origin: Origin, index: LogIndex, command: Command, result: CommandResult): Answer | null {
    if (command.type === 'launch') this.#claimed.launched(command);
    if (origin.node !== this.#nodeName) return null;
    const { actor, epoch, sequence } = origin;
    const afterMs = this.#claimed.untilMs(jobsTouched(command)) ?? AT_ONCE;
    // Who set a job has it.
    const told: CommandResult = command.type === 'setJob' && result.type === 'job' ? { type: 'done' } : result;
    return { actor, applied: { type: 'proposalApplied', epoch, sequence, index, result: told }, afterMs };
  }

  /** What they answer is visible. */
  give(answers: readonly Answer[]): void {
    const nowMs = this.#context.wallNow();
    for (const answer of answers) {
      if (answer.afterMs > nowMs) this.#held.push(answer);
      else this.#context.send(localRef<ProposalApplied>(answer.actor), answer.applied);
    }
    this.#arm(nowMs);
  }

  /** Its timer has fired. */
  timeIsUp(): void {
    const held = this.#held;
    this.#held = [];
    this.give(held);
  }

  #arm(nowMs: WallMs): void {
    if (this.#held.length === 0) return;
    const firstMs = Math.min(...this.#held.map(({ afterMs }) => afterMs));
    this.#context.arm(Answers.timer, monoMs(this.#context.monoNow() + Math.max(1, firstMs - nowMs)));
  }
}
