import { compareIds, type EventId } from './event-id.ts';
import type { KeptEvents, WrittenEvent } from './kept-events.ts';

export interface RingBounds {
  readonly events: number;
  readonly bytes: number;
  /** Of messages beyond `bytes`: of events that were written out for who read them last. */
  readonly writtenBytes: number;
}

interface Lot {
  readonly kept: KeptEvents;
  /** Of its first event. */
  readonly place: number;
  /** Null: nobody has read them lately. */
  written: readonly WrittenEvent[] | null;
}

/**
 * The latest events of this server, bounded in number and bytes. Each has a place, counted from 0 and never used twice;
 * who reads holds the place where it goes on. An event is written out when the first client reads it, and kept so for the
 * others while it is among the latest that were.
 */
export class EventRing {
  readonly #bounds: RingBounds;
  /** By number modulo the bound: a lot has at least one event. */
  readonly #lots: (Lot | undefined)[] = [];
  #firstLot = 0;
  #endLot = 0;
  #first = 0;
  #end = 0;
  /** The one read last: most clients read the same. */
  #lastRead: Lot | null = null;
  #bytes = 0;
  /** Those written out, the oldest first, and the bytes of their messages. */
  readonly #written = new Map<Lot, number>();
  #writtenBytes = 0;
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

  /** What is kept, and what of it is written out. */
  get bytes(): number {
    return this.#bytes + this.#writtenBytes;
  }

  append(kept: KeptEvents): void {
    const { events, bytes } = this.#bounds;
    const room = bytes - kept.bytes;
    while (this.#bytes > room && this.#firstLot < this.#endLot) this.#dropLot();
    // A lot that has no event left goes before another takes its place.
    while (this.#end + kept.count - this.#first > events && this.#first < this.#end) this.#dropOldest();
    this.#lots[this.#endLot % events] = { kept, place: this.#end, written: null };
    this.#endLot += 1;
    this.#end += kept.count;
    this.#bytes += kept.bytes;
    while (this.#end - this.#first > events) this.#dropOldest();
  }

  /** Undefined where nothing is any more, or yet. */
  at(place: number): WrittenEvent | undefined {
    if (place < this.#first || place >= this.#end) return undefined;
    const last = this.#lastRead;
    if (last !== null && place >= last.place && place < last.place + last.kept.count) {
      return this.#writtenOf(last)[place - last.place];
    }
    const lot = this.#lotBefore((each) => each.place <= place);
    if (lot === undefined) return undefined;
    this.#lastRead = lot;
    return this.#writtenOf(lot)[place - lot.place];
  }

  /** The place of the first event behind the id; null: some behind it are not here any more. */
  placeAfter(id: EventId): number | null {
    if (compareIds(id, this.#floor) < 0) return null;
    const lot = this.#lotBefore(({ kept }) => compareIds(kept.first, id) <= 0);
    if (lot === undefined) return this.#first;
    const { first, count } = lot.kept;
    const passed = first.index === id.index ? Math.min(count, id.ordinal - first.ordinal + 1) : count;
    return Math.max(this.#first, lot.place + passed);
  }

  /** What came up to this id was not heard, or can't be told from it: whoever reads has missed something. */
  forget(floor: EventId): void {
    this.#lots.fill(undefined);
    this.#firstLot = this.#endLot;
    // One place is left out: who stands at the end is behind now, as everybody else.
    this.#end += 1;
    this.#first = this.#end;
    this.#bytes = 0;
    this.#written.clear();
    this.#writtenBytes = 0;
    this.#lastRead = null;
    this.#floor = floor;
  }

  /** The last lot of which this is true, as of all before it. */
  #lotBefore(isBefore: (lot: Lot) => boolean): Lot | undefined {
    let low = this.#firstLot;
    let high = this.#endLot;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const lot = this.#lots[middle % this.#bounds.events];
      if (lot !== undefined && isBefore(lot)) low = middle + 1;
      else high = middle;
    }
    return low === this.#firstLot ? undefined : this.#lots[(low - 1) % this.#bounds.events];
  }

  #writtenOf(lot: Lot): readonly WrittenEvent[] {
    if (lot.written !== null) return lot.written;
    if (typeof lot.kept.events !== 'function') return lot.kept.events;
    const events = lot.kept.events();
    const bytes = events.reduce((sum, { message }) => sum + message.length, 0);
    for (const oldest of this.#written.keys()) {
      if (this.#writtenBytes + bytes <= this.#bounds.writtenBytes) break;
      this.#unwrite(oldest);
    }
    lot.written = events;
    this.#written.set(lot, bytes);
    this.#writtenBytes += bytes;
    return events;
  }

  #unwrite(lot: Lot): void {
    lot.written = null;
    this.#writtenBytes -= this.#written.get(lot) ?? 0;
    this.#written.delete(lot);
  }

  #dropOldest(): void {
    const lot = this.#lots[this.#firstLot % this.#bounds.events];
    if (lot === undefined) return;
    const { first, count } = lot.kept;
    this.#floor = { index: first.index, ordinal: first.ordinal + this.#first - lot.place };
    this.#first += 1;
    if (this.#first === lot.place + count) this.#forgetLot(lot);
  }

  #dropLot(): void {
    const lot = this.#lots[this.#firstLot % this.#bounds.events];
    if (lot === undefined) return;
    const { first, count } = lot.kept;
    this.#floor = { index: first.index, ordinal: first.ordinal + count - 1 };
    this.#first = lot.place + count;
    this.#forgetLot(lot);
  }

  #forgetLot(lot: Lot): void {
    this.#unwrite(lot);
    if (this.#lastRead === lot) this.#lastRead = null;
    this.#lots[this.#firstLot % this.#bounds.events] = undefined;
    this.#firstLot += 1;
    this.#bytes -= lot.kept.bytes;
  }
}
