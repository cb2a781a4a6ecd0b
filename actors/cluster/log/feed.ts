import { assert } from '../../../src/core/assert.ts';
import { limits } from '../../../src/core/limits.ts';
import type { Entry } from '../../../src/core/raft/entry.ts';
import { type LogIndex, logIndex } from '../../../src/core/units.ts';
import type { Ref } from '../../../src/runtime/types.ts';
import type { LogEvent } from './protocol.ts';

/** What the follower is to get next: entries in [from, to], up to `maxBytes`, but at least one. */
export interface FeedRange {
  readonly from: LogIndex;
  readonly to: LogIndex;
  readonly maxBytes: number;
}

/** The window of committed entries that are with the follower (`state`) and that it has not applied yet. */
export class Feed {
  readonly follower: Ref<LogEvent>;
  #sent: LogIndex;
  #applied: LogIndex;
  #bytes = 0;
  #messages: { readonly last: LogIndex; readonly bytes: number }[] = [];

  constructor(follower: Ref<LogEvent>, after: LogIndex) {
    this.follower = follower;
    this.#sent = after;
    this.#applied = after;
  }

  /** Null: nothing to send, or the window is full. */
  next(commit: LogIndex): FeedRange | null {
    const windowEnd = this.#applied + limits.unappliedEntries;
    const to = Math.min(commit, windowEnd, this.#sent + limits.entriesPerAppend);
    const room = limits.unappliedBytes - this.#bytes;
    if (to <= this.#sent || room <= 0) return null;
    return {
      from: logIndex(this.#sent + 1),
      to: logIndex(to),
      maxBytes: Math.min(room, limits.bytesPerAppend),
    };
  }

  sent(entries: readonly Entry[]): void {
    const last = entries.at(-1)?.index;
    assert(last !== undefined && entries[0]?.index === this.#sent + 1, 'the follower gets every entry, in order');
    const bytes = entries.reduce((sum, entry) => sum + entry.payload.length, 0);
    this.#sent = last;
    this.#bytes += bytes;
    this.#messages.push({ last, bytes });
  }

  applied(index: LogIndex): void {
    // A follower that asks again may have got more from the feed before this one.
    this.#sent = logIndex(Math.max(this.#sent, index));
    this.#applied = logIndex(Math.max(this.#applied, index));
    while (this.#messages[0] !== undefined && this.#messages[0].last <= index) {
      this.#bytes -= this.#messages.shift()?.bytes ?? 0;
    }
  }

  check(): void {
    assert(this.#applied <= this.#sent && this.#sent - this.#applied <= limits.unappliedEntries, 'the window holds');
    assert(this.#bytes >= 0, 'bytes in flight are not negative');
  }
}
