import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { limits } from '../../src/core/limits.ts';
import { type NodeProcess, withNode } from '../support/node-process.ts';
import { waitUntil } from '../support/wait-until.ts';
import { WebSocketClient } from '../support/web-socket-client.ts';
import { engines } from './support/engines.ts';

/** A client that follows an output; it can stop reading. */
class Follower {
  status = 0;
  hasEnded = false;
  readonly #chunks: Buffer[] = [];
  #incoming: http.IncomingMessage | null = null;
  readonly #request: http.ClientRequest;

  constructor(port: number, target: string) {
    this.#request = http.get({ host: '127.0.0.1', port, path: target, agent: false }, (incoming) => {
      this.#incoming = incoming;
      this.status = incoming.statusCode ?? 0;
      incoming.on('data', (chunk: Buffer) => this.#chunks.push(chunk));
      incoming.on('end', () => {
        this.hasEnded = true;
      });
      incoming.on('error', () => undefined);
    });
    this.#request.on('error', () => undefined);
  }

  get text(): string {
    return Buffer.concat(this.#chunks).toString('latin1');
  }

  pause(): void {
    this.#incoming?.pause();
  }

  resume(): void {
    this.#incoming?.resume();
  }

  destroy(): void {
    this.#request.destroy();
  }
}

class Scene {
  readonly node: NodeProcess;
  readonly folder = mkdtempSync(path.join(tmpdir(), 'carillon-follow-'));
  readonly #followers: Follower[] = [];

  constructor(node: NodeProcess) {
    this.node = node;
  }

  /** Opens the gate that a job's script waits for. */
  open(gate: string): void {
    writeFileSync(path.join(this.folder, gate), '');
  }

  /** Shell code that waits for a gate. */
  await(gate: string): string {
    return `while [ ! -e ${this.folder}/${gate} ]; do sleep 0.02; done`;
  }

  /** Runs a script as a job, and gives the path of its execution. */
  async run(name: string, script: string): Promise<string> {
    const config = { command: script, shell: 'true' };
    const body = JSON.stringify({ name, schedule: '@manually', executor: 'shell', executor_config: config });
    expect((await this.node.request({ method: 'POST', path: '/v1/jobs', body })).status).toBe(201);
    await this.node.request({ method: 'POST', path: `/v1/jobs/${name}` });
    const { text } = await this.node.request({ method: 'GET', path: `/v1/jobs/${name}/executions` });
    return `/v1/jobs/${name}/executions/${JSON.parse(text)[0].id}`;
  }

  follow(execution: string, query = ''): Follower {
    const follower = new Follower(this.node.httpPort, `${execution}/output?follow${query}`);
    this.#followers.push(follower);
    return follower;
  }

  async stored(execution: string): Promise<string> {
    return (await this.node.request({ method: 'GET', path: `${execution}/output` })).text;
  }

