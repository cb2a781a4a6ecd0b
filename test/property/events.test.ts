import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { type EventFilter, isWanted, type Topic, topicBits } from '../../src/api/events/event-filter.ts';
import { compareIds, type EventId, parseId } from '../../src/api/events/event-id.ts';
import type * as Limits from '../../src/core/limits.ts';
import { jobName, logIndex, nodeName } from '../../src/core/units.ts';
import { ALL, deleted, EventHubHarness } from '../support/event-hub-harness.ts';
import type { FakeSocket, Message } from '../support/fake-socket.ts';

// So small that each run drops events in each ring, and needs many turns.
vi.mock('../../src/core/limits.ts', async (original) => {
  const { limits } = await original<typeof Limits>();
  const small = {
    eventsKept: 7,
    eventBytesWritten: 300,
    outputEventsKept: 5,
    outputEventBytesKept: 2_000,
    eventsPerVisit: 2,
    eventsPerTurn: 5,
  };
  return { limits: { ...limits, ...small } };
});

interface Missed {
  readonly from: EventId;
  readonly to: EventId;
  readonly topics: readonly string[] | null;
}

const idIn = (text: unknown): EventId => {
  const id = parseId(String(text));
  if (id === null) throw new Error(`no id: ${String(text)}`);
  return id;
};

const isEvent = ({ topic }: Message): boolean => topic !== undefined;
const bitOf = ({ topic }: Message): number => topicBits[topic as Topic];

/** A client that does what docs/api/events.md asks of it. */
class Client {
  readonly filter: EventFilter;
  readonly heard: Message[] = [];
  readonly missed: Missed[] = [];
  readonly #told: EventHubHarness;
  #socket: FakeSocket | null = null;
  /** What it comes back with. */
  #last: EventId | null = null;
  /** Where it began to listen. */
  began: EventId | null = null;

  constructor(told: EventHubHarness, filter: EventFilter) {
    this.#told = told;
    this.filter = filter;
  }

  come(): void {
    this.#socket ??= this.#told.listen(this.#last, this.filter);
    this.take();
  }

  leave(): void {
    this.take();
    this.#socket?.leave();
    this.#socket = null;
  }

  pause(room: number): void {
    this.#socket?.pause(room);
  }

  read(): void {
    this.#socket?.read();
    this.take();
  }

  take(): void {
    for (const message of this.#socket?.take() ?? []) {
      if (isEvent(message)) this.heard.push(message);
      if (message.type !== 'missed' || isEvent(message)) {
        this.#last = idIn(message.id);
        this.began ??= this.#last;
        continue;
      }
      const topics = (message.topics as string[] | undefined) ?? null;
      const to = idIn(message.to);
      this.missed.push({ from: idIn(message.from), to, topics });
      if (topics === null) this.#last = to;
    }
  }

  wasToldMissed(event: Message): boolean {
    const id = idIn(event.id);
    return this.missed.some(
      ({ from, to, topics }) =>
        compareIds(from, id) < 0 && compareIds(id, to) <= 0 && (topics === null || topics.includes(event.topic ?? '')),
    );
  }
}

type Act = (told: EventHubHarness, clients: readonly Client[], at: number) => void;

const names = ['a', 'b', 'c'];
const nameAt = (at: number): string => names[at % names.length] ?? 'a';

const happening: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(1, 50, 900).map(
      (bytes): Act =>
        (told, _, at) =>
          told.output(at, 'x'.repeat(bytes), nameAt(at)),
    ),
  },
  {
    weight: 6,
    arbitrary: fc.nat(3).map(
      (count): Act =>
        (told) =>
          told.change(...names.slice(0, count).map(deleted)),
    ),
  },
  { weight: 2, arbitrary: fc.constant<Act>((told, _, at) => told.hub.leadership(nodeName(`n${at}`), true)) },
  { weight: 1, arbitrary: fc.constant<Act>((told) => told.hub.outputInterrupted()) },
  {
    weight: 1,
    arbitrary: fc.constant<Act>((told) => {
      told.index += 5;
      told.hub.following(logIndex(told.index));
    }),
  },
);
const doing: fc.Arbitrary<Act> = fc.tuple(fc.constantFrom('come', 'leave', 'pause', 'read'), fc.nat(9), fc.nat(3)).map(
  ([what, which, room]): Act =>
    (_, clients) => {
      const client = clients[which % clients.length];
      if (what === 'come') {
        client?.come();
        if (room === 0) client?.pause(0);
      } else if (what === 'leave') client?.leave();
      else if (what === 'pause') client?.pause(room);
      else client?.read();
    },
);

const filter: fc.Arbitrary<EventFilter> = fc.record({
  bits: fc.integer({ min: 1, max: 63 }),
  job: fc.option(fc.constantFrom(...names).map(jobName)),
});

describe('events', () => {
  it('come once each and in order to clients of any filters, over any losses, and what is missed is told', () => {
    let missed = 0;
    let partlyMissed = 0;
    fc.assert(
      fc.property(
        fc.array(filter, { minLength: 2, maxLength: 6 }),
        fc.array(fc.oneof(happening, doing), { minLength: 40, maxLength: 120 }),
        (filters, acts) => {
          const told = new EventHubHarness();
          // It always reads, so it hears all that is told.
          const all = new Client(told, ALL);
          all.come();
          const clients = filters.map((each) => new Client(told, each));
          for (const client of clients) client.come();
          for (const [at, act] of acts.entries()) {
            act(told, clients, at);
            told.pump();
            all.take();
          }
          for (const client of clients) {
            client.come();
            client.read();
            told.pump();
            client.take();
            const ids = client.heard.map(({ id }) => idIn(id));
            expect(ids.every((id, at) => at === 0 || compareIds(ids[at - 1] ?? id, id) < 0)).toBe(true);
            const due = all.heard.filter(
              (event) =>
                client.began !== null &&
                compareIds(idIn(event.id), client.began) > 0 &&
                isWanted(client.filter, bitOf(event), event.job === undefined ? null : jobName(String(event.job))),
            );
            expect(client.heard).toEqual(due.filter((event) => !client.wasToldMissed(event)));
            missed += client.missed.filter(({ topics }) => topics === null).length;
            partlyMissed += client.missed.filter(({ topics }) => topics !== null).length;
          }
        },
      ),
      { numRuns: 300 },
    );
    expect([missed > 100, partlyMissed > 100]).toEqual([true, true]);
  });
});
