/**
 * Where an event stands in what one server told: `<log index>.<ordinal>` on the wire. Ids only grow, also over restarts;
 * another server numbers differently.
 */
export interface EventId {
  readonly index: number;
  readonly ordinal: number;
}

export const compareIds = (a: EventId, b: EventId): number =>
  a.index === b.index ? a.ordinal - b.ordinal : a.index - b.index;

export const formatId = ({ index, ordinal }: EventId): string => `${index}.${ordinal}`;

/** Null: it is none. */
export function parseId(text: string): EventId | null {
  const [, index, ordinal] = /^([0-9]{1,16})\.([0-9]{1,16})$/.exec(text) ?? [];
  const id = { index: Number(index), ordinal: Number(ordinal) };
  return Number.isSafeInteger(id.index) && Number.isSafeInteger(id.ordinal) ? id : null;
}
