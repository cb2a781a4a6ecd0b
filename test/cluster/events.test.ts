import { describe, expect, it } from 'vitest';
import { type NodeProcess, withNode } from '../support/node-process.ts';
import { waitUntil } from '../support/wait-until.ts';
import { WebSocketClient } from '../support/web-socket-client.ts';
import { engines } from './support/engines.ts';

interface Message {
  readonly id: string;
  readonly topic?: string;
  readonly type: string;
  readonly job?: string;
  readonly from?: string;
  readonly to?: string;
}

const messagesOf = (client: WebSocketClient): Message[] => client.texts.map((text) => JSON.parse(text));
const events = (client: WebSocketClient): Message[] => messagesOf(client).filter(({ topic }) => topic !== undefined);
const ids = (client: WebSocketClient): string[] => events(client).map(({ id }) => id);

class Scene {
  readonly node: NodeProcess;
  readonly clients: WebSocketClient[] = [];
  written = 0;

  constructor(node: NodeProcess) {
    this.node = node;
  }

  async listen(query = ''): Promise<WebSocketClient> {
    const client = new WebSocketClient(this.node.httpPort, `/v1/events${query}`);
    this.clients.push(client);
    await waitUntil(() => messagesOf(client).some(({ type }) => type === 'listening'), {
      what: `a client listens${query}`,
      seen: () => client.head,
    });
    return client;
  }

  /** One event for each of so many jobs, by few requests. */
  async writeJobs(count: number): Promise<void> {
    const jobs = Array.from({ length: count }, (_, at) => ({
      name: `job${at}`,
      schedule: '@manually',
      executor: 'shell',
    }));
    const head = '--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n';
    const answer = await this.node.request({
      method: 'POST',
      path: '/v1/restore',
      headers: { 'content-type': 'multipart/form-data; boundary=b' },
      body: `${head}${JSON.stringify(jobs)}\r\n--b--\r\n`,
    });
    expect([answer.status, answer.text.includes('error')]).toEqual([200, false]);
    this.written += count;
  }

  end(): void {
    for (const client of this.clients) client.destroy();
  }
}

async function inScene(options: Parameters<typeof withNode>[0], play: (scene: Scene) => Promise<void>): Promise<void> {
  await withNode(options, async (node) => {
    const scene = new Scene(node);
    try {
      await play(scene);
    } finally {
      scene.end();
    }
  });
}

describe.each(engines)('events of a real node on %s', (_engine, options) => {
  it('go on where a client left, each once; a restart of the node is told as missed', async () => {
    await inScene(options, async (scene) => {
      const [always, leaver] = [await scene.listen(), await scene.listen()];
      await scene.writeJobs(80);
      await waitUntil(() => events(leaver).length >= 40, { what: 'half of the events' });
      leaver.destroy();
      const had = ids(leaver);
      await scene.writeJobs(80);
      const back = await scene.listen(`?from=${had.at(-1)}`);
      await scene.writeJobs(80);
      await waitUntil(() => events(always).length === scene.written, { what: 'all events' });
      await waitUntil(() => events(back).length === scene.written - had.length, { what: 'the rest' });
      expect([...had, ...ids(back)]).toEqual(ids(always));
      await scene.node.restart();
      const last = ids(always).at(-1);
      const later = await scene.listen(`?from=${last}&topics=job`);
      await scene.writeJobs(8);
      await waitUntil(() => events(later).length === 8, { what: 'the events after the restart' });
      const [missed, listening] = messagesOf(later);
      expect(missed).toMatchObject({ type: 'missed', from: last });
      expect(listening).toMatchObject({ type: 'listening', id: missed?.to });
    });
  });

  it('tell the life of a run, and who leads', async () => {
    await inScene(options, async (scene) => {
      const client = await scene.listen('?from=1.1');
      const body = JSON.stringify({
        name: 'a',
        schedule: '@manually',
        executor: 'shell',
        executor_config: { command: 'false' },
      });
      await scene.node.request({ method: 'POST', path: '/v1/jobs', body });
      await scene.node.request({ method: 'POST', path: '/v1/jobs/a/run?wait' });
      await scene.node.request({ method: 'DELETE', path: '/v1/jobs/a' });
      await waitUntil(() => events(client).some(({ type }) => type === 'deleted'), { what: 'the last event' });
      const kinds = messagesOf(client).map(({ topic, type }) => `${topic ?? ''} ${type}`);
      expect(kinds.slice(-6)).toEqual([
        'job created',
        'launch began',
        'execution started',
        'execution ended',
        'launch ended',
        'job deleted',
      ]);
      expect(kinds[0]).toBe(' missed');
      const answer = await scene.node.request({ method: 'GET', path: '/v1/events' });
      expect([answer.status, JSON.parse(answer.text).code]).toEqual([426, 'upgrade_required']);
    });
  });
});
