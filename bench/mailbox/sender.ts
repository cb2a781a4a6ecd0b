import { assert, assertNever } from '../../src/core/assert.ts';
import { type Actor, type ActorDefinition, type Context, localRef, type ReplyToken } from '../../src/runtime/types.ts';
import type { ReceiverCommand, SenderCommand } from './protocol.ts';
import { itemsPerTurn, itemsUnderWay } from './window.ts';

const receiver = localRef<ReceiverCommand>('receiver');
const askMs = 10_000;

export const openPorts = (): null => null;

export const definition: ActorDefinition<SenderCommand, null, null> = {
  mailbox: { capacity: 1024, overflow: { policy: 'credit' } },
  start(context) {
    context.ready();
    return new Sender(context);
  },
};

class Sender implements Actor<SenderCommand> {
  readonly #context: Context<SenderCommand>;
  #asker: ReplyToken | null = null;
  #end = 0;
  #sent = 0;
  #received = 0;
  #willSend = false;

  constructor(context: Context<SenderCommand>) {
    this.#context = context;
  }

  receive(message: SenderCommand, reply: ReplyToken | null): void {
    switch (message.type) {
      case 'flood':
        this.#asker = reply;
        this.#end = message.count;
        this.#sent = 0;
        this.#received = 0;
        this.#sendSome();
        break;
      case 'received':
        this.#received = message.count;
        if (this.#received === this.#end) this.#answer(null);
        else if (!this.#willSend) this.#sendSome();
        break;
      case 'roundTrips':
        this.#asker = reply;
        this.#ask(0, message.count, []);
        break;
      default:
        assertNever(message);
    }
  }

  #sendSome(): void {
    const until = Math.min(this.#end, this.#sent + itemsPerTurn, this.#received + itemsUnderWay);
    for (; this.#sent < until; this.#sent += 1) this.#context.send(receiver, { type: 'item', number: this.#sent });
    this.#willSend = this.#sent < Math.min(this.#end, this.#received + itemsUnderWay);
    if (this.#willSend) this.#context.enter(() => this.#sendSome());
  }

  #ask(number: number, count: number, latenciesMs: number[]): void {
    if (number === count) {
      this.#answer(latenciesMs);
      return;
    }
    const askedAt = performance.now();
    this.#context.ask(receiver, { type: 'echo', number }, askMs, (outcome) => {
      assert(outcome.ok && outcome.reply === number, 'the echo is what was said');
      latenciesMs.push(performance.now() - askedAt);
      this.#ask(number + 1, count, latenciesMs);
    });
  }

  #answer(reply: readonly number[] | null): void {
    assert(this.#asker !== null, 'somebody asked');
    this.#context.reply(this.#asker, reply);
    this.#asker = null;
  }
}
