import { beforeEach, describe, expect, it } from 'vitest';
import type { EventFilter } from '../../../src/api/events/event-filter.ts';
import { compareIds, type EventId, formatId } from '../../../src/api/events/event-id.ts';
import { limits } from '../../../src/core/limits.ts';
import { jobName } from '../../../src/core/units.ts';
import { ALL, big, deleted, EventHubHarness, idOf, NOW, OTHERS, OUTPUT } from '../../support/event-hub-harness.ts';
import type { FakeSocket, Message } from '../../support/fake-socket.ts';

let told: EventHubHarness;
let socket: FakeSocket;

beforeEach(() => {
  told = new EventHubHarness();
  socket = told.listen(null, ALL);
});

/** What it gets at once, who comes back with what it has. */
function resumed(from: EventId, filter: EventFilter = ALL): Message[] {
  const back = told.listen(from, filter);
  told.pump();
  return back.take();
}

/** So much output that the ring drops its oldest events; gives how many events. */
function flood(): number {
  const count = Math.ceil((limits.outputEventBytesKept * 2) / limits.liveOutputBytes);
  for (let at = 0; at < count; at += 1) told.output(at * limits.liveOutputBytes, 'x'.repeat(limits.liveOutputBytes));
  return count;
}

/** So many changes, of such a size, that the ring of the others drops its oldest events. */
function storm(): void {
  for (let at = 0; at < 20; at += 1) told.change(big(`b${at}`, limits.eventBytesKept / 10));
}

