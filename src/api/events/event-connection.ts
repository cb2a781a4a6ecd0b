import { limits } from '../../core/limits.ts';
import type { WebSocketPort } from '../http.ts';
import { type EventFilter, isWanted } from './event-filter.ts';
import { compareIds, type EventId, formatId } from './event-id.ts';
import type { EventRing, KeptEvent } from './event-ring.ts';

const encoder = new TextEncoder();

const missedMessage = (from: EventId, to: EventId): Uint8Array =>
  encoder.encode(`{"type":"missed","from":"${formatId(from)}","to":"${formatId(to)}"}`);

/**
 * One client of events. It has no queue: it holds a place in the ring, and goes on from there when its socket has room.
 * What fell out of the ring meanwhile it has missed, and is told so.
 */
export class EventConnection {
  readonly filter: EventFilter;
  readonly #ring: EventRing;
  /** Where it goes on. */
  #place: number;
  /** Everything up to this id was sent, passed over, or told as missed. */
  #last: EventId;
  readonly #strange: EventId | null;
  #socket: WebSocketPort | null = null;

  /** `from`: the last event that the client has; null: what comes from now on, behind `newest`. */
  constructor(filter: EventFilter, ring: EventRing, from: EventId | null, newest: EventId) {
    this.filter = filter;
    this.#ring = ring;
    this.#last = from ?? newest;
    // An id that was not given yet is another server's, or of data that is gone: nothing is known of what came after it.
    this.#strange = from !== null && compareIds(from, newest) > 0 ? from : null;
    if (this.#strange !== null) this.#last = newest;
    // A place before the first: there is something to tell as missed.
    this.#place = from === null ? ring.end : (ring.placeAfter(from) ?? ring.first - 1);
  }

  get isOpen(): boolean {
    return this.#socket !== null;
  }

  get bufferedBytes(): number {
    return this.#socket?.bufferedBytes ?? 0;
  }

  /** Something waits for it, and it can take it. */
  get isReady(): boolean {
    return this.#socket !== null && this.#place < this.#ring.end && !this.#socket.isBehind;
  }

  opened(socket: WebSocketPort): void {
    this.#socket = socket;
    if (this.#strange === null) this.#tellMissed(socket);
    else socket.send(missedMessage(this.#strange, this.#last));
    socket.send(encoder.encode(`{"type":"listening","id":"${formatId(this.#last)}"}`));
  }

  closed(): void {
    this.#socket = null;
  }

  close(status: number, reason: string): void {
    this.#socket?.close(status, reason);
  }

  /** Sends what waits, a bounded number of events, and gives how many of them it looked at. */
  serve(): number {
    const socket = this.#socket;
    if (socket === null) return 0;
    let seen = 1;
    socket.gather(() => {
      this.#tellMissed(socket);
      for (; seen <= limits.eventsPerVisit && this.isReady; seen += 1) {
        const event = this.#ring.at(this.#place);
        if (event === undefined) return;
        this.#place += 1;
        this.#last = event.id;
        if (this.#wants(event)) socket.send(event.message);
      }
    });
    return seen;
  }

  /** An event that is not kept: it goes to whoever has room for it now. */
  offer(event: KeptEvent): void {
    const socket = this.#socket;
    if (socket === null || this.#place < this.#ring.end || socket.isBehind) return;
    this.#last = event.id;
    if (this.#wants(event)) socket.send(event.message);
  }

  #wants(event: KeptEvent): boolean {
    return isWanted(this.filter, event.bit, event.job);
  }

  #tellMissed(socket: WebSocketPort): void {
    const { first, floor } = this.#ring;
    if (this.#place >= first) return;
    socket.send(missedMessage(this.#last, floor));
    this.#place = first;
    this.#last = floor;
  }
}
