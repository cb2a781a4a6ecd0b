import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { assert } from '../../src/core/assert.ts';
import { itemsPerReceipt, itemsPerTurn, itemsUnderWay } from '../mailbox/window.ts';
import type { RawItem, RawReply, RawRequest } from './raw-mailbox.ts';

/** Both ends of the raw baseline: two threads with one port between them, arrays of messages as posts. */
const { role, port }: { readonly role: 'sender' | 'receiver'; readonly port: MessagePort } = workerData;

function receive(): void {
  let expected = 0;
  port.on('message', (items: readonly RawItem[]) => {
    for (const item of items) {
      if (item.type === 'echo') {
        port.postMessage(item.number);
        continue;
      }
      if (item.number === 0) expected = 0;
      assert(item.number === expected, 'items arrive once and in order');
      expected += 1;
      if (expected % itemsPerReceipt === 0) port.postMessage(expected);
    }
  });
}

function flood(count: number, done: () => void): void {
  let sent = 0;
  let received = 0;
  const sendSome = (): void => {
    const items: RawItem[] = [];
    const until = Math.min(count, sent + itemsPerTurn, received + itemsUnderWay);
    for (; sent < until; sent += 1) items.push({ type: 'item', number: sent });
    if (items.length === 0) return;
    port.postMessage(items);
    setImmediate(sendSome);
  };
  port.on('message', (total: number) => {
    received = total;
    if (received < count) return sendSome();
    port.removeAllListeners('message');
    done();
  });
  sendSome();
}

function roundTrips(count: number, done: (latenciesMs: readonly number[]) => void): void {
  const latenciesMs: number[] = [];
  let askedAt = performance.now();
  const ask = (): void => {
    askedAt = performance.now();
    port.postMessage([{ type: 'echo', number: latenciesMs.length }] satisfies RawItem[]);
  };
  port.on('message', (number: number) => {
    assert(number === latenciesMs.length, 'the echo is what was said');
    latenciesMs.push(performance.now() - askedAt);
    if (latenciesMs.length < count) return ask();
    port.removeAllListeners('message');
    done(latenciesMs);
  });
  ask();
}

const answer = (reply: RawReply): void => parentPort?.postMessage(reply);

if (role === 'receiver') receive();
else {
  parentPort?.on('message', ({ type, count }: RawRequest) => {
    if (type === 'flood') flood(count, () => answer([]));
    else roundTrips(count, answer);
  });
}
