import { limits } from '../../../src/core/limits.ts';
import { type LogIndex, logIndex, monoMs, type NodeName } from '../../../src/core/units.ts';
import { type Context, localRef } from '../../../src/runtime/types.ts';
import { encodeEntry } from '../../../src/wire/entries.ts';
import type { LogCommand } from '../log/protocol.ts';
import type { StateCommand } from './protocol.ts';
import type { CheckState } from './state-audit.ts';

/**
 * When the leader has all servers compare their states: each some thousand entries, else a minute after a change, until
 * everything that changed has been compared.
 */
export class CheckPlan {
  static readonly timer = 'check';
  readonly #context: Context<StateCommand>;
  readonly #node: NodeName;
  #isLeader = false;
  #isArmed = false;
  #isProposed = false;
  #sequence = 0;
  /** The last entry that changed the state; the last check, and what it compared. */
  #changed: LogIndex;
  #checked: LogIndex = logIndex(0);
  #compared: LogIndex = logIndex(0);

  constructor(context: Context<StateCommand>, node: NodeName, appliedIndex: LogIndex) {
    this.#context = context;
    this.#node = node;
    this.#changed = appliedIndex;
    this.#checked = appliedIndex;
  }

  lead(isLeader: boolean): void {
    this.#isLeader = isLeader;
    this.#isProposed = false;
  }

  changedAt(index: LogIndex): void {
    this.#changed = index;
  }

  checkedAt(index: LogIndex, check: CheckState): void {
    this.#checked = index;
    this.#compared = logIndex(check.markedIndex);
    this.#isProposed = false;
  }

  /** Something was applied, or this node leads now. */
  plan(appliedIndex: LogIndex, check: () => CheckState): void {
    if (!this.#isLeader || this.#changed <= this.#compared) return;
    if (!this.#isArmed) {
      this.#isArmed = true;
      this.#context.arm(CheckPlan.timer, monoMs(this.#context.monoNow() + limits.stateCheckMs));
    }
    if (!this.#isProposed && appliedIndex - this.#checked >= limits.entriesPerStateCheck) this.#propose(check());
  }

  timeIsUp(check: CheckState): void {
    this.#isArmed = false;
    if (this.#isLeader && this.#changed > this.#compared) this.#propose(check);
  }

  /** Refused or lost, it is made anew when its time comes again: nobody waits for it. */
  #propose(check: CheckState): void {
    this.#isProposed = true;
    this.#sequence += 1;
    const origin = { node: this.#node, actor: this.#context.self.actor, epoch: 0, sequence: this.#sequence };
    this.#context.send(localRef<LogCommand>('log'), {
      type: 'propose',
      sequence: this.#sequence,
      entry: encodeEntry(origin, check),
      fromReserve: false,
      refusals: this.#context.self,
    });
  }
}
