import { beforeEach, describe, expect, it, vi } from 'vitest';
import { type ApiConfig, definition } from '../../../actors/edge/api/actor.ts';
import type { ApiCommand } from '../../../actors/edge/api/protocol.ts';
import { exitCodes } from '../../../actors/exit-codes.ts';
import type { HttpAnswer, HttpHandler, HttpServer, ListenOutcome, WebSocketListener } from '../../../src/api/http.ts';
import { AssertionFailed } from '../../../src/core/assert.ts';
import type { Change } from '../../../src/core/jobs/changes.ts';
import type { CommandResult } from '../../../src/core/jobs/commands.ts';
import { limits } from '../../../src/core/limits.ts';
import {
  type ExecutionId,
  epoch,
  executionId,
  jobName,
  logIndex,
  monoMs,
  nodeName,
  stamp,
  term,
} from '../../../src/core/units.ts';
import { decodeEntry, type Entry } from '../../../src/wire/entries.ts';
import { tellChanges } from '../../../src/wire/told-changes.ts';
import { header, testRules, textOf } from '../../support/api-harness.ts';
import { ActorHarness, type MadeAsk } from '../../support/fake-context.ts';
import { FakeSocket } from '../../support/fake-socket.ts';
import { gatheredStream } from '../../support/gathered-stream.ts';
import { StateHarness } from '../../support/state-harness.ts';

/** A server that a test plays the clients of. */
class FakeServer implements HttpServer {
  readonly engine = 'fake';
  readonly handler: HttpHandler;
  listening: ListenOutcome = { ok: true, port: 8080 };
  isClosed = false;
  drained: (() => void) | null = null;

  constructor(handler: HttpHandler) {
    this.handler = handler;
  }

  listen(_host: string, _port: number, done: (outcome: ListenOutcome) => void): void {
    done(this.listening);
  }

  drain(done: () => void): void {
    this.drained = done;
  }

  close(): void {
    this.isClosed = true;
  }
}

const noHeaders = { host: 'localhost:8080', origin: '', accept: '', contentType: '' };

interface Client {
  answer: HttpAnswer | null;
  leave: () => void;
}

const config: ApiConfig = {
  nodeName: nodeName('n0'),
  httpAddress: { host: '127.0.0.1', port: 8080 },
  ui: true,
  version: '0.1.0',
  region: 'global',
  encrypted: false,
};

class Api {
  readonly actor = new ActorHarness<ApiCommand>('api');
  readonly state = new StateHarness();
  server!: FakeServer;
  #applied = 0;

  start(overrides: Partial<ApiConfig> = {}, listening: ListenOutcome = { ok: true, port: 8080 }): void {
    this.actor.start(
      definition,
      { ...config, ...overrides },
      {
        state: () => this.state.reader,
        server: (handler) => {
          this.server = new FakeServer(handler);
          this.server.listening = listening;
          return this.server;
        },
        rules: testRules,
        metrics: { readCounters: () => new Map(), readGauges: () => new Map() },
      },
    );
  }

  /** A request for a WebSocket. */
  upgrade(target: string, upgrade: (listener: WebSocketListener) => void): void {
    this.server.handler.handle({
      request: { method: 'GET', target, headers: noHeaders, body: new Uint8Array() },
      answer: ({ status }) => {
        throw new Error(`answered ${status}`);
      },
      stream: (head) => gatheredStream(head, () => undefined),
      upgrade,
      onAborted: () => undefined,
    });
  }

  lead(): void {
    this.actor.deliver({
      type: 'leadership',
      term: term(1),
      leader: nodeName('n0'),
      isLeader: true,
      barrier: logIndex(0),
    });
    this.actor.deliver({ type: 'following', appliedIndex: logIndex(0) });
  }

  request(method: string, target: string, body = ''): Client {
    const client: Client = { answer: null, leave: () => undefined };
    this.server.handler.handle({
      request: {
        method,
        target,
        headers: noHeaders,
        body: new TextEncoder().encode(body),
      },
      answer: (answer) => {
        client.answer ??= answer;
      },
      stream: (head) =>
        gatheredStream(head, (whole) => {
          client.answer ??= whole;
        }),
      upgrade: null,
      onAborted: (listener) => {
        client.leave = listener;
      },
    });
    return client;
  }

