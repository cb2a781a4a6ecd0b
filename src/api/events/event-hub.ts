import type { Change } from '../../core/jobs/changes.ts';
import { limits } from '../../core/limits.ts';
import type { LogIndex, NodeName, WallMs } from '../../core/units.ts';
import type { WebSocketListener } from '../http.ts';
import type { ClusterMember } from '../services.ts';
import { EventConnection } from './event-connection.ts';
import { type EventFilter, topicBits } from './event-filter.ts';
import type { EventId } from './event-id.ts';
import { EventRing } from './event-ring.ts';
import {
  changeEvent,
  leaderEvent,
  memberEvents,
  messageOf,
  outputEvent,
  type ToldEvent,
  timeOfMs,
} from './event-texts.ts';
import type { OutputPiece } from './output-piece.ts';

const GOING_AWAY = 1001;

export interface EventHubOptions {
  readonly nowMs: () => WallMs;
  /** Somebody begins, or nobody goes on, to listen to output. */
  readonly outputWanted: (isWanted: boolean) => void;
}

/** What happens, told to all who listen; each event is encoded once. */
export class EventHub {
  readonly #options: EventHubOptions;
  readonly #ring: EventRing;
  readonly #connections = new Set<EventConnection>();
  /** Those that have something to get and room for it; the first has waited longest. */
  readonly #ready = new Set<EventConnection>();
  #outputListeners = 0;
  /** The newest id given. */
  #last: EventId;
  /** Changes of the state are known up to here; null: none yet. */
  #appliedIndex: LogIndex | null = null;
  /** Where the connections were last looked at. */
  #announcedEnd = 0;
  #leader: { readonly leader: NodeName | null; readonly isLeader: boolean } = { leader: null, isLeader: false };
  #members: readonly ClusterMember[] = [];

  constructor(options: EventHubOptions) {
    this.#options = options;
    this.#last = { index: 0, ordinal: Math.trunc(options.nowMs()) };
    this.#ring = new EventRing(this.#last);
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Bytes of the messages that are kept, for all clients together. */
  get keptBytes(): number {
    return this.#ring.bytes;
  }

  /** Bytes that wait in this process for clients to read, above those that are kept. */
  get bufferedBytes(): number {
    let sum = 0;
    for (const connection of this.#connections) sum += connection.bufferedBytes;
    return sum;
  }

  get wantsOutput(): boolean {
    return this.#outputListeners > 0;
  }

  /** Null: there are too many. */
  connect(filter: EventFilter, from: EventId | null): WebSocketListener | null {
    if (this.#connections.size >= limits.eventConnections) return null;
    const connection = new EventConnection(filter, this.#ring, from, this.#last);
    const output = (filter.bits & topicBits.output) === 0 ? 0 : 1;
    return {
      opened: (socket) => {
        this.#connections.add(connection);
        connection.opened(socket);
        this.#announce(connection);
        this.#countOutputListeners(output);
      },
      drained: () => this.#announce(connection),
      closed: () => {
        connection.closed();
        this.#ready.delete(connection);
        if (this.#connections.delete(connection)) this.#countOutputListeners(-output);
      },
    };
  }

  /** The state is known up to here, but not what changed before: whoever listens has missed that. */
  following(appliedIndex: LogIndex): void {
    if (this.#appliedIndex !== appliedIndex) this.#forget(appliedIndex);
    this.#appliedIndex = appliedIndex;
  }

  changed(after: LogIndex, appliedIndex: LogIndex, changes: readonly Change[]): void {
    if (this.#appliedIndex !== after) this.#forget(after);
    this.#appliedIndex = appliedIndex;
    this.#last = { index: appliedIndex, ordinal: 0 };
    const at = this.#now();
    for (const change of changes) this.#keep(changeEvent(change), at);
  }

  leadership(leader: NodeName | null, isLeader: boolean): void {
    if (leader === this.#leader.leader && isLeader === this.#leader.isLeader) return;
    this.#leader = { leader, isLeader };
    this.#keep(leaderEvent(leader, isLeader), this.#now());
  }

  members(members: readonly ClusterMember[]): void {
    const at = this.#now();
    for (const event of memberEvents(this.#members, members)) this.#keep(event, at);
    this.#members = members;
  }

  output(piece: OutputPiece): void {
    if (!this.wantsOutput) return;
    this.pump();
    const told = outputEvent(piece);
    const event = { ...this.#encoded(told, this.#now()), bit: topicBits.output, job: told.job };
    for (const connection of this.#connections) connection.offer(event);
  }

  /** Sends a bounded part of what waits; true: there is more, call again soon. */
  pump(): boolean {
    if (this.#announcedEnd !== this.#ring.end) {
      this.#announcedEnd = this.#ring.end;
      for (const connection of this.#connections) this.#announce(connection);
    }
    let budget = limits.eventsPerTurn;
    for (const connection of this.#ready) {
      if (budget <= 0) return true;
      this.#ready.delete(connection);
      budget -= connection.serve();
      this.#announce(connection);
    }
    return false;
  }

  closeAll(): void {
    for (const connection of [...this.#connections]) connection.close(GOING_AWAY, 'the server stops');
  }

  #announce(connection: EventConnection): void {
    if (connection.isReady) this.#ready.add(connection);
  }

  #countOutputListeners(by: number): void {
    const before = this.wantsOutput;
    this.#outputListeners += by;
    if (this.wantsOutput !== before) this.#options.outputWanted(this.wantsOutput);
  }

  /** The time of what is told now: written once for a batch. */
  #now(): string {
    return timeOfMs(this.#options.nowMs());
  }

  #keep(told: ToldEvent, at: string): void {
    const { id, message } = this.#encoded(told, at);
    this.#ring.append({ id, message, bit: topicBits[told.topic], job: told.job });
  }

  #encoded(told: ToldEvent, at: string): { readonly id: EventId; readonly message: Uint8Array } {
    const id = { index: this.#last.index, ordinal: this.#last.ordinal + 1 };
    this.#last = id;
    return { id, message: messageOf(id, told, at) };
  }

  /**
   * The ordinals of an index that an earlier life may have used begin with the clock: they are larger than any of then,
   * so that who resumes from there is told that it missed what is in between.
   */
  #forget(index: LogIndex): void {
    const { index: lastIndex, ordinal } = this.#last;
    const now = Math.trunc(this.#options.nowMs());
    this.#last = { index, ordinal: index === lastIndex ? Math.max(now, ordinal + 1) : now };
    this.#ring.forget(this.#last);
  }
}
