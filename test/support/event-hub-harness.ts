import { type EventFilter, topicBits } from '../../src/api/events/event-filter.ts';
import { EventHub } from '../../src/api/events/event-hub.ts';
import { type EventId, parseId } from '../../src/api/events/event-id.ts';
import type { Change } from '../../src/core/jobs/changes.ts';
import { type ExecutionId, jobName, logIndex, nodeName, wallMs } from '../../src/core/units.ts';
import { tellChanges } from '../../src/wire/told-changes.ts';
import { FakeSocket, type Message } from './fake-socket.ts';

export const NOW = Date.UTC(2026, 10, 21, 12);
export const ALL: EventFilter = { bits: 63, job: null };
export const OTHERS: EventFilter = { bits: ALL.bits & ~topicBits.output, job: null };
export const OUTPUT: EventFilter = { bits: topicBits.output, job: null };

export const deleted = (name: string): Change => ({ type: 'jobDeleted', name: jobName(name) });
export const big = (name: string, bytes: number): Change => ({
  type: 'launchNoted',
  note: {
    job: jobName(name),
    kind: 'skipped',
    fromMs: wallMs(NOW),
    toMs: wallMs(NOW),
    count: 1,
    reason: 'x'.repeat(bytes),
  },
});

export const idOf = (message: Message | undefined): EventId => {
  const id = parseId(message?.id ?? '');
  if (id === null) throw new Error('no id');
  return id;
};

/** A hub of events, told what happens by the test. */
export class EventHubHarness {
  nowMs = NOW;
  /** What the hub said of output: whether it wants it. */
  readonly wanted: boolean[] = [];
  readonly hub: EventHub;
  /** Applied so far. */
  index: number;
  readonly #timers = new Set<{ readonly atMs: number; readonly turn: () => void }>();

  constructor(nowMs = NOW, index = 10) {
    this.nowMs = nowMs;
    this.index = index;
    this.hub = new EventHub({
      nowMs: () => wallMs(this.nowMs),
      output: {
        wanted: (isWanted) => this.wanted.push(isWanted),
        after: (delayMs, turn) => {
          const timer = { atMs: this.nowMs + delayMs, turn };
          this.#timers.add(timer);
          return () => this.#timers.delete(timer);
        },
      },
    });
    this.hub.following(logIndex(index));
  }

  listen(from: EventId | null = null, filter = OTHERS): FakeSocket {
    const listener = this.hub.connect(filter, from);
    if (listener === null) throw new Error('too many');
    return new FakeSocket(listener);
  }

  /** One batch of the state. */
  change(...changes: readonly Change[]): void {
    this.hub.changed(logIndex(this.index), logIndex(this.index + 1), tellChanges(changes));
    this.index += 1;
    this.pump();
  }

  output(offset: number, text: string, name = 'a'): void {
    this.hub.output({
      id: `1-${name}` as ExecutionId,
      job: jobName(name),
      node: nodeName('n0'),
      offset,
      chunk: new TextEncoder().encode(text),
    });
    this.pump();
  }

  pump(): void {
    while (this.hub.pump());
  }

  advance(byMs: number): void {
    this.nowMs += byMs;
    for (const timer of [...this.#timers]) {
      if (timer.atMs > this.nowMs || !this.#timers.delete(timer)) continue;
      timer.turn();
    }
  }
}
