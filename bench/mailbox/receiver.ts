import { assert, assertNever } from '../../src/core/assert.ts';
import { type ActorDefinition, localRef } from '../../src/runtime/types.ts';
import type { ReceiverCommand, SenderCommand } from './protocol.ts';
import { itemsPerReceipt } from './window.ts';

const sender = localRef<SenderCommand>('sender');

export const openPorts = (): null => null;

export const definition: ActorDefinition<ReceiverCommand, null, null> = {
  // Room for all that the sender may have under way, so that the bench measures the way and no waiting for credit.
  mailbox: { capacity: 65_536, overflow: { policy: 'credit' } },
  start(context) {
    let expected = 0;
    context.ready();
    return {
      receive(message, reply) {
        switch (message.type) {
          case 'item':
            if (message.number === 0) expected = 0;
            assert(message.number === expected, 'items arrive once and in order');
            expected += 1;
            if (expected % itemsPerReceipt === 0) context.send(sender, { type: 'received', count: expected });
            break;
          case 'echo':
            assert(reply !== null, 'an echo is asked for');
            context.reply(reply, message.number);
            break;
          default:
            assertNever(message);
        }
      },
    };
  },
};
