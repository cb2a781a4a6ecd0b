import type { MessagePort } from 'node:worker_threads';
import type { LogLine } from '../log.ts';
import type { HostEvent } from '../platform.ts';
import type { ChildSpec, SupervisionTable } from '../supervision.ts';
import type { ThreadOptions } from './fresh-thread.ts';

/** A row of a node's table: the module that exports the actor (module.ts), and the thread that it wants. */
export interface ThreadRow extends ChildSpec {
  readonly module: URL;
  /** Must survive a structured clone. */
  readonly config: unknown;
  readonly thread?: ThreadOptions;
}

export type ThreadTable = SupervisionTable<ThreadRow>;

/** What launchers tell the node. */
export interface LaunchListener {
  event(event: Exclude<HostEvent, { type: 'failed' }>): void;
  log(line: LogLine): void;
  /** A direct port of the main thread to a thread that starts. */
  peer(thread: string, port: MessagePort): void;
  ended(actor: string, life: number, error: string | null): void;
  /** The actor's thread hasn't answered for the `hangMs` of its row. */
  hung(actor: string, life: number): void;
}

/** Starts and ends lives of actors somewhere. */
export interface ActorLauncher {
  /** Makes ready for actors that will be started soon. */
  prepare(rows: readonly ThreadRow[]): void;
  start(row: ThreadRow, life: number): void;
  stop(actor: string): void;
  kill(actor: string): void;
  /** All actors have ended, and no more are started. */
  close(): void;
}
