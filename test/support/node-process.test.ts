import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { NodeProcess } from './node-process.ts';
import { RawSocket } from './raw-socket.ts';
import { waitUntil } from './wait-until.ts';

const program = path.join(import.meta.dirname, 'fake-node.mjs');
const lives = async (node: NodeProcess): Promise<string> =>
  (await node.request({ method: 'GET', path: '/lives' })).text;

describe('the harness of real processes', () => {
  it('keeps ports and data over kill -9 and restart, and removes everything at the end', async () => {
    const node = await NodeProcess.start({ program });
    const firstPid = node.pid;
    await node.kill();
    expect(node.running).toBe(false);
    await node.boot();
    expect(node.pid).not.toBe(firstPid);
    expect(await lives(node)).toBe('2');
    await node.restart();
    expect(await lives(node)).toBe('3');
    expect(node.log.match(/life of n0 begins/g)).toHaveLength(3);
    expect(await node.stop()).toEqual({ code: 0, signal: null });
    await node.dispose();
    expect(existsSync(node.dataDir)).toBe(false);
  });

  it('gives two nodes different ports and data', async () => {
    const nodes = await Promise.all([NodeProcess.start({ program }), NodeProcess.start({ program, name: 'n1' })]);
    expect(new Set(nodes.map((node) => node.httpPort)).size).toBe(2);
    expect(await Promise.all(nodes.map(lives))).toEqual(['1', '1']);
    await Promise.all(nodes.map((node) => node.dispose()));
  });

  it('says what a node printed that ended before it served', async () => {
    await expect(NodeProcess.start({ program, env: { FAKE_NODE: 'refuses' } })).rejects.toThrow(/no, thanks/);
  });

  it('kills a node that does not stop in time, and fails', async () => {
    const node = await NodeProcess.start({ program, env: { FAKE_NODE: 'deaf' } });
    await expect(node.stop('SIGTERM', 100)).rejects.toThrow(/did not end within 100 ms of SIGTERM/);
    expect(node.running).toBe(false);
    await node.dispose();
  });

  it('sees through a raw socket what a server answers to half a request', async () => {
    const node = await NodeProcess.start({ program });
    const socket = await RawSocket.open(node.httpPort);
    await socket.write('GET /lives HTTP/1.1\r\nHost: x\r\n');
    expect(socket.status).toBe(undefined);
    await socket.write('\r\n');
    expect(await socket.outcome()).toBe(200);
    socket.destroy();
    const garbage = await RawSocket.open(node.httpPort);
    await garbage.write('no HTTP\r\n\r\n');
    expect(await garbage.outcome()).toBe(400);
    garbage.reset();
    await node.dispose();
  });

  it('fails a wait with what was awaited and what was seen', async () => {
    const options = { what: 'the moon', deadlineMs: 5, intervalMs: 1, seen: () => 'clouds' };
    await expect(waitUntil(() => false, options)).rejects.toThrow('Waited 5 ms in vain: the moon; seen last: clouds');
  });
});