describe('output events', () => {
  it('tell what was written, where, and how much it stands for', () => {
    const others = told.listen();
    told.change(deleted('a'));
    told.output(6, 'é\xff');
    told.output(10, 'x', 'b');
    expect(told.listen(null, OUTPUT).kinds()).toEqual(['listening']);
    expect(socket.take()).toMatchObject([
      { type: 'listening' },
      { id: '11.1', topic: 'job' },
      { id: '11.2', topic: 'output', type: 'chunk', job: 'a', execution: '1-a', node: 'n0', offset: 6, bytes: 4 },
      { id: '11.3', job: 'b', offset: 10, text: 'x' },
    ]);
    expect(others.kinds()).toEqual(['listening', 'job deleted']);
  });

  it('come in one order with all others, whatever id a client resumes from', () => {
    for (let at = 0; at < 20; at += 1) {
      told.output(at, 'x');
      if (at % 3 === 0) told.change(deleted(`a${at}`), deleted(`b${at}`));
      if (at % 4 === 0) told.hub.leadership(null, at % 8 === 0);
      told.output(at, 'y', 'b');
    }
    const [listening, ...all] = socket.take();
    expect(all).toHaveLength(40 + 14 + 5);
    const ids = all.map(idOf);
    expect(ids).toEqual(ids.toSorted(compareIds));
    for (const [at, message] of [listening, ...all].entries()) {
      const [again, ...rest] = resumed(idOf(message));
      expect(again).toEqual({ type: 'listening', id: message?.id });
      expect(rest).toEqual(all.slice(at));
      const isOfB = ({ job, topic }: Message) => topic === 'output' && job === 'b';
      expect(resumed(idOf(message), { ...OUTPUT, job: jobName('b') }).slice(1)).toEqual(all.slice(at).filter(isOfB));
    }
  });

  it('reach who reads slowly later, whole and in order', () => {
    const slow = told.listen(null, ALL);
    slow.pause(2);
    for (let at = 0; at < 10; at += 1) {
      told.output(at, 'x');
      told.change(deleted(`a${at}`));
    }
    expect(slow.messages).toHaveLength(3);
    slow.read();
    told.pump();
    expect(slow.take().slice(1)).toEqual(socket.take().slice(1));
  });

  it('never drop other events: only of output is something missed, and where the client stands stays', () => {
    told.change(deleted('first'));
    const from = idOf(socket.take().at(-1));
    told.change(deleted('second'));
    const count = flood();
    told.change(deleted('third'));
    expect(socket.take()).toHaveLength(count + 2);
    expect(told.hub.keptBytes.output).toBeLessThanOrEqual(limits.outputEventBytesKept);
    const [missed, listening, second, ...rest] = resumed(from);
    expect(missed).toEqual({ type: 'missed', from: formatId(from), to: expect.any(String), topics: ['output'] });
    expect(listening).toEqual({ type: 'listening', id: formatId(from) });
    expect(second).toMatchObject({ type: 'deleted', job: 'second' });
    expect(rest.at(-1)).toMatchObject({ type: 'deleted', job: 'third' });
    const [next] = rest;
    expect([next?.topic, idOf(next).ordinal]).toEqual([
      'output',
      idOf({ ...next, id: `${missed?.to}` } as Message).ordinal + 1,
    ]);
    expect(resumed(from, OTHERS).map(({ type, job }) => [type, job])).toEqual([
      ['listening', undefined],
      ['deleted', 'second'],
      ['deleted', 'third'],
    ]);
    // Who wants nothing else stands behind what it missed.
    expect(resumed(from, OUTPUT).slice(0, 2)).toEqual([
      { type: 'missed', from: formatId(from), to: missed?.to },
      { type: 'listening', id: missed?.to },
    ]);
  });

  it('are not dropped by other events', () => {
    const from = idOf(socket.take()[0]);
    told.output(0, 'kept');
    storm();
    const [missed, listening, output, ...rest] = resumed(from);
    const topics = ['job', 'launch', 'execution', 'leader', 'member'];
    expect(missed).toEqual({ type: 'missed', from: formatId(from), to: expect.any(String), topics });
    expect([listening?.id, output?.text]).toEqual([formatId(from), 'kept']);
    expect(rest.length).toBeGreaterThan(4);
    expect(rest.every(({ topic }) => topic === 'launch')).toBe(true);
    expect(resumed(from, OUTPUT).map(({ type }) => type)).toEqual(['listening', 'chunk']);
  });

  it('and others that are both missed are told as one range, then what only one lost', () => {
    const from = idOf(socket.take()[0]);
    storm();
    flood();
    const [both, output, listening, ...rest] = resumed(from);
    expect(both).toEqual({ type: 'missed', from: formatId(from), to: expect.any(String) });
    expect(output).toEqual({ type: 'missed', from: both?.to, to: expect.any(String), topics: ['output'] });
    expect(listening).toEqual({ type: 'listening', id: both?.to });
    expect(idOf(rest[0]).index).toBe(Number(String(both?.to).split('.')[0]) + 1);
  });

  it('that a slow reader lost are told when it reads again, between the others', () => {
    const slow = told.listen(null, ALL);
    slow.pause();
    told.change(deleted('first'));
    flood();
    told.change(deleted('last'));
    slow.read();
    told.pump();
    const [listening, missed, first, ...rest] = slow.take();
    expect(missed).toEqual({ type: 'missed', from: listening?.id, to: expect.any(String), topics: ['output'] });
    expect([first?.job, rest.at(-1)?.job]).toEqual(['first', 'last']);
  });

  it('keep their order and lose nothing when the server misses changes of the state', () => {
    told.output(0, 'x');
    told.index = 20;
    told.change(deleted('b'));
    told.output(1, 'y');
    const messages = socket.take();
    expect(messages.map(({ type, topics }) => [type, (topics as string[] | undefined)?.length])).toEqual([
      ['listening', undefined],
      ['chunk', undefined],
      ['missed', 5],
      ['deleted', undefined],
      ['chunk', undefined],
    ]);
    expect(resumed(idOf(messages[0])).map(({ text }) => text)).toEqual([undefined, undefined, 'x', undefined, 'y']);
  });

  it('of an earlier life of the server are missed', () => {
    told.output(0, 'x');
    const from = idOf(socket.take().at(-1));
    for (const later of [new EventHubHarness(NOW + 5_000), new EventHubHarness(NOW + 5_000, 11)]) {
      later.listen(null, OUTPUT);
      later.output(1, 'y');
      const back = later.listen(from, OUTPUT);
      later.pump();
      expect(back.take()).toMatchObject([
        { type: 'missed', from: formatId(from) },
        { type: 'listening' },
        { text: 'y' },
      ]);
    }
  });

  it('before a million a second of them, ids of an earlier life with the same index are smaller', () => {
    for (let at = 0; at < 50_000; at += 1) told.output(at, 'x');
    const from = idOf(socket.take().at(-1));
    const later = new EventHubHarness(NOW + 100);
    const back = later.listen(from, OUTPUT);
    const [missed, listening] = back.take();
    expect([missed?.type, compareIds(idOf(listening), from) > 0]).toEqual(['missed', true]);
  });
});

