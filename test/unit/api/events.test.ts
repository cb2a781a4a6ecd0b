import { beforeEach, describe, expect, it } from 'vitest';
import { readWish, topicBits } from '../../../src/api/events/event-filter.ts';
import { compareIds } from '../../../src/api/events/event-id.ts';
import { Query } from '../../../src/api/query.ts';
import type { ClusterMember } from '../../../src/api/services.ts';
import { limits } from '../../../src/core/limits.ts';
import { jobName, logIndex, nodeName, stamp, wallMs } from '../../../src/core/units.ts';
import { tellChanges } from '../../../src/wire/told-changes.ts';
import { testMember } from '../../support/api-harness.ts';
import { big, deleted, EventHubHarness, idOf, NOW, OTHERS } from '../../support/event-hub-harness.ts';
import type { Message } from '../../support/fake-socket.ts';
import { StateHarness } from '../../support/state-harness.ts';

describe('an event', () => {
  it('tells each change of the state, as docs/api/events.md says', () => {
    const told = new EventHubHarness();
    const state = new StateHarness();
    const socket = told.listen();
    state.setJob('a', { executorConfig: { command: 'true' }, retries: 1 });
    state.setJob('a', { displayname: 'A', retries: 1 });
    state.apply({ type: 'setDisabled', nowMs: state.nowMs, name: jobName('a'), disabled: true, next: null });
    state.apply({ type: 'setDisabled', nowMs: state.nowMs, name: jobName('a'), disabled: false, next: null });
    state.launch('a', 10_000);
    for (const record of state.running('a')) state.finish(record, 'failed', 'no\n');
    state.launch('a', 20_000, []);
    state.run('a', ['n0']);
    state.apply({ type: 'deleteJob', name: jobName('a') });
    told.change(...state.changes);
    expect(socket.kinds()).toEqual([
      'listening',
      'job created',
      'job updated',
      'job disabled',
      'job enabled',
      'launch began',
      'execution started',
      'execution ended',
      'launch waits',
      'launch skipped',
      'launch began',
      'execution started',
      'execution dropped',
      'job deleted',
    ]);
  });

  it('has its keys in the documented order, and ids that grow', () => {
    const told = new EventHubHarness();
    const socket = told.listen();
    const at = wallMs(NOW);
    told.change(
      { type: 'launchBegan', job: jobName('a'), group: stamp(5n), cause: 'manual', scheduledAtMs: at },
      { type: 'launchEnded', job: jobName('a'), group: stamp(5n), status: 'success' },
      deleted('a'),
    );
    told.hub.leadership(nodeName('n0'), true);
    told.hub.leadership(nodeName('n0'), true);
    told.pump();
    const time = '2026-11-21T12:00:00Z';
    expect(socket.take().map((message) => JSON.stringify(message))).toEqual([
      `{"type":"listening","id":"10.${NOW}000"}`,
      `{"id":"11.1","topic":"launch","type":"began","at":"${time}","job":"a","launch":"5","cause":"manual","due":"${time}"}`,
      `{"id":"11.2","topic":"launch","type":"ended","at":"${time}","job":"a","launch":"5","status":"success"}`,
      `{"id":"11.3","topic":"job","type":"deleted","at":"${time}","job":"a"}`,
      `{"id":"11.4","topic":"leader","type":"changed","at":"${time}","leader":"n0","is_leader":true}`,
    ]);
  });

  it('tells of members that come, change, leave and fail', () => {
    const told = new EventHubHarness();
    const socket = told.listen();
    const other: ClusterMember = { ...testMember, name: nodeName('n1') };
    for (const list of [
      [testMember],
      [testMember, other],
      [testMember, { ...other, address: '10.0.0.1' }],
      [testMember, { ...other, status: 'failed' as const }],
      [testMember, other],
      [testMember],
    ]) {
      told.hub.members(list);
      told.hub.members(list);
    }
    told.pump();
    expect(socket.take().map(({ type, member }) => `${type} ${member ?? ''}`)).toEqual([
      'listening ',
      'joined n0',
      'joined n1',
      'changed n1',
      'failed n1',
      'joined n1',
      'left n1',
    ]);
  });
});

