import type { JobName, WallMs } from '../../core/units.ts';
import { readChanges, type ToldChanges } from '../../wire/told-changes.ts';
import { topicBits } from './event-filter.ts';
import type { EventId } from './event-id.ts';
import { changeEvent, messageOf, type ToldEvent, timeOfMs } from './event-texts.ts';

/** One event as clients get it. */
export interface WrittenEvent {
  readonly id: EventId;
  readonly bit: number;
  readonly job: JobName | null;
  readonly message: Uint8Array;
}

/** Events that came together, with ids that follow one another. */
export interface KeptEvents {
  readonly first: EventId;
  readonly count: number;
  /** What they take while they are kept. */
  readonly bytes: number;
  /** A function: writes them out, when somebody wants to read them. */
  readonly events: readonly WrittenEvent[] | (() => readonly WrittenEvent[]);
}

export function writtenEvent(id: EventId, told: ToldEvent, at: WallMs): WrittenEvent {
  const { topic, job } = told;
  return { id, bit: topicBits[topic], job, message: messageOf(id, told, timeOfMs(at)) };
}

/** One that is written out already. */
export const keptEvent = (event: WrittenEvent): KeptEvents => ({
  first: event.id,
  count: 1,
  bytes: event.message.length,
  events: [event],
});

/** What is kept beside the text. */
const FRAME_BYTES = 128;

/** Changes, kept as they came: most are never asked for. They are written out when somebody reads them. */
export function keptChanges(first: EventId, changes: ToldChanges, at: WallMs): KeptEvents {
  const { index, ordinal } = first;
  const { count, text } = changes;
  return {
    first,
    count,
    bytes: FRAME_BYTES + sizeOf(text),
    events: () =>
      readChanges(changes).map((change, offset) =>
        writtenEvent({ index, ordinal: ordinal + offset }, changeEvent(change), at),
      ),
  };
}

/** One character that is not in Latin-1 makes all of them take two bytes. */
const sizeOf = (text: string): number => (Buffer.byteLength(text) === text.length ? 1 : 2) * text.length;
