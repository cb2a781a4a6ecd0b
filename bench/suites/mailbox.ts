import { join } from 'node:path';
import { type RunningNode, startNode } from '../../src/runtime/threads/node.ts';
import { localRef, type Replies } from '../../src/runtime/types.ts';
import { RawMailbox } from '../baselines/raw-mailbox.ts';
import type { Effort } from '../frame/effort.ts';
import type { Scope } from '../frame/scope.ts';
import type { Case, Suite } from '../frame/suite.ts';
import type { SenderCommand } from '../mailbox/protocol.ts';
import { itemsPerReceipt } from '../mailbox/window.ts';
import { timed, withProcessorTime } from '../support/timed.ts';

const askMs = 60_000;

export const mailboxSuite: Suite = {
  name: 'mailbox',
  about: 'messages between two actors on threads, against two threads with a bare port between them',
  async open(scope, effort) {
    const node = startActors(scope);
    const raw = new RawMailbox(scope);
    return [flood(node, raw, effort), roundTrips(node, raw, effort)];
  },
};

function flood(node: RunningNode, raw: RawMailbox, effort: Effort): Case {
  const count = itemsPerReceipt * effort.amount(240, 4);
  return {
    type: 'case',
    name: 'one way',
    unit: 'messages',
    ours: {
      name: 'actors',
      run: () =>
        withProcessorTime(() => timed(count, async () => void (await ask<null>(node, { type: 'flood', count })))),
    },
    baselines: [
      {
        name: 'postMessage of arrays',
        run: () => withProcessorTime(() => timed(count, async () => void (await raw.ask({ type: 'flood', count })))),
      },
    ],
  };
}

function roundTrips(node: RunningNode, raw: RawMailbox, effort: Effort): Case {
  const count = effort.amount(10_000, 200);
  const sampleOf = (latenciesMs: readonly number[]) => ({
    operations: latenciesMs.length,
    elapsedMs: latenciesMs.reduce((sum, latency) => sum + latency, 0),
    latenciesMs,
  });
  return {
    type: 'case',
    name: 'there and back, one at a time',
    unit: 'round trips',
    ours: {
      name: 'ask',
      run: () =>
        withProcessorTime(async () => sampleOf(await ask<readonly number[]>(node, { type: 'roundTrips', count }))),
    },
    baselines: [
      {
        name: 'postMessage',
        run: () => withProcessorTime(async () => sampleOf(await raw.ask({ type: 'roundTrips', count }))),
      },
    ],
  };
}

async function ask<Reply>(node: RunningNode, command: SenderCommand & Replies<Reply>): Promise<Reply> {
  const outcome = await node.ask<SenderCommand, Reply>(localRef<SenderCommand>('sender'), command, askMs);
  if (!outcome.ok) throw new Error(`the sending actor did not answer: ${outcome.reason}`);
  return outcome.reply;
}

function startActors(scope: Scope): RunningNode {
  const row = { group: 'bench', config: null, shutdownMs: 5_000 };
  const node = startNode({
    name: 'bench',
    placement: 'threads',
    log: { level: 'warn', destination: join(scope.makeDirectory(), 'log') },
    table: {
      groups: [
        {
          id: 'bench',
          strategy: 'one_for_one',
          intensity: { restarts: 0, withinMs: 1_000 },
          backoff: { firstMs: 0, maxMs: 0 },
        },
      ],
      children: [
        { ...row, id: 'receiver', module: new URL('../mailbox/receiver.js', import.meta.url) },
        { ...row, id: 'sender', module: new URL('../mailbox/sender.js', import.meta.url) },
      ],
    },
  });
  scope.defer(async () => {
    node.stop(0);
    await node.ended;
  });
  return node;
}
