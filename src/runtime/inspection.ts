import type { MonoMs } from '../core/units.ts';
import type { Missed } from './restart-unit.ts';

export type DeadLetterReason =
  /** No row of the table has that id. */
  | 'unknown_actor'
  /** The message's receiver died before it took it. */
  | 'actor_down'
  /** Refused or displaced by the overflow policy of the receiver's mailbox. */
  | 'mailbox_full'
  /** The receiver took nothing for so long that the sender's outbox is full. */
  | 'outbox_full'
  /** The receiver is on another node and there is no way to it. */
  | 'no_route'
  /** An answer came after its ask had ended (deadline or restart of the asker). */
  | 'late_answer';

/** Messages with the same fate, gathered by their thread for at most limits.deadLetterReportMs. */
export interface DeadLetter {
  readonly from: string;
  readonly to: string;
  /** The messages' `type`; empty when it has none. */
  readonly messageType: string;
  readonly reason: DeadLetterReason;
  readonly count: number;
}

/** Everything that is worth knowing about a running node, on one stream, in order. */
export type InspectionEvent =
  | { readonly type: 'actorStarting'; readonly actor: string; readonly life: number }
  | { readonly type: 'actorReady'; readonly actor: string; readonly life: number }
  /** It ended without having been asked to; `error` is the stack or the reason the host gave. */
  | { readonly type: 'actorFailed'; readonly actor: string; readonly life: number; readonly error: string }
  | { readonly type: 'restartPlanned'; readonly actor: string; readonly delayMs: number }
  | { readonly type: 'actorStopping'; readonly actor: string; readonly life: number }
  | { readonly type: 'actorStopped'; readonly actor: string; readonly life: number; readonly error: string | null }
  /** It missed a deadline and is ended by force. */
  | { readonly type: 'actorKilled'; readonly actor: string; readonly life: number; readonly missed: Missed }
  | { readonly type: 'nodeStarted' }
  | { readonly type: 'nodeStopping'; readonly exitCode: number; readonly message: string }
  | { readonly type: 'nodeStopped'; readonly exitCode: number }
  | ({ readonly type: 'deadLetter' } & DeadLetter);

export type Inspect = (event: InspectionEvent, at: MonoMs) => void;

/** Counts messages by fate until they are taken: an overload makes few events. */
export class DeadLetters {
  readonly #counts = new Map<string, { letter: Omit<DeadLetter, 'count'>; count: number }>();

  add(from: string, to: string, body: unknown, reason: DeadLetterReason): void {
    const messageType = typeOf(body);
    const key = `${from}\n${to}\n${messageType}\n${reason}`;
    const known = this.#counts.get(key);
    if (known !== undefined) known.count += 1;
    else this.#counts.set(key, { letter: { from, to, messageType, reason }, count: 1 });
  }

  get empty(): boolean {
    return this.#counts.size === 0;
  }

  take(): DeadLetter[] {
    const letters = [...this.#counts.values()].map(({ letter, count }) => ({ ...letter, count }));
    this.#counts.clear();
    return letters;
  }
}

function typeOf(body: unknown): string {
  if (typeof body !== 'object' || body === null || !('type' in body)) return '';
  return typeof body.type === 'string' ? body.type : '';
}
