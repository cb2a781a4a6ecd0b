import { topicBits } from '../../../src/api/events/event-filter.ts';
import { compareIds, type EventId, formatId, parseId } from '../../../src/api/events/event-id.ts';
import { assert } from '../../../src/core/assert.ts';
import type { Prng } from '../../../src/core/prng.ts';
import type { OneNode } from './one-node.ts';
import type { SimulatedSocket } from './simulated-socket.ts';
import type { Tally } from './tally.ts';

/** Ordinals beyond belong to the first index of a life of the api: they begin with a clock. */
const FIRST_OF_LIFE = 1_000_000;

/** All of them: the ids of what is left out would look like a gap. */
const TOPICS = Object.keys(topicBits).join(',');

/**
 * Listens to the events of a node, output too, loses its connection, reads slowly, and comes back with the last id that it has.
 * Events come once each, in order, and without a gap that was not told.
 */
export class EventListener {
  readonly #random: Prng;
  readonly #under: OneNode;
  readonly #tally: Tally;
  #socket: SimulatedSocket | null = null;
  #isConnecting = false;
  /** What comes next comes behind this; null: nothing is known yet. */
  #last: EventId | null = null;
  /** Up to here some topics may be missing; null: none. */
  #partlyMissedTo: EventId | null = null;
  #connection = 0;

  constructor(random: Prng, under: OneNode, tally: Tally) {
    this.#random = random;
    this.#under = under;
    this.#tally = tally;
  }

  /** Does something with its connection, now and then. */
  disturb(): void {
    const choice = this.#random.below(8);
    if (this.#socket === null) this.#connect();
    else if (choice === 0) this.#leave(this.#socket);
    else if (choice === 1) this.#socket.reads(false);
    else if (choice < 4) this.#readOn(this.#socket);
  }

  #leave(socket: SimulatedSocket): void {
    this.#tally.count('event listener gone away');
    socket.end();
  }

  #readOn(socket: SimulatedSocket): void {
    if (socket.isBehind) this.#tally.count('event listener slower than the events');
    socket.reads(true);
  }

  #connect(): void {
    if (this.#isConnecting) return;
    this.#connection += 1;
    const connection = this.#connection;
    const from = this.#last === null ? '' : `&from=${formatId(this.#last)}`;
    this.#isConnecting = true;
    const ended = (): void => {
      if (connection !== this.#connection) return;
      this.#socket = null;
      this.#isConnecting = false;
    };
    this.#under.http.connect(`/v1/events?topics=${TOPICS}${from}`, {
      opened: (socket) => {
        this.#socket = socket;
        this.#isConnecting = false;
      },
      message: (text) => this.#heard(JSON.parse(text)),
      closed: ended,
    });
  }

  #heard(message: {
    readonly id?: string;
    readonly type: string;
    readonly to?: string;
    readonly topic?: string;
    readonly topics?: readonly string[];
  }): void {
    // A launch may be missed too: that is an event.
    const isMissed = message.topic === undefined && message.type === 'missed';
    const id = parseId((isMissed ? message.to : message.id) ?? '');
    assert(id !== null, 'every message has an id');
    if (isMissed) {
      const isOutput = message.topics?.includes('output') === true;
      this.#tally.count(isOutput ? 'output told as missed' : 'events told as missed');
      if (message.topics !== undefined) {
        this.#partlyMissedTo = id;
        return;
      }
    } else if (message.topic === undefined) this.#listening(id);
    else this.#event(id, message.topic);
    this.#last = id;
  }

  #listening(id: EventId): void {
    assert(
      this.#last === null || compareIds(id, this.#last) === 0,
      `listens behind ${formatId(id)}, not where it left`,
    );
  }

  #event(id: EventId, topic: string): void {
    const last = this.#last;
    assert(last !== null, 'events come behind the place where listening began');
    const text = `${formatId(id)} behind ${formatId(last)}`;
    assert(compareIds(id, last) > 0, `event ${text}: twice, or in disorder`);
    const isNext = id.index === last.index ? id.ordinal === last.ordinal + 1 : id.ordinal === 1;
    const isTold = this.#partlyMissedTo !== null && compareIds(last, this.#partlyMissedTo) <= 0;
    assert(isNext || isTold || id.ordinal > FIRST_OF_LIFE, `event ${text}: some are missing`);
    this.#tally.count(topic === 'output' ? 'output event heard' : 'event heard');
  }
}
