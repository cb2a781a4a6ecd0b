import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WebSocketPort } from '../../../src/api/http.ts';
import type { Terminal } from '../../../src/cli/types.ts';
import { noTerminal } from '../../support/cli.ts';
import { HttpApi } from '../../support/http-api.ts';

type Message = Readonly<Record<string, unknown>>;

let api: HttpApi;
/** Queries of the connections, in their order. */
let queries: string[];
/** What a connection gets; the last one ends with Ctrl-C. */
let connections: readonly (readonly Message[])[];
let refusal: readonly [status: number, error: string] | null;
let terminal: Terminal;

beforeEach(async () => {
  api = await HttpApi.start();
  queries = [];
  refusal = null;
  let interrupt: () => void = () => undefined;
  terminal = {
    ...noTerminal,
    onInterrupt: (listener) => {
      interrupt = listener;
      return () => undefined;
    },
  };
  api.harness.api.handle = ({ request, upgrade, answer }) => {
    if (refusal !== null || upgrade === null) {
      const [status, error] = refusal ?? [426, 'upgrade_required; ask for a WebSocket'];
      answer({ status, headers: [['Carillon-Error', error]], body: '{}' });
      return;
    }
    queries.push(request.target.split('?')[1] ?? '');
    const messages = connections[queries.length - 1];
    upgrade({
      opened: (socket) => (messages === undefined ? interrupt() : sendAll(socket, messages)),
      drained: () => undefined,
      closed: () => undefined,
    });
  };
});
afterEach(() => api.close());

function sendAll(socket: WebSocketPort, messages: readonly Message[]): void {
  for (const message of messages) socket.send(new TextEncoder().encode(JSON.stringify(message)));
  socket.close(1001, 'going away');
}

const at = '2026-11-21T12:30:00.0171Z';
const listening = { type: 'listening', id: '7.0' };
const ended = {
  id: '8.4',
  topic: 'execution',
  type: 'ended',
  at,
  job: 'nightly',
  execution: '17-n0',
  attempt: 2,
  outcome: 'failed',
  started_at: '2026-11-21T12:30:00Z',
  finished_at: '2026-11-21T12:30:00.011Z',
};

describe('carillon events', () => {
  it('is a line for each event', async () => {
    connections = [
      [
        listening,
        { id: '8.0', topic: 'job', type: 'created', at, job: 'nightly' },
        {
          id: '8.1',
          topic: 'launch',
          type: 'began',
          at: '2026-11-21T12:30:00Z',
          job: 'nightly',
          cause: 'manual',
          due: at,
        },
        { id: '8.2', topic: 'launch', type: 'skipped', at, job: 'x', from: at, to: at, count: 3, reason: 'no node' },
        { id: '8.3', topic: 'output', type: 'chunk', at, job: 'x', execution: '17-n0', text: 'a\nb\u001b[2J' },
        ended,
        { id: '8.5', topic: 'leader', type: 'changed', at, leader: null },
        { id: '8.6', topic: 'moon', type: 'rose', at, job: 'x', height: 3 },
      ],
    ];
    const { exitCode, out } = await api.cli(['events'], terminal);
    expect(exitCode).toBe(0);
    expect(out).toBe(
      [
        '2026-11-21T12:30:00.017Z  job created         nightly',
        `2026-11-21T12:30:00.000Z  launch began        nightly  manual  due ${at}`,
        `2026-11-21T12:30:00.017Z  launch skipped      x  3 due times from ${at} to ${at}  no node`,
        '2026-11-21T12:30:00.017Z  output chunk        x  17-n0  "a\\nb\\u001b[2J"',
        '2026-11-21T12:30:00.017Z  execution ended     nightly  17-n0  failed  11 ms  attempt 2',
        '2026-11-21T12:30:00.017Z  leader changed      nobody leads',
        '2026-11-21T12:30:00.017Z  moon rose           x  height=3',
        '',
      ].join('\n'),
    );
  });

  it('goes on behind the last event after a lost connection, and says what was missed', async () => {
    connections = [[listening, ended], [{ type: 'missed', from: '8.4', to: '90.1' }, listening], []];
    const { out, error } = await api.cli(['events', '--job', 'nightly', '--topics', 'execution'], terminal);
    expect(queries).toEqual([
      'topics=execution&job=nightly',
      'topics=execution&job=nightly&from=8.4',
      'topics=execution&job=nightly&from=7.0',
      'topics=execution&job=nightly&from=7.0',
    ]);
    expect(out.split('\n')).toHaveLength(2);
    expect(error).toContain(
      'The connection was lost; trying again until it is back\nConnected again\n' +
        'Missed: the server has no more of the events after 8.4 up to 90.1\n',
    );
  });

  it('goes on where it stands after only some topics were missed, and names them', async () => {
    const missed = { type: 'missed', from: '8.4', to: '90.1', topics: ['output'] };
    connections = [[listening, ended, missed], [missed]];
    const { error } = await api.cli(['events', '--topics', 'output,job'], terminal);
    expect(queries.map((query) => new URLSearchParams(query).get('from'))).toEqual([null, '8.4', '8.4']);
    expect(error).toContain('Missed: the server has no more of the output events after 8.4 up to 90.1\n');
  });

  it('says of an id that the server has not given that it is none of its own', async () => {
    connections = [[{ type: 'missed', from: '900.2', to: '90.10' }, { type: 'listening', id: '90.10' }, ended]];
    const { out, error } = await api.cli(['events', '--from', '900.2', '--count', '1'], terminal);
    expect(error).toBe(
      "This server has given no id 900.2 yet, the latest is 90.10: what came after it can't be told; showing what comes now\n",
    );
    expect(out).toContain('execution ended');
  });

  it('--json is every message as it came', async () => {
    connections = [[listening, ended, { type: 'missed', from: '8.4', to: '90.1' }]];
    const { out } = await api.cli(['events', '--json', '--from', '7.0'], terminal);
    expect(queries).toEqual(['from=7.0', 'from=90.1']);
    expect(
      out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).type),
    ).toEqual(['listening', 'ended', 'missed']);
  });

  it('ends after as many events as were asked for', async () => {
    connections = [[listening, ended, ended, ended]];
    const { exitCode, out } = await api.cli(['events', '--count', '2'], terminal);
    expect([exitCode, out.split('\n').length, queries.length]).toEqual([0, 3, 1]);
    expect((await api.cli(['events', '-n', '0'], terminal)).exitCode).toBe(1);
  });

  it('leaves what it can not take in time with the server', async () => {
    const many = Array.from({ length: 12_000 }, (_, index) => ({ ...ended, id: `9.${index}` }));
    connections = [many];
    const { out, error } = await api.cli(['events'], terminal);
    expect(queries[1]).toBe(`from=9.${out.split('\n').length - 2}`);
    expect(error).toMatch(/^(The connection was lost; trying again until it is back\n)?$/);
  });

  it('tells why it can not begin', async () => {
    refusal = [400, 'query_invalid; there is no topic moon'];
    const bad = await api.cli(['events', '--topics', 'moon'], terminal);
    expect([bad.exitCode, bad.error]).toEqual([3, 'Error: events: there is no topic moon\n']);
    refusal = [426, 'upgrade_required; ask for a WebSocket'];
    const blocked = await api.cli(['events'], terminal);
    expect([blocked.exitCode, blocked.error]).toEqual([4, expect.stringContaining('no WebSocket could be opened')]);
    api.close();
    expect((await api.cli(['events'], terminal)).exitCode).toBe(4);
  });
});