describe('the flow of output', () => {
  const tooLate = limits.outputLingerMs;

  it('begins with the first who listens to it and ends a while after the last', () => {
    const other = told.listen();
    const second = told.listen(null, OUTPUT);
    expect(told.wanted).toEqual([true]);
    socket.leave();
    socket.leave();
    told.advance(tooLate);
    second.leave();
    other.leave();
    told.advance(tooLate - 1);
    expect(told.wanted).toEqual([true]);
    told.advance(1);
    expect(told.wanted).toEqual([true, false]);
    told.output(0, 'nobody hears');
    expect(told.hub.keptBytes.output).toBe(0);
    told.listen(null, OUTPUT);
    expect(told.wanted).toEqual([true, false, true]);
  });

  it('goes on for a client that comes back in time: it finds what was written meanwhile', () => {
    told.output(0, 'a');
    const from = idOf(socket.take().at(-1));
    socket.leave();
    told.output(1, 'b');
    told.advance(tooLate - 1);
    told.output(2, 'c');
    const back = told.listen(from, ALL);
    told.advance(tooLate);
    told.output(3, 'd');
    expect(back.take().map(({ type, text }) => text ?? type)).toEqual(['listening', 'b', 'c', 'd']);
    expect(told.wanted).toEqual([true]);
  });

  it('that ended is missed by who comes back, also with the newest id, but not by who is new', () => {
    told.output(0, 'a');
    const from = idOf(socket.take().at(-1));
    socket.leave();
    told.advance(tooLate);
    expect(told.hub.keptBytes.output).toBe(0);
    const between = idOf(told.listen().take()[0]);
    const back = told.listen(from, OUTPUT);
    expect(back.take()).toMatchObject([{ type: 'missed', from: formatId(from) }, { type: 'listening' }]);
    expect(resumed(between, OUTPUT)).toMatchObject([
      { type: 'missed', from: formatId(between) },
      { type: 'listening' },
    ]);
    expect(resumed(between)[0]).toMatchObject({ type: 'missed', topics: ['output'] });
    expect(told.listen(null, ALL).kinds()).toEqual(['listening']);
    told.output(9, 'b');
    expect(back.take()).toMatchObject([{ text: 'b' }]);
  });

  it('that was interrupted is told as missed to who listens', () => {
    told.output(0, 'a');
    told.hub.outputInterrupted();
    told.output(2, 'c');
    expect(socket.take().map(({ type, text, topics }) => text ?? topics ?? type)).toEqual([
      'listening',
      'a',
      ['output'],
      'c',
    ]);
    socket.leave();
    told.advance(tooLate);
    told.hub.outputInterrupted();
    expect(told.listen(null, OUTPUT).kinds()).toEqual(['listening']);
  });
});

describe('a turn', () => {
  it('is bounded in bytes too: large events of many clients are told in many turns', () => {
    const sockets = Array.from({ length: 400 }, () => told.listen(null, OUTPUT));
    for (const each of sockets) each.pause();
    told.output(0, 'x'.repeat(limits.liveOutputBytes));
    for (const each of sockets) each.read();
    let turns = 1;
    while (told.hub.pump()) turns += 1;
    expect(turns).toBeGreaterThanOrEqual((400 * limits.liveOutputBytes) / 1_024 / limits.eventsPerTurn);
    for (const each of sockets) expect(each.kinds()).toEqual(['listening', 'output chunk']);
  });
});
