import type { MessagePort } from 'node:worker_threads';
import type { SharedMetrics } from '../counters.ts';
import type { LogLine } from '../log.ts';
import type { HostEvent } from '../platform.ts';
import type { LogLevel } from '../types.ts';

/** A direct port to another thread. */
export interface PeerPort {
  readonly thread: string;
  readonly port: MessagePort;
}

/** The one long-lived task of a worker thread: host this actor. */
export interface ThreadTask {
  readonly node: string;
  readonly actor: string;
  readonly life: number;
  /** URL of the actor's module. */
  readonly module: string;
  readonly config: unknown;
  readonly placement: readonly (readonly [actor: string, thread: string])[];
  readonly metrics: SharedMetrics;
  readonly logLevel: LogLevel;
  /** Where fatal lines are written at once. */
  readonly logDescriptor: number;
  readonly checkAlways: boolean;
  /** To and from the supervisor's thread. Its end says that this thread has ended. */
  readonly control: MessagePort;
  readonly peers: readonly PeerPort[];
}

export type ToThread =
  | { readonly type: 'stop' }
  | { readonly type: 'ping' }
  | ({ readonly type: 'connect' } & PeerPort);

/** A failure isn't told: the thread dies of it. */
export type FromThread =
  | { readonly type: 'event'; readonly event: Exclude<HostEvent, { type: 'failed' }> }
  /** Answers a ping: the thread's event loop turns. */
  | { readonly type: 'pong' }
  | { readonly type: 'log'; readonly lines: readonly LogLine[] };
