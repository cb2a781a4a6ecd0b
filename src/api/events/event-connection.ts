import { limits } from '../../core/limits.ts';
import type { WebSocketPort } from '../http.ts';
import { type EventFilter, isWanted, topicBits, topicsOf } from './event-filter.ts';
import { compareIds, type EventId, formatId } from './event-id.ts';
import type { EventRing } from './event-ring.ts';
import { earliest, RingReader } from './ring-reader.ts';

const encoder = new TextEncoder();

/** `topics`: null: of whatever the client wants. */
function missedMessage(from: EventId, to: EventId, topics: readonly string[] | null): Uint8Array {
  const scope = topics === null ? '' : `,"topics":${JSON.stringify(topics)}`;
  return encoder.encode(`{"type":"missed","from":"${formatId(from)}","to":"${formatId(to)}"${scope}}`);
}

/** What is kept for clients: output apart, so that it drops nothing else. */
export interface EventRings {
  readonly output: EventRing;
  readonly others: EventRing;
}

/**
 * One client of events. It has no queue: it holds a place in each ring that it reads, and goes on from there when its
 * socket has room. What fell out of a ring meanwhile it has missed, and is told so.
 */
export class EventConnection {
  readonly filter: EventFilter;
  readonly #rings: EventRings;
  readonly #from: EventId | null;
  #readers: readonly RingReader[] = [];
  /** Everything up to this id was sent, passed over, or told as missed. */
  #last: EventId = { index: 0, ordinal: 0 };
  #socket: WebSocketPort | null = null;

  /** `from`: the last event that the client has; null: what comes from the opening on. */
  constructor(filter: EventFilter, rings: EventRings, from: EventId | null) {
    this.filter = filter;
    this.#rings = rings;
    this.#from = from;
  }

  get wantsOutput(): boolean {
    return (this.filter.bits & topicBits.output) !== 0;
  }

  get bufferedBytes(): number {
    return this.#socket?.bufferedBytes ?? 0;
  }

  /** Something waits for it, and it can take it. */
  get isReady(): boolean {
    return this.#socket !== null && this.#readers.some(({ hasMore }) => hasMore) && !this.#socket.isBehind;
  }

  /** `newest`: the newest id that was given to an event. */
  opened(socket: WebSocketPort, newest: EventId): void {
    this.#socket = socket;
    const from = this.#from;
    // An id that was not given yet is another server's, or of data that is gone: nothing is known of what came after it.
    const isStrange = from !== null && compareIds(from, newest) > 0;
    this.#last = isStrange ? newest : (from ?? newest);
    this.#readers = this.#readersAfter(isStrange ? null : from);
    if (isStrange) socket.send(missedMessage(from, newest, null));
    else this.#tellMissed(socket);
    socket.send(encoder.encode(`{"type":"listening","id":"${formatId(this.#last)}"}`));
  }

  closed(): void {
    this.#socket = null;
  }

  close(status: number, reason: string): void {
    this.#socket?.close(status, reason);
  }

  /** Sends what waits, a bounded part of it, and gives how much it did: events that it looked at, and KiB that it sent. */
  serve(): number {
    const socket = this.#socket;
    if (socket === null) return 0;
    let done = 1;
    socket.gather(() => {
      this.#tellMissed(socket);
      while (done <= limits.eventsPerVisit && !socket.isBehind) {
        const reader = earliest(this.#readers);
        const event = reader?.next;
        if (reader === null || event === undefined) return;
        reader.advance();
        this.#last = event.id;
        done += 1;
        if (!isWanted(this.filter, event.bit, event.job)) continue;
        socket.send(event.message);
        done += event.message.length >> 10;
      }
    });
    return done;
  }

  #readersAfter(from: EventId | null): RingReader[] {
    const { output, others } = this.#rings;
    const otherBits = this.filter.bits & ~topicBits.output;
    return [
      ...(otherBits === 0 ? [] : [new RingReader(others, topicsOf(otherBits), from)]),
      ...(this.wantsOutput ? [new RingReader(output, topicsOf(topicBits.output), from)] : []),
    ];
  }

  /**
   * What all rings have lost is told first, and the client goes on behind it. Beyond that, what only one has lost is told
   * by its topics; events of the other ring come from that range, so where the client stands does not change.
   */
  #tellMissed(socket: WebSocketPort): void {
    if (!this.#readers.some(({ isBehind }) => isBehind)) return;
    const behind = this.#readers.flatMap((reader) => reader.missedTo ?? []).sort(compareIds);
    const [common] = behind;
    if (common === undefined) return;
    if (behind.length === this.#readers.length) {
      socket.send(missedMessage(this.#last, common, null));
      this.#last = common;
    }
    for (const reader of this.#readers) {
      const to = reader.missedTo;
      if (to === null) continue;
      if (compareIds(to, this.#last) > 0) socket.send(missedMessage(this.#last, to, reader.topics));
      reader.passMissed();
    }
  }
}
