import { compareIds, type EventId } from './event-id.ts';
import type { EventRing } from './event-ring.ts';
import type { WrittenEvent } from './kept-events.ts';

/** Where one client stands in one ring. */
export class RingReader {
  /** What it reads there. */
  readonly topics: readonly string[];
  readonly #ring: EventRing;
  /** Where it goes on. */
  #place: number;

  /** `after`: the last event that the client has; null: it goes on behind the newest. */
  constructor(ring: EventRing, topics: readonly string[], after: EventId | null) {
    this.topics = topics;
    this.#ring = ring;
    // A place before the first: there is something to tell as missed.
    this.#place = after === null ? ring.end : (ring.placeAfter(after) ?? ring.first - 1);
  }

  get hasMore(): boolean {
    return this.#place < this.#ring.end;
  }

  /** The next one; undefined: none yet, or it was missed. */
  get next(): WrittenEvent | undefined {
    return this.#ring.at(this.#place);
  }

  advance(): void {
    this.#place += 1;
  }

  /** Something that it had not read is gone. */
  get isBehind(): boolean {
    return this.#place < this.#ring.first;
  }

  /** Everything up to this id is gone, and some of it was not read; null: nothing was missed. */
  get missedTo(): EventId | null {
    return this.isBehind ? this.#ring.floor : null;
  }

  /** Goes on behind what was missed. */
  passMissed(): void {
    this.#place = this.#ring.first;
  }
}

/** The one whose next event comes first. Ids are given in one order over all rings, each to one event. */
export function earliest(readers: readonly RingReader[]): RingReader | null {
  let first: RingReader | null = null;
  let firstId: EventId | null = null;
  for (const reader of readers) {
    const id = reader.next?.id;
    if (id === undefined || (firstId !== null && compareIds(id, firstId) > 0)) continue;
    first = reader;
    firstId = id;
  }
  return first;
}