  /** The only proposal made since the last call. */
  proposal(): { readonly sequence: number; readonly entry: Entry } {
    const [proposal, ...others] = this.actor
      .takeMessages<{ type: string; sequence: number; entry: Uint8Array }>()
      .filter(({ type }) => type === 'propose');
    if (proposal === undefined || others.length > 0) throw new Error(`${others.length + 1} proposals`);
    return { sequence: proposal.sequence, entry: decodeEntry(proposal.entry) };
  }

  /** Applies the proposal and tells the actor. */
  apply({ sequence, entry }: ReturnType<Api['proposal']>): CommandResult {
    const result = this.state.apply(entry.command);
    this.#applied += 1;
    this.actor.deliver({
      type: 'proposalApplied',
      epoch: entry.origin.epoch,
      sequence,
      index: logIndex(this.#applied),
      result,
    });
    return result;
  }

  changed(changes: readonly Change[], after = 0, appliedIndex = after): void {
    this.actor.deliver({
      type: 'stateTold',
      after: logIndex(after),
      appliedIndex: logIndex(appliedIndex),
      changes: tellChanges(changes),
      jobs: '[]',
    });
  }

  /** The last ask made. */
  ask(): MadeAsk {
    const ask = this.actor.asks.at(-1);
    if (ask === undefined) throw new Error('nothing was asked');
    return ask;
  }
}

let api: Api;
beforeEach(() => {
  api = new Api();
});

const job = '{"name":"a","schedule":"@manually","executor":"shell"}';
const group = stamp(1_705_314_030_000_000_001n);
const ended: Change = { type: 'launchEnded', job: jobName('a'), group, status: 'success' };

const isProposal = ({ type }: { readonly type: string }): boolean => type === 'propose';

function createJob(): void {
  api.request('POST', '/v1/jobs', job);
  api.apply(api.proposal());
}

describe('starting', () => {
  it('serves when it listens; is ready to serve when it follows the state and knows a leader', () => {
    api.start();
    expect(api.actor.isReady).toBe(true);
    expect(api.request('GET', '/health/ready').answer?.status).toBe(503);
    api.lead();
    expect(api.request('GET', '/health/ready').answer?.status).toBe(200);
  });

  it('subscribes to whoever starts', () => {
    api.start();
    for (const actor of ['log', 'membership', 'state', 'dispatcher']) api.actor.peerStarted(actor);
    expect(api.actor.messages<{ type: string }>().map(({ type }) => type)).toEqual([
      'watchLeadership',
      'watchMembers',
      'watchState',
    ]);
  });

  it.each([
    ['127.0.0.1', false],
    ['localhost', false],
    ['::1', false],
    ['0.0.0.0', true],
    ['', true],
    ['127.0.0.1.example.com', true],
    ['192.168.1.2', true],
  ])('on %j warns: %s', (host, warns) => {
    api.start({ httpAddress: { host, port: 8080 } });
    expect(api.actor.lines.some(({ level }) => level === 'warn')).toBe(warns);
  });

  it('stops the node when the address is taken', () => {
    api.start({}, { ok: false, error: 'in use' });
    expect(api.actor.stoppedNode).toEqual({
      exitCode: exitCodes.httpAddress,
      message: 'cannot serve HTTP on 127.0.0.1:8080: in use',
    });
    expect(api.actor.isReady).toBe(false);
  });
});

describe('writing', () => {
  beforeEach(() => {
    api.start();
    api.lead();
  });

  it('answers a create when the command is applied', () => {
    const client = api.request('POST', '/v1/jobs', job);
    const proposal = api.proposal();
    expect(proposal.entry).toMatchObject({
      origin: { node: 'n0', actor: 'api' },
      command: { type: 'setJob', job: { name: 'a' } },
    });
    expect(client.answer).toBeNull();
    api.apply(proposal);
    expect(client.answer?.status).toBe(201);
    expect(api.request('GET', '/v1/jobs/a').answer?.status).toBe(200);
  });

  it('toggles by an explicit value', () => {
    createJob();
    const client = api.request('POST', '/v1/jobs/a/toggle');
    const proposal = api.proposal();
    expect(proposal.entry.command).toMatchObject({ type: 'setDisabled', disabled: true });
    api.apply(proposal);
    expect(client.answer && textOf(client.answer)).toContain('"disabled":true');
  });

  it.each([
    ['not_leader', 503, 'no_leader'],
    ['overloaded', 503, 'overloaded'],
    ['storage_full', 507, 'storage_full'],
    ['too_large', 413, 'job_too_large'],
  ] as const)('the log’s refusal %s is %i', (reason, status, code) => {
    const client = api.request('POST', '/v1/jobs', job);
    api.actor.deliver({ type: 'proposalRefused', sequence: api.proposal().sequence, reason });
    expect([client.answer?.status, client.answer && header(client.answer, 'Carillon-Error')?.split(';')[0]]).toEqual([
      status,
      code,
    ]);
  });

  it('lets few writes go to the log at once; the others follow, or are refused when they have waited too long', () => {
    const clients = Array.from({ length: limits.writesAtOnceLeast + 2 }, () => api.request('POST', '/v1/jobs', job));
    const proposals = api.actor.takeMessages<{ type: string; sequence: number }>().filter(isProposal);
    expect(proposals).toHaveLength(limits.writesAtOnceLeast);
    const [first] = proposals;
    api.actor.deliver({ type: 'proposalRefused', sequence: first?.sequence ?? 0, reason: 'storage_full' });
    expect(api.actor.takeMessages<{ type: string }>().filter(isProposal)).toHaveLength(1);
    api.actor.advance(limits.writeWaitMs + 1_000);
    const statuses = clients.map(({ answer }) => answer?.status);
    expect([statuses[0], statuses[1], statuses.at(-2), statuses.at(-1)]).toEqual([507, undefined, undefined, 503]);
    const last = clients.at(-1)?.answer;
    expect(last && [header(last, 'Carillon-Error')?.split(';')[0], header(last, 'Retry-After')]).toEqual([
      'overloaded',
      '1',
    ]);
  });

  it('serves no more of what has waited once a turn has taken long', () => {
    createJob();
    // Each look at the clock takes a while: as many requests as are always served, one that is too late, and no new turn.
    const monoNow = vi.spyOn(api.actor.context, 'monoNow');
    let nowMs = api.actor.context.monoNow();
    monoNow.mockImplementation(() => {
      nowMs = monoMs(nowMs + limits.requestTurnMs);
      return nowMs;
    });
    const ask = (): number | undefined => api.request('GET', '/v1/jobs/a').answer?.status;
    const turns = vi.spyOn(api.actor.context, 'enter').mockImplementation((turn) => turn());
    const statuses = Array.from({ length: limits.requestsPerTurn + 1 }, ask);
    expect([statuses.at(0), statuses.at(-2), statuses.at(-1)]).toEqual([200, 200, 503]);
    expect(api.request('GET', '/health').answer?.status).toBe(200);
    turns.mockRestore();
    expect(ask()).toBe(503);
    expect(ask()).toBe(200);
  });

  it('says when the outcome is not known', () => {
    const client = api.request('POST', '/v1/jobs', job);
    api.actor.advance(60_000);
    expect(client.answer?.status).toBe(504);
  });

  it('restores one job after the other', () => {
    const part = '--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n';
    const jobs = '[{"name":"a","schedule":"@manually"},{"name":"b","schedule":"@manually"}]';
    let answer: HttpAnswer | null = null;
    api.server.handler.handle({
      request: {
        method: 'POST',
        target: '/v1/restore',
        headers: { host: '', origin: '', accept: '', contentType: 'multipart/form-data; boundary=b' },
        body: new TextEncoder().encode(`${part}${jobs}\r\n--b--`),
      },
      answer: (given) => {
        answer = given;
      },
      stream: (head) => gatheredStream(head, () => undefined),
      upgrade: null,
      onAborted: () => undefined,
    });
    api.apply(api.proposal());
    api.apply(api.proposal());
    expect(answer).toMatchObject({ status: 200, body: '"[\\"success create a\\",\\"success create b\\"]"' });
  });
});

describe('running', () => {
  beforeEach(() => {
    api.start();
    api.lead();
    createJob();
  });

  it('asks the dispatcher and answers with its reply', () => {
    const client = api.request('POST', '/v1/jobs/a');
    expect([api.ask().to.actor, api.ask().message]).toEqual(['dispatcher', { type: 'run', name: 'a', tags: null }]);
    api.ask().answer({ ok: true, reply: { type: 'launched', group } });
    expect(client.answer?.status).toBe(200);
  });

  it.each([
    [{ ok: true, reply: { type: 'refused', code: 'no_targets', message: '' } }, 404],
    [{ ok: true, reply: { type: 'refused', code: 'not_leader', message: '' } }, 503],
    [{ ok: true, reply: { type: 'refused', code: 'unknown', message: '' } }, 504],
    [{ ok: false, reason: 'timeout' }, 504],
    [{ ok: false, reason: 'dead' }, 504],
    [{ ok: false, reason: 'rejected' }, 503],
  ] as const)('%j: %i', (outcome, status) => {
    const client = api.request('POST', '/v1/jobs/a?wait');
    api.ask().answer(outcome);
    expect(client.answer?.status).toBe(status);
  });

  it('waits for the end, also when it is heard of before the launch is named', () => {
    const late = api.request('POST', '/v1/jobs/a?wait');
    api.ask().answer({ ok: true, reply: { type: 'launched', group } });
    api.changed([{ ...ended, group: stamp(2n) }]);
    expect(late.answer).toBeNull();
    api.changed([ended]);
    expect(late.answer?.status).toBe(200);

    const early = api.request('POST', '/v1/jobs/a?wait');
    api.changed([ended]);
    expect(early.answer).toBeNull();
    api.ask().answer({ ok: true, reply: { type: 'launched', group } });
    expect(early.answer?.status).toBe(200);
  });

  it('ends the wait when the job is deleted, or when news were missed and nothing is open', () => {
    const waiting = [1, 2].map(() => {
      const client = api.request('POST', '/v1/jobs/a?wait');
      api.ask().answer({ ok: true, reply: { type: 'launched', group } });
      return client;
    });
    api.state.run('a');
    api.changed([], 5, 6);
    expect(waiting.map(({ answer }) => answer)).toEqual([null, null]);
    waiting[0]?.leave();
    api.changed([{ type: 'jobDeleted', name: jobName('a') }], 6, 7);
    expect(waiting.map(({ answer }) => answer?.status)).toEqual([undefined, 200]);

    const missed = api.request('POST', '/v1/jobs/a?wait');
    api.ask().answer({ ok: true, reply: { type: 'launched', group } });
    for (const record of api.state.running('a')) api.state.finish(record, 'success');
    api.actor.deliver({ type: 'following', appliedIndex: logIndex(9) });
    expect(missed.answer?.status).toBe(200);
  });

  it('answers a stop when it is committed, and with wait when the end is, whichever is heard of first', () => {
    api.state.setJob('job1');
    api.state.run('job1');
    const [running] = api.state.running('job1');
    if (running === undefined) throw new Error('nothing runs');
    const id = `${running.stamp}-n0` as ExecutionId;
    const path = `/v1/jobs/job1/executions/${id}/stop`;
    const plain = api.request('POST', path);
    api.apply(api.proposal());
    expect([plain.answer?.status, JSON.parse(textOf(plain.answer as HttpAnswer)).stop]).toEqual([202, 'request']);
    const waiting = api.request('POST', `${path}?wait`);
    api.apply(api.proposal());
    const gone = api.request('POST', `${path}?wait`);
    api.apply(api.proposal());
    gone.leave();
    const early = api.request('POST', `${path}?wait`);
    const { sequence, entry } = api.proposal();
    expect([waiting.answer, gone.answer, early.answer]).toEqual([null, null, null]);
    const result = api.state.apply(entry.command);
    api.state.finish(running, 'failed');
    api.changed([
      {
        type: 'executionEnded',
        id,
        job: running.job,
        group: running.group,
        outcome: 'failed',
        hasSurplus: false,
        growsOld: false,
        node: running.node,
        attempt: 1,
        startedAtNs: running.startedAtNs,
        finishedAtNs: running.startedAtNs,
        outputBytes: 0,
      },
    ]);
    expect([waiting.answer?.status, gone.answer, early.answer]).toEqual([200, null, null]);
    const { epoch: life } = entry.origin;
    api.actor.deliver({ type: 'proposalApplied', epoch: life, sequence, index: logIndex(9), result });
    expect(early.answer?.status).toBe(200);
    const late = api.request('POST', path);
    api.apply(api.proposal());
    expect(late.answer?.status).toBe(409);
  });

  it('ends the wait for a stopped execution when its end was missed, or its job is gone', () => {
    api.state.setJob('job1');
    const stopped = [1, 2].map(() => {
      api.state.run('job1');
      const running = api.state.running('job1').at(-1);
      const client = api.request('POST', `/v1/jobs/job1/executions/${running?.stamp}-n0/stop?wait`);
      api.apply(api.proposal());
      return client;
    });
    const [first] = api.state.running('job1');
    if (first !== undefined) api.state.finish(first, 'failed');
    api.changed([], 20, 21);
    expect(stopped.map(({ answer }) => answer?.status)).toEqual([200, undefined]);
    api.state.apply({ type: 'deleteJob', name: jobName('job1') });
    api.changed([{ type: 'jobDeleted', name: jobName('job1') }], 21, 22);
    expect(stopped.map(({ answer }) => answer?.status)).toEqual([200, 404]);
  });

  it('lists what runs, the oldest first', () => {
    const client = api.request('GET', '/v1/busy');
    const busy = (at: bigint) => ({
      id: `${at}-n0`,
      job: 'a',
      node: 'n0',
      group: stamp(at),
      attempt: 1,
      startedAtNs: at,
      latestOutput: new Uint8Array(),
    });
    api.ask().answer({ ok: true, reply: [busy(2n), busy(1n)] });
    expect(client.answer && (JSON.parse(textOf(client.answer)) as { id: string }[]).map(({ id }) => id)).toEqual([
      '1-n0',
      '2-n0',
    ]);
  });
});

describe('the cluster', () => {
  it('is what log and membership said; ids are made anew', () => {
    api.start();
    api.lead();
    api.actor.deliver({
      type: 'members',
      members: [{ name: nodeName('n0'), address: '127.0.0.1', port: 8946, tags: {}, status: 'alive', epoch: epoch(1) }],
    });
    const { answer } = api.request('GET', '/v1/members');
    expect(answer && JSON.parse(textOf(answer))).toMatchObject([
      { Name: 'n0', id: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/), statusText: 'alive' },
    ]);
  });
});

