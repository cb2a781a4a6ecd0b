import type { MonoMs, WallMs, WallNs } from '../core/units.ts';
import type { Envelope } from './envelope.ts';
import type { DeadLetter } from './inspection.ts';
import type { LogLine } from './log.ts';
import type { LogLevel, Random } from './types.ts';

/** What an actor host tells whoever runs it. */
export type HostEvent =
  | { readonly type: 'ready'; readonly actor: string; readonly life: number }
  /** It was asked to stop and is done. */
  | { readonly type: 'stopped'; readonly actor: string; readonly life: number }
  /** A turn threw: that life of the actor is over. */
  | { readonly type: 'failed'; readonly actor: string; readonly life: number; readonly error: unknown }
  | { readonly type: 'deadLetters'; readonly letters: readonly DeadLetter[] }
  | { readonly type: 'stopNode'; readonly actor: string; readonly exitCode: number; readonly message: string };

/** Named slots in shared memory; see counters.ts. */
export interface Metrics {
  count(name: string, by: number): void;
  gauge(name: string, value: number): void;
}

/** What the runtime needs of the world around one thread: real in threads/, virtual in simulation/. */
export interface Platform {
  readonly logLevel: LogLevel;
  readonly metrics: Metrics;
  /** Asserts the invariants of every actor after each batch of its turns. */
  readonly checkAlways: boolean;
  wallNow(): WallMs;
  wallNowNs(): WallNs;
  monoNow(): MonoMs;
  randomFor(actor: string): Random;
  /** Calls `ActorHost.pump` once, soon, from outside of any turn. Repeated requests before that are one. */
  requestPump(): void;
  /** Requests a pump at that time; replaces the earlier setting; null: none. */
  wakeAt(at: MonoMs | null): void;
  /** A deep copy, for messages between actors of one thread: an actor can't tell where its peer lives. */
  copy<Value>(value: Value): Value;
  /** Hands an envelope to another node; false: there is no way to it. */
  sendToNode(node: string, envelope: Envelope): boolean;
  log(line: LogLine): void;
  report(event: HostEvent): void;
}