describe('events', () => {
  it('are written out for the first client that reads them, and once for all', () => {
    const told = new EventHubHarness();
    const first = told.listen();
    const from = idOf(first.take()[0]);
    first.leave();
    told.change(deleted('a'), deleted('b'));
    const before = told.hub.keptBytes.others;
    const socket = told.listen(from);
    told.pump();
    const messages = socket.take().slice(1);
    const bytes = messages.reduce((sum, message) => sum + JSON.stringify(message).length, 0);
    expect(messages).toHaveLength(2);
    expect(told.hub.keptBytes.others - before).toBe(bytes);
    told.listen(from);
    told.pump();
    expect(told.hub.keptBytes.others - before).toBe(bytes);
  });
});

describe('a filter', () => {
  const wish = (text: string) => readWish(new Query(text));

  it('lets through what it names', () => {
    const told = new EventHubHarness();
    const jobs = told.listen(null, { bits: topicBits.job, job: jobName('a') });
    const leaders = told.listen(null, { bits: topicBits.leader, job: jobName('a') });
    told.hub.leadership(null, false);
    told.hub.leadership(nodeName('n0'), true);
    told.change(deleted('a'), deleted('b'), big('a', 1));
    expect(jobs.take().map(({ type, job }) => [type, job])).toEqual([
      ['listening', undefined],
      ['deleted', 'a'],
    ]);
    expect(leaders.kinds()).toEqual(['listening', 'leader changed']);
  });

  it('is read from the query', () => {
    expect(wish('')).toEqual({ filter: { bits: 63 & ~topicBits.output, job: null }, from: null });
    expect(wish('job=a')).toMatchObject({ filter: { bits: topicBits.job | topicBits.launch | topicBits.execution } });
    expect(wish('job=a&topics=leader,output')).toMatchObject({
      filter: { bits: topicBits.leader | topicBits.output, job: 'a' },
    });
    expect(wish('from=812.3')).toMatchObject({ from: { index: 812, ordinal: 3 } });
  });

  it.each([
    'topics=moon',
    'topics=job,',
    'topics=__proto__',
    'job=A%20b',
    'from=1',
    'from=1.2.3',
    'from=-1.2',
    'from=1.x',
  ])('is refused: %s', (text) => {
    expect(wish(text)).toMatch(/^(?:topics|job|from) must be /);
  });
});

