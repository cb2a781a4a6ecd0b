import type { JobName } from '../../core/units.ts';
import { compareIds, type EventId } from './event-id.ts';

/** One event, encoded once for all clients. */
export interface KeptEvent {
  readonly id: EventId;
  readonly bit: number;
  readonly job: JobName | null;
  readonly message: Uint8Array;
}

export interface RingBounds {
  readonly events: number;
  readonly bytes: number;
}

/**
 * The latest events of this server, bounded in number and bytes. Each has a place, counted from 0 and never used twice;
 * who reads holds the place where it goes on.
 */
export class EventRing {
  readonly #bounds: RingBounds;
  /** By place modulo the bound. */
  readonly #slots: (KeptEvent | undefined)[] = [];
  #first = 0;
  #end = 0;
  #bytes = 0;
  /** Everything up to this id is not here any more. */
  #floor: EventId;

  constructor(floor: EventId, bounds: RingBounds) {
    this.#floor = floor;
    this.#bounds = bounds;
  }

  /** Place of the oldest event that is here, and the one behind the newest. */
  get first(): number {
    return this.#first;
  }

  get end(): number {
    return this.#end;
  }

  get floor(): EventId {
    return this.#floor;
  }

  get bytes(): number {
    return this.#bytes;
  }

  append(event: KeptEvent): void {
    const { events, bytes } = this.#bounds;
    const room = bytes - event.message.length;
    while (this.#end - this.#first >= events || (this.#bytes > room && this.#first < this.#end)) {
      this.#dropOldest();
    }
    this.#slots[this.#end % events] = event;
    this.#end += 1;
    this.#bytes += event.message.length;
  }

  /** Undefined where nothing is any more, or yet. */
  at(place: number): KeptEvent | undefined {
    return place >= this.#first && place < this.#end ? this.#slots[place % this.#bounds.events] : undefined;
  }

  /** The place of the first event behind the id; null: some behind it are not here any more. */
  placeAfter(id: EventId): number | null {
    if (compareIds(id, this.#floor) < 0) return null;
    let low = this.#first;
    let high = this.#end;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const event = this.at(middle);
      if (event !== undefined && compareIds(event.id, id) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** What came up to this id was not heard, or can't be told from it: whoever reads has missed something. */
  forget(floor: EventId): void {
    this.#slots.fill(undefined);
    // One place is left out: who stands at the end is behind now, as everybody else.
    this.#end += 1;
    this.#first = this.#end;
    this.#bytes = 0;
    this.#floor = floor;
  }

  #dropOldest(): void {
    const place = this.#first % this.#bounds.events;
    const oldest = this.#slots[place];
    if (oldest === undefined) return;
    this.#slots[place] = undefined;
    this.#first += 1;
    this.#bytes -= oldest.message.length;
    this.#floor = oldest.id;
  }
}
