import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFailed } from 'vitest';
import type { HttpAnswer, HttpRequest, SendOptions } from '../../support/http-client.ts';
import { NodeProcess } from '../../support/node-process.ts';
import { RawSocket } from '../../support/raw-socket.ts';

/** A node that has to come through every test of a file unharmed. */
export interface SteadyNode {
  readonly port: number;
  /** Sends, and fails when the answer is a 5xx. */
  ask(request: HttpRequest, options?: SendOptions): Promise<HttpAnswer>;
  /** Posts a job definition: text and bytes as they are, anything else as JSON. */
  create(definition: unknown): Promise<HttpAnswer>;
  /** A connection that is gone after the test. */
  connect(): Promise<RawSocket>;
}

const keepers = [
  { name: 'keeper', schedule: '@manually', executor: 'shell', executor_config: { command: 'true' } },
  { name: 'keeper-2', schedule: '@at 2090-01-01T00:00:00Z', displayname: 'Ünïcode <&>', metadata: { a: '1' } },
];

/**
 * Starts one node for the tests of a file. After each of them the same process still serves, and jobs that were
 * created before are as they were.
 */
export function useSteadyNode(): SteadyNode {
  let node: NodeProcess | undefined;
  let pid = 0;
  const sockets: RawSocket[] = [];
  const before = new Map<string, string>();

  const running = (): NodeProcess => {
    if (node === undefined) throw new Error('the node is not started');
    return node;
  };
  const ask = async (request: HttpRequest, options?: SendOptions): Promise<HttpAnswer> => {
    const answer = await running().request(request, options);
    expect(answer.status, `${request.method} ${request.path.slice(0, 100)}: ${answer.text}`).toBeLessThan(500);
    return answer;
  };
  const create = (definition: unknown): Promise<HttpAnswer> => {
    const asIs = typeof definition === 'string' || definition instanceof Uint8Array;
    return ask({ method: 'POST', path: '/v1/jobs', body: asIs ? definition : JSON.stringify(definition) });
  };

  beforeAll(async () => {
    node = await NodeProcess.start();
    pid = node.pid;
    for (const keeper of keepers) {
      expect((await create(keeper)).status).toBe(201);
      before.set(keeper.name, (await ask({ method: 'GET', path: `/v1/jobs/${keeper.name}` })).text);
    }
  });
  beforeEach(() => onTestFailed(() => console.error(`--- log of the node\n${node?.log}--- end of log`)));
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    expect(running().running, `the node ended:\n${running().log}`).toBe(true);
    expect(running().pid).toBe(pid);
    expect((await ask({ method: 'GET', path: '/health' })).status).toBe(200);
    for (const [name, text] of before) {
      const answer = await ask({ method: 'GET', path: `/v1/jobs/${name}` });
      expect(answer.text, `job ${name} after the test`).toBe(text);
    }
  });
  afterAll(async () => node?.dispose());

  return {
    get port() {
      return running().httpPort;
    },
    ask,
    create,
    connect: async () => {
      const socket = await RawSocket.open(running().httpPort);
      sockets.push(socket);
      return socket;
    },
  };
}

/** A definition that is accepted, changed by `fields`. */
export const definition = (fields: Readonly<Record<string, unknown>>): Record<string, unknown> => ({
  name: 'candidate',
  schedule: '@manually',
  executor: 'shell',
  executor_config: { command: 'true' },
  ...fields,
});