describe('a client that comes back', () => {
  let told: EventHubHarness;
  beforeEach(() => {
    told = new EventHubHarness();
  });

  it('gets exactly what came after the id that it has, whichever that is', () => {
    const socket = told.listen();
    for (let batch = 0; batch < 5; batch += 1) told.change(deleted(`a${batch}`), deleted(`b${batch}`));
    const [listening, ...all] = socket.take();
    for (const [at, message] of [listening, ...all].entries()) {
      const again = told.listen(idOf(message));
      told.pump();
      expect(again.take()).toEqual([{ type: 'listening', id: message?.id }, ...all.slice(at)]);
    }
  });

  it('is told what it missed when that is not kept any more, then gets the rest', () => {
    const first = told.listen();
    told.change(deleted('first'));
    const from = idOf(first.take().at(-1));
    const size = limits.eventBytesKept / 8;
    for (let batch = 0; batch < 10; batch += 1) told.change(big(`a${batch}`, size));
    const again = told.listen(from);
    told.pump();
    const [missed, listening, ...rest] = again.take();
    expect(missed).toMatchObject({ type: 'missed', from: '11.1' });
    expect(listening).toEqual({ type: 'listening', id: missed?.to });
    expect(rest.length).toBeGreaterThan(4);
    expect(rest.length).toBeLessThan(8);
    expect(idOf(rest[0]).index).toBe(Number(String(missed?.to).split('.')[0]) + 1);
    expect(told.hub.keptBytes.others).toBeLessThanOrEqual(limits.eventBytesKept);
  });

  it('has missed what came before a restart of the server, also where nothing was logged meanwhile', () => {
    const before = told.listen();
    told.hub.leadership(nodeName('n0'), true);
    told.pump();
    const from = idOf(before.take().at(-1));
    const later = new EventHubHarness(NOW + 5_000);
    const socket = later.listen(from);
    const [missed, listening] = socket.take();
    expect(missed).toMatchObject({ type: 'missed', from: `10.${NOW * 1_000 + 1}` });
    expect(compareIds(idOf(listening), from)).toBeGreaterThan(0);
  });

  it('and those who stayed are told of changes that the server itself did not hear', () => {
    const stayed = told.listen();
    told.change(deleted('a'));
    told.index = 20;
    told.change(deleted('b'));
    expect(stayed.kinds()).toEqual(['listening', 'job deleted', 'missed', 'job deleted']);
    told.hub.following(logIndex(21));
    told.change(deleted('c'));
    expect(stayed.kinds()).toEqual(['job deleted']);
    told.hub.following(logIndex(30));
    told.index = 30;
    told.change(deleted('d'));
    expect(stayed.kinds()).toEqual(['missed', 'job deleted']);
  });

  it('with an id that was not given yet has missed who knows what', () => {
    told.change(deleted('a'));
    const socket = told.listen({ index: 99, ordinal: 1 });
    told.change(deleted('b'));
    expect(socket.take()).toMatchObject([
      { type: 'missed', from: '99.1', to: '11.1' },
      { type: 'listening', id: '11.1' },
      { type: 'deleted', job: 'b' },
    ]);
  });
});

describe('a slow reader', () => {
  it('holds nobody up, costs no queue, and is told what it missed when it reads again', () => {
    const told = new EventHubHarness();
    const [slow, quick] = [told.listen(), told.listen()];
    slow.pause(3);
    const count = limits.eventsKept + 1_000;
    const heard: Message[] = [];
    for (let batch = 0; batch < count / 100; batch += 1) {
      told.change(...Array.from({ length: 100 }, (_, at) => deleted(`a${batch}x${at}`)));
      heard.push(...quick.take());
    }
    const events = heard.filter(({ type }) => type === 'deleted');
    expect(events).toHaveLength(Math.ceil(count / 100) * 100);
    expect(slow.messages).toHaveLength(4);
    slow.read();
    told.pump();
    const [, , , last, missed, ...rest] = slow.take();
    expect(missed).toMatchObject({ type: 'missed', from: last?.id });
    const next = events.findIndex(({ id }) => id === missed?.to) + 1;
    expect(next).toBeGreaterThan(900);
    expect(rest).toEqual(events.slice(next));
  });

  it('is passed over, and does not keep the others from their turn', () => {
    const told = new EventHubHarness();
    const sockets = Array.from({ length: 300 }, () => told.listen());
    const changes = Array.from({ length: limits.eventsPerVisit * 3 }, (_, at) => deleted(`a${at}`));
    told.hub.changed(logIndex(10), logIndex(11), tellChanges(changes));
    let rounds = 1;
    while (told.hub.pump()) rounds += 1;
    expect(rounds).toBeGreaterThan(4);
    for (const socket of sockets) expect(socket.kinds()).toHaveLength(changes.length + 1);
  });
});

describe('connections', () => {
  it('are bounded, and closed when the server stops', () => {
    const told = new EventHubHarness();
    const sockets = Array.from({ length: limits.eventConnections }, () => told.listen());
    expect(told.hub.connect(OTHERS, null)).toBeNull();
    sockets[0]?.leave();
    sockets[0]?.leave();
    expect(told.listen().closedWith).toBeNull();
    told.hub.closeAll();
    expect(new Set(sockets.slice(1).map(({ closedWith }) => closedWith))).toEqual(new Set([1001]));
    expect(told.hub.connectionCount).toBe(0);
  });
});
