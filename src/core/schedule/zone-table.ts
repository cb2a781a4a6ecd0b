import { assert } from '../assert.ts';
import { limits } from '../limits.ts';

/** UTC offset of a zone in seconds, east positive, at an instant given in seconds since 1970. */
export type OffsetProbe = (utcSeconds: number) => number;

/** Chunks are cut at multiples of this: about 8.5 years. */
const CHUNK_SECONDS = 2 ** 28;
/** No offset in the zone database since 1970 lasted less than 7 days; looking every 3 finds each change. */
const SAMPLE_SECONDS = 3 * 86_400;

/** Periods of constant offset within one chunk: `offsets[i]` holds from `starts[i]` to before `starts[i + 1]`. */
interface Chunk {
  readonly end: number;
  readonly starts: readonly number[];
  readonly offsets: readonly number[];
}

/**
 * The offsets of one time zone as a table, filled from `probe` where somebody asks: instants near and far are right,
 * and a lookup costs nanoseconds. `start`, `end` and `offset` describe the period found last: a window in which
 * the offset is constant (it may be shorter than the zone's own period, since tables are made piecewise).
 */
export class ZoneTable {
  readonly name: string;
  readonly #probe: OffsetProbe;
  readonly #chunks = new Map<number, Chunk>();
  start = 0;
  end = 0;
  offset = 0;

  constructor(name: string, probe: OffsetProbe) {
    this.name = name;
    this.#probe = probe;
  }

  /** A zone without changes. */
  static fixed(name: string, offset: number): ZoneTable {
    const table = new ZoneTable(name, () => offset);
    table.start = Number.NEGATIVE_INFINITY;
    table.end = Number.POSITIVE_INFINITY;
    table.offset = offset;
    return table;
  }

  offsetAt(utcSeconds: number): number {
    this.seek(utcSeconds);
    return this.offset;
  }

  /** Makes `start`, `end` and `offset` those of the period that contains the instant. */
  seek(utcSeconds: number): void {
    if (utcSeconds >= this.start && utcSeconds < this.end) return;
    assert(Number.isSafeInteger(utcSeconds), `an instant in whole seconds, not ${utcSeconds}`);
    const chunk = this.#chunk(Math.floor(utcSeconds / CHUNK_SECONDS));
    let low = 0;
    let high = chunk.starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((chunk.starts[middle] ?? 0) <= utcSeconds) low = middle;
      else high = middle;
    }
    this.start = chunk.starts[low] ?? 0;
    this.end = chunk.starts[low + 1] ?? chunk.end;
    this.offset = chunk.offsets[low] ?? 0;
  }

  #chunk(index: number): Chunk {
    const known = this.#chunks.get(index);
    if (known !== undefined) return known;
    for (const oldest of this.#chunks.keys()) {
      if (this.#chunks.size < limits.zoneChunks) break;
      this.#chunks.delete(oldest);
    }
    const chunk = probeChunk(this.#probe, index * CHUNK_SECONDS);
    this.#chunks.set(index, chunk);
    return chunk;
  }
}

function probeChunk(probe: OffsetProbe, start: number): Chunk {
  const end = start + CHUNK_SECONDS;
  let offset = probe(start);
  const starts = [start];
  const offsets = [offset];
  for (let from = start; from < end; from += SAMPLE_SECONDS) {
    const to = Math.min(from + SAMPLE_SECONDS, end - 1);
    const after = probe(to);
    if (after === offset) continue;
    starts.push(firstWithOther(probe, from, to, offset));
    offsets.push(after);
    offset = after;
  }
  return { end, starts, offsets };
}

/** The first second in (from, to] whose offset isn't `offset`, when there is one change in between. */
function firstWithOther(probe: OffsetProbe, from: number, to: number, offset: number): number {
  let low = from;
  let high = to;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (probe(middle) === offset) low = middle;
    else high = middle;
  }
  return high;
}

/** `error` is Go's sentence: `unknown time zone <name>` or `time: invalid location name`. */
export type ZoneLookup =
  | { readonly ok: true; readonly zone: ZoneTable }
  | { readonly ok: false; readonly error: string };

/** Where zones come from. Names are case-sensitive; '' and `Local` are the zone of the server. */
export interface ZoneSource {
  find(name: string): ZoneLookup;
}

/** Whether a job's `timezone` names a zone; else the sentence that says no. */
export function checkTimezone(zones: ZoneSource, name: string): string | null {
  const found = zones.find(name);
  return found.ok ? null : found.error;
}