describe('stopping', () => {
  it('waits for open requests, then closes', async () => {
    api.start();
    const stopped = api.actor.stop();
    expect(api.server.isClosed).toBe(false);
    api.server.drained?.();
    await stopped;
    expect(api.server.isClosed).toBe(true);
  });

  it('waits for them no longer than it may', async () => {
    api.start();
    const stopped = api.actor.stop();
    api.actor.advance(2_000);
    await stopped;
    expect(api.server.isClosed).toBe(true);
  });
});

describe('mistakes', () => {
  it('are answered 500, and the API goes on', () => {
    api.start();
    api.state.reader.jobs = () => {
      throw new Error('a mistake');
    };
    const client = api.request('GET', '/v1/jobs');
    expect(client.answer && [client.answer.status, header(client.answer, 'Carillon-Error')]).toEqual([
      500,
      'internal_error; An error in Carillon; the log of this node has it.',
    ]);
    expect(api.actor.lines.at(-1)?.fields.error).toContain('a mistake');
    expect(api.request('GET', '/health').answer?.status).toBe(200);
  });

  it('that break an invariant end the actor, behind the answer', () => {
    api.start();
    api.state.reader.jobs = () => {
      throw new AssertionFailed('an index names a job that is not there');
    };
    expect(() => api.request('GET', '/v1/jobs')).toThrow(AssertionFailed);
    expect(api.actor.counters.get('http_answers_total{class="5xx"}')).toBe(1);
  });
});

