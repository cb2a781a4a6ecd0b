import { describe, expect, it } from 'vitest';
import { limits } from '../../../src/core/limits.ts';
import type { Batch, Envelope } from '../../../src/runtime/envelope.ts';
import { Link } from '../../../src/runtime/link.ts';

const envelope = (to: string, body: unknown): Envelope => ({ to, from: 'me', fromNode: null, body });

function connected() {
  const link = new Link('peer');
  const posted: Batch[] = [];
  link.connect((batch) => posted.push(batch));
  return { link, posted, bodies: () => posted.splice(0).flatMap(({ envelopes }) => envelopes.map(({ body }) => body)) };
}

describe('a link', () => {
  it('holds messages until the actor has opened, and then posts no more than its window', () => {
    const { link, bodies } = connected();
    for (let body = 0; body < 5; body += 1) link.push(envelope('a', body));
    link.flush();
    expect(bodies()).toEqual([]);
    link.granted({ type: 'open', actor: 'a', credits: 3 });
    link.flush();
    expect(bodies()).toEqual([0, 1, 2]);
    link.flush();
    expect(bodies()).toEqual([]);
    link.granted({ type: 'grant', actor: 'a', credits: 1 });
    link.flush();
    expect(bodies()).toEqual([3]);
    link.check();
  });

  it('never counts more credits than the window', () => {
    const { link, bodies } = connected();
    link.granted({ type: 'open', actor: 'a', credits: 2 });
    link.granted({ type: 'grant', actor: 'a', credits: 9 });
    for (let body = 0; body < 5; body += 1) link.push(envelope('a', body));
    link.flush();
    expect(bodies()).toEqual([0, 1]);
  });

  it('does not let one actor of the peer hold up another', () => {
    const { link, bodies } = connected();
    link.granted({ type: 'open', actor: 'b', credits: 1 });
    link.push(envelope('a', 'waits'));
    link.push(envelope('b', 'goes'));
    link.flush();
    expect(bodies()).toEqual(['goes']);
  });

  it('posts batches of limited size', () => {
    const { link, posted } = connected();
    link.granted({ type: 'open', actor: 'a', credits: 10_000 });
    for (let body = 0; body < 2 * limits.messagesPerBatch + 1; body += 1) link.push(envelope('a', body));
    link.flush();
    expect(posted.map(({ envelopes }) => envelopes.length)).toEqual([
      limits.messagesPerBatch,
      limits.messagesPerBatch,
      1,
    ]);
  });

  it('refuses what does not fit into the outbox', () => {
    const { link } = connected();
    for (let count = 0; count < limits.outboxMessages; count += 1) expect(link.push(envelope('a', count))).toBe(true);
    expect(link.push(envelope('a', 'too much'))).toBe(false);
    expect(link.push(envelope('b', 'another lane'))).toBe(true);
  });

  it('grants back what was consumed when it is a quarter of the window, or when it posts anyway', () => {
    const { link, posted } = connected();
    link.open('mine', 8);
    link.flush();
    expect(posted.splice(0)).toEqual([{ notices: [{ type: 'open', actor: 'mine', credits: 8 }], envelopes: [] }]);
    link.consumed('mine');
    link.flush();
    expect(posted).toEqual([]);
    link.consumed('mine');
    link.flush();
    expect(posted.splice(0)).toEqual([{ notices: [{ type: 'grant', actor: 'mine', credits: 2 }], envelopes: [] }]);
    link.consumed('mine');
    link.granted({ type: 'open', actor: 'a', credits: 1 });
    link.push(envelope('a', 'company'));
    link.flush();
    expect(posted[0]?.notices).toEqual([{ type: 'grant', actor: 'mine', credits: 1 }]);
  });

  it('gives up what waits when the peer dies, and holds what comes later for its next life', () => {
    const { link, bodies } = connected();
    link.push(envelope('a', 'lost'));
    expect(link.disconnect().map(({ body }) => body)).toEqual(['lost']);
    link.push(envelope('a', 'kept'));
    const posted: Batch[] = [];
    link.connect((batch) => posted.push(batch));
    link.granted({ type: 'open', actor: 'a', credits: 1 });
    link.flush();
    expect(posted[0]?.envelopes).toMatchObject([{ body: 'kept' }]);
    expect(bodies()).toEqual([]);
  });
});