  end(): void {
    for (const follower of this.#followers) follower.destroy();
    rmSync(this.folder, { recursive: true, force: true });
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

const untilText = (follower: Follower, text: string): Promise<true> =>
  waitUntil(() => follower.text === text, { what: JSON.stringify(text), seen: () => follower.text.slice(-500) });
const untilEnd = (follower: Follower): Promise<true> =>
  waitUntil(() => follower.hasEnded, { what: 'the end', seen: () => follower.text.slice(-500) });

/** What was skipped, as its lines say, and everything else: of a job that writes `go`, many `x` in a line, and `bye`. */
function partsOf(text: string): { readonly skipped: number; readonly rest: string } {
  let skipped = 0;
  const written = text.replace(/\[carillon: (\d+) bytes were skipped\]\n/g, (_, bytes: string) => {
    skipped += Number(bytes);
    return '';
  });
  // Such a line begins on a line of its own.
  return { skipped, rest: written.replace(/(?<=x)\n(?=[x\n])/g, '') };
}

describe.each(engines)('an output that is followed, on %s', (_engine, options) => {
  it('comes as it is written, also to who comes later, and ends with its execution', async () => {
    await inScene(options, async (scene) => {
      const steps = [1, 2, 3].map((step) => `echo line ${step}; ${scene.await(`gate${step}`)}`);
      const execution = await scene.run('steps', `${steps.join('; ')}; printf end; exit 3`);
      const first = scene.follow(execution);
      await untilText(first, 'line 1\n');
      scene.open('gate1');
      await untilText(first, 'line 1\nline 2\n');
      const [second, later] = [scene.follow(execution), scene.follow(execution, '&from=9')];
      await untilText(second, 'line 1\nline 2\n');
      await untilText(later, 'ne 2\n');
      const gone = scene.follow(execution);
      await untilText(gone, 'line 1\nline 2\n');
      gone.destroy();
      scene.open('gate2');
      await untilText(first, 'line 1\nline 2\nline 3\n');
      expect([first.hasEnded, second.hasEnded]).toEqual([false, false]);
      scene.open('gate3');
      for (const follower of [first, second, later]) await untilEnd(follower);
      // The line that the record begins with is known at the end.
      const whole = 'line 1\nline 2\nline 3\nendexit status 3\n';
      expect([first.text, second.text, later.text]).toEqual([whole, whole, whole.slice(9)]);
      expect(await scene.stored(execution)).toBe('exit status 3\nline 1\nline 2\nline 3\nend');
      const after = [scene.follow(execution), scene.follow(execution, '&from=9')];
      for (const follower of after) await untilEnd(follower);
      expect(after.map(({ text }) => text)).toEqual([await scene.stored(execution), 'ne 2\nline 3\nend']);
    });
  });

  it('of a flood tells who reads slowly how much it missed, and costs nobody else anything', async () => {
    await inScene(options, async (scene) => {
      const bytes = 24_000_000;
      const flood = `head -c ${bytes} /dev/zero | tr '\\0' x; echo; ${scene.await('watched')}; echo bye`;
      const execution = await scene.run('flood', `echo go; ${scene.await('ready')}; ${flood}`);
      const [slow, quick] = [scene.follow(execution), scene.follow(execution)];
      const listener = new WebSocketClient(scene.node.httpPort, '/v1/events?topics=output,execution');
      await waitUntil(() => listener.isOpen, { what: 'the socket' });
      for (const follower of [slow, quick]) await untilText(follower, 'go\n');
      slow.pause();
      scene.open('ready');
      await waitUntil(() => quick.text.endsWith('x\n'), { what: 'the end of the flood', deadlineMs: 25_000 });
      scene.open('watched');
      await untilEnd(quick);
      slow.resume();
      await untilEnd(slow);
      for (const { text } of [slow, quick]) {
        const { skipped, rest } = partsOf(text);
        // Not by `toMatch`: nobody wants to read what did not match.
        expect(/^go\nx*\nbye\n$/.test(rest)).toBe(true);
        expect(skipped + rest.length).toBe(bytes + 8);
      }
      const chunks = (): { offset: number; bytes: number; text: string }[] =>
        listener.texts.map((text) => JSON.parse(text)).filter(({ topic }) => topic === 'output');
      await waitUntil(() => chunks().some(({ text }) => text.endsWith('bye\n')), { what: 'the last chunk' });
      let end = 0;
      for (const { offset, bytes: length } of chunks()) {
        expect(offset).toBeGreaterThanOrEqual(end);
        expect(length).toBeLessThanOrEqual(limits.liveOutputBytes);
        end = offset + length;
      }
      expect(end).toBe(bytes + 8);
      listener.destroy();
    });
  });

  it('of a short job is told as an event too', async () => {
    await inScene(options, async (scene) => {
      const listener = new WebSocketClient(scene.node.httpPort, '/v1/events?topics=output&job=short');
      await waitUntil(() => listener.texts.length === 1, { what: 'the socket' });
      await scene.run('short', 'echo quick');
      await waitUntil(() => listener.texts.length === 2, { what: 'an event' });
      expect(JSON.parse(listener.texts[1] ?? '')).toMatchObject({
        type: 'chunk',
        offset: 0,
        bytes: 6,
        text: 'quick\n',
      });
      listener.destroy();
    });
  });
});