describe('outputs', () => {
  let api: Api;
  beforeEach(() => {
    api = new Api();
    api.start();
    api.lead();
    api.state.setJob('job1');
    api.state.launch('job1', 10_000);
  });

  const running = () => {
    const record = api.state.running('job1').at(-1);
    if (record === undefined) throw new Error('nothing runs');
    return { record, id: executionId(record.stamp, record.node) };
  };
  const wishes = (): unknown[] => api.actor.messages<{ type: string }>('dispatcher').map(({ type }) => type);
  const tell = (part: 'live' | 'soFar' | 'last', offset: number, text: string): void => {
    const { record, id } = running();
    const bytes = new TextEncoder().encode(text);
    api.actor.deliver({
      type: 'outputArrived',
      id,
      job: record.job,
      node: record.node,
      part,
      offset,
      chunk: bytes,
      closing: new Uint8Array(0),
    });
  };

  it('are followed, also over a restart of the dispatcher, to the end that is committed', () => {
    const { record, id } = running();
    const client = api.request('GET', `/v1/jobs/job1/executions/${id}/output?follow`);
    expect(wishes()).toEqual(['followOutput']);
    tell('soFar', 0, 'one ');
    api.actor.peerStarted('dispatcher');
    expect(wishes()).toEqual(['followOutput', 'followOutput']);
    tell('live', 8, 'three');
    tell('soFar', 0, 'one two three');
    tell('last', 13, '');
    expect(client.answer).toBeNull();
    api.state.finish(record, 'success', 'one two three');
    api.changed(api.state.changes.slice(-2));
    expect(client.answer === null ? null : textOf(client.answer)).toBe('one two three');
    expect(wishes().at(-1)).toBe('unfollowOutput');
  });

  it('end for who follows when their job is deleted, or the client goes away', () => {
    const { id } = running();
    const client = api.request('GET', `/v1/jobs/job1/executions/${id}/output?follow`);
    const gone = api.request('GET', `/v1/jobs/job1/executions/${id}/output?follow`);
    gone.leave();
    expect(wishes()).not.toContain('unfollowOutput');
    api.state.apply({ type: 'deleteJob', name: jobName('job1') });
    api.changed(api.state.changes.slice(-1));
    expect([client.answer?.status, gone.answer]).toEqual([200, null]);
    expect(wishes().at(-1)).toBe('unfollowOutput');
  });

  it('are asked for as long as somebody listens to their events, and a while longer', () => {
    const sockets: FakeSocket[] = [];
    api.upgrade('/v1/events?topics=output', (listener) => sockets.push(new FakeSocket(listener)));
    expect(api.actor.messages('dispatcher')).toMatchObject([{ type: 'followAllOutput', isWanted: true }]);
    api.actor.peerStarted('dispatcher');
    expect(api.actor.messages('dispatcher')).toHaveLength(2);
    tell('soFar', 0, 'not told');
    tell('live', 0, 'told');
    tell('last', 4, 'x'.repeat(limits.liveOutputBytes + 1));
    expect(sockets[0]?.take().slice(1)).toMatchObject([
      // What was on its way is gone with the dispatcher.
      { type: 'missed' },
      { topic: 'output', offset: 0, text: 'told' },
      { topic: 'output', offset: 5, bytes: limits.liveOutputBytes },
    ]);
    sockets[0]?.leave();
    api.actor.advance(limits.outputLingerMs - 1);
    expect(api.actor.messages('dispatcher')).toHaveLength(2);
    api.actor.advance(1);
    expect(api.actor.messages('dispatcher').at(-1)).toMatchObject({ type: 'followAllOutput', isWanted: false });
  });
});
