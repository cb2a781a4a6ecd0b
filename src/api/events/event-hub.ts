import { limits } from '../../core/limits.ts';
import type { LogIndex, NodeName, WallMs } from '../../core/units.ts';
import type { ToldChanges } from '../../wire/told-changes.ts';
import type { WebSocketListener } from '../http.ts';
import type { ClusterMember } from '../services.ts';
import { EventConnection, type EventRings } from './event-connection.ts';
import type { EventFilter } from './event-filter.ts';
import type { EventId } from './event-id.ts';
import { EventRing } from './event-ring.ts';
import { leaderEvent, memberEvents, outputEvent, type ToldEvent } from './event-texts.ts';
import { keptChanges, keptEvent, writtenEvent } from './kept-events.ts';
import { OutputFlow, type OutputFlowOptions } from './output-flow.ts';
import type { OutputPiece } from './output-piece.ts';

const GOING_AWAY = 1001;

export interface EventHubOptions {
  readonly nowMs: () => WallMs;
  readonly output: OutputFlowOptions;
}

/** What happens, told to all who listen; each event is written out once, when somebody reads it. */
export class EventHub {
  readonly #options: EventHubOptions;
  readonly #rings: EventRings;
  readonly #outputFlow: OutputFlow;
  readonly #connections = new Set<EventConnection>();
  /** Those that have something to get and room for it; the first has waited longest. */
  readonly #ready = new Set<EventConnection>();
  /** The newest id given. */
  #last: EventId;
  /** Changes of the state are known up to here; null: none yet. */
  #appliedIndex: LogIndex | null = null;
  /** Where both rings together ended when the connections were last looked at. */
  #announcedEnd = 0;
  #leader: { readonly leader: NodeName | null; readonly isLeader: boolean } = { leader: null, isLeader: false };
  #members: readonly ClusterMember[] = [];

  constructor(options: EventHubOptions) {
    this.#options = options;
    this.#last = { index: 0, ordinal: this.#clockOrdinal() };
    this.#outputFlow = new OutputFlow(options.output);
    this.#rings = {
      others: new EventRing(this.#last, {
        events: limits.eventsKept,
        bytes: limits.eventBytesKept - limits.eventBytesWritten,
        writtenBytes: limits.eventBytesWritten,
      }),
      output: new EventRing(this.#last, {
        events: limits.outputEventsKept,
        bytes: limits.outputEventBytesKept,
        writtenBytes: 0,
      }),
    };
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Bytes of the events that are kept, for all clients together; of output, and of all others. */
  get keptBytes(): { readonly output: number; readonly others: number } {
    return { output: this.#rings.output.bytes, others: this.#rings.others.bytes };
  }

  /** Bytes that wait in this process for clients to read, above those that are kept. */
  get bufferedBytes(): number {
    let sum = 0;
    for (const connection of this.#connections) sum += connection.bufferedBytes;
    return sum;
  }

  /** Null: there are too many. */
  connect(filter: EventFilter, from: EventId | null): WebSocketListener | null {
    if (this.#connections.size >= limits.eventConnections) return null;
    const connection = new EventConnection(filter, this.#rings, from);
    return {
      opened: (socket) => {
        this.#connections.add(connection);
        // What was written while it did not flow can't be told.
        if (connection.wantsOutput && this.#outputFlow.joined()) this.#forgetOutput();
        connection.opened(socket, this.#last);
        this.#announce(connection);
      },
      drained: () => this.#announce(connection),
      closed: () => {
        connection.closed();
        this.#ready.delete(connection);
        if (!this.#connections.delete(connection) || !connection.wantsOutput) return;
        this.#outputFlow.left(() => this.#forgetOutput());
      },
    };
  }

  /** The state is known up to here, but not what changed before: whoever listens has missed that. */
  following(appliedIndex: LogIndex): void {
    if (this.#appliedIndex !== appliedIndex) this.#forget(appliedIndex);
    this.#appliedIndex = appliedIndex;
  }

  changed(after: LogIndex, appliedIndex: LogIndex, changes: readonly ToldChanges[]): void {
    if (this.#appliedIndex !== after) this.#forget(after);
    this.#appliedIndex = appliedIndex;
    this.#last = { index: appliedIndex, ordinal: 0 };
    const at = this.#options.nowMs();
    for (const lot of changes) {
      const { index, ordinal } = this.#last;
      this.#rings.others.append(keptChanges({ index, ordinal: ordinal + 1 }, lot, at));
      this.#last = { index, ordinal: ordinal + lot.count };
    }
  }

  leadership(leader: NodeName | null, isLeader: boolean): void {
    if (leader === this.#leader.leader && isLeader === this.#leader.isLeader) return;
    this.#leader = { leader, isLeader };
    this.#keep(leaderEvent(leader, isLeader));
  }

  members(members: readonly ClusterMember[]): void {
    for (const event of memberEvents(this.#members, members)) this.#keep(event);
    this.#members = members;
  }

  output(piece: OutputPiece): void {
    if (this.#outputFlow.isFlowing) this.#keep(outputEvent(piece));
  }

  /** Who tells what is written began anew: what it had on its way is lost. */
  outputInterrupted(): void {
    if (this.#outputFlow.isFlowing) this.#forgetOutput();
  }

  /** Sends a bounded part of what waits; true: there is more, call again soon. */
  pump(): boolean {
    const end = this.#rings.others.end + this.#rings.output.end;
    if (this.#announcedEnd !== end) {
      this.#announcedEnd = end;
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

  #keep(told: ToldEvent): void {
    const ring = told.topic === 'output' ? this.#rings.output : this.#rings.others;
    ring.append(keptEvent(writtenEvent(this.#nextId(), told, this.#options.nowMs())));
  }

  /** In microseconds: nobody tells a million events a second, so ordinals that begin with the clock stay behind it. */
  #clockOrdinal(): number {
    return Math.trunc(this.#options.nowMs() * 1_000);
  }

  #nextId(): EventId {
    this.#last = { index: this.#last.index, ordinal: this.#last.ordinal + 1 };
    return this.#last;
  }

  /** With an id of its own: who has the newest one has missed something too. */
  #forgetOutput(): void {
    this.#rings.output.forget(this.#nextId());
  }

  /**
   * The ordinals of an index that an earlier life may have used begin with the clock: they are larger than any of then,
   * so that who resumes from there is told that it missed what is in between.
   */
  #forget(index: LogIndex): void {
    const { index: lastIndex, ordinal } = this.#last;
    const now = this.#clockOrdinal();
    this.#last = { index, ordinal: index === lastIndex ? Math.max(now, ordinal + 1) : now };
    this.#rings.others.forget(this.#last);
    // Ids of an earlier life tell nothing of this one's output either; later on none of it is lost with the changes.
    if (this.#appliedIndex === null) this.#rings.output.forget(this.#last);
  }
}
