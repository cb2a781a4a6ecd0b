import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { type NodeProcess, withNode } from '../../support/node-process.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { WebSocketClient } from '../../support/web-socket-client.ts';

export interface Message {
  readonly id: string;
  readonly topic?: string;
  readonly type: string;
  readonly job?: string;
  readonly from?: string;
  readonly to?: string;
  readonly topics?: readonly string[];
  readonly execution?: string;
  readonly offset?: number;
  readonly bytes?: number;
  readonly text?: string;
}

export const messagesOf = (client: WebSocketClient): Message[] => client.texts.map((text) => JSON.parse(text));
export const events = (client: WebSocketClient): Message[] =>
  messagesOf(client).filter(({ topic }) => topic !== undefined);
export const ids = (client: WebSocketClient): string[] => events(client).map(({ id }) => id);

export class EventScene {
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

  async gauge(name: string): Promise<number> {
    const { text } = await this.node.request({ method: 'GET', path: '/metrics' });
    return Number(new RegExp(`^carillon_${name} (\\d+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
  }

  /** Runs a script as a job. */
  async run(name: string, script: string): Promise<void> {
    const config = { shell: 'true', command: script };
    const job = { name, schedule: '@manually', executor: 'shell', executor_config: config };
    await this.node.request({ method: 'POST', path: '/v1/jobs', body: JSON.stringify(job) });
    await this.node.request({ method: 'POST', path: `/v1/jobs/${name}` });
  }

  /** Starts jobs that write as long as `go` is there. */
  async flood(count: number): Promise<void> {
    const go = path.join(this.node.dataDir, 'go');
    writeFileSync(go, '');
    const write = "head -c 60000 /dev/zero | tr '\\0' x; sleep 0.05";
    for (let at = 0; at < count; at += 1) await this.run(`flood${at}`, `while [ -e ${go} ]; do ${write}; done`);
  }

  endFlood(): void {
    rmSync(path.join(this.node.dataDir, 'go'));
  }

  end(): void {
    for (const client of this.clients) client.destroy();
  }
}

export async function inScene(
  options: Parameters<typeof withNode>[0],
  play: (scene: EventScene) => Promise<void>,
): Promise<void> {
  await withNode(options, async (node) => {
    const scene = new EventScene(node);
    try {
      await play(scene);
    } finally {
      scene.end();
    }
  });
}
