import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { type Fault, ThreadNode, type ThreadNodeOptions } from '../../support/thread-node.ts';

let running: ThreadNode | null = null;

async function start(options: ThreadNodeOptions): Promise<ThreadNode> {
  running = await ThreadNode.start(options);
  return running;
}

afterEach(async () => {
  await running?.stop();
  running = null;
});

const chain = [{ id: 'first' }, { id: 'second' }, { id: 'third' }];

describe.each(['threads', 'compact'] as const)('a node, placement %s', (placement) => {
  it('starts in order, carries bytes, answers asks, stops in reverse', async () => {
    const node = await start({ actors: chain, placement });
    await node.seen({ type: 'nodeStarted' });
    node.send('first', { type: 'add', bytes: new Uint8Array(5) });
    expect(await node.ask('first', { type: 'read' })).toMatchObject({
      ok: true,
      reply: { sum: 5, self: { actor: 'first' } },
    });
    expect(await node.ask('second', { type: 'relay', to: 'first', timeoutMs: 10_000 })).toMatchObject({
      ok: true,
      reply: { ok: true, reply: { sum: 5 } },
    });
    expect(await node.stop()).toBe(0);
    expect(node.actorsOf('actorReady')).toEqual(['first', 'second', 'third']);
    expect(node.actorsOf('actorStopped')).toEqual(['third', 'second', 'first']);
  });

  it('tells each actor of the others that are ready', async () => {
    const node = await start({ actors: chain, placement });
    await node.seen({ type: 'nodeStarted' });
    expect(await node.ask('second', { type: 'awaitPeer', peer: 'first' })).toEqual({ ok: true, reply: 'first' });
  });

  it('holds messages back under credit without losing one', async () => {
    const node = await start({ actors: chain, placement });
    await node.seen({ type: 'nodeStarted' });
    node.send('first', { type: 'flood', to: 'second', count: 20_000 });
    expect(await node.ask('first', { type: 'relay', to: 'second', timeoutMs: 20_000 })).toMatchObject({
      ok: true,
      reply: { ok: true, reply: { sum: 20_000 } },
    });
    expect(node.node.metrics.readCounters().get('fixture_additions')).toBe(20_000);
  });

  it('ends an ask at its deadline, and one to an unknown actor at once', async () => {
    const node = await start({ actors: chain, placement });
    await node.seen({ type: 'nodeStarted' });
    expect(await node.ask('first', { type: 'hold' }, 1)).toEqual({ ok: false, reason: 'timeout' });
    expect(await node.ask('nobody', { type: 'hold' })).toEqual({ ok: false, reason: 'rejected' });
  });

  it('stops the node with the exit code that an actor gives', async () => {
    const node = await start({ actors: chain, placement });
    await node.seen({ type: 'nodeStarted' });
    node.send('second', { type: 'stopNode', exitCode: 33 });
    expect(await node.node.ended).toEqual({ exitCode: 33, message: 'told to' });
  });

  it('does not restart what fails before the node has started', async () => {
    const node = await start({ actors: [{ id: 'first' }, { id: 'second', config: { startFails: true } }], placement });
    const end = await node.node.ended;
    expect(end.exitCode).toBe(71);
    expect(end.message).toContain('second failed while the node was starting: Error: the start fails');
    expect(node.actorsOf('actorStarting')).toEqual(['first', 'second']);
  });

  it('ends asks from outside when it has ended', async () => {
    const node = await start({ actors: chain, placement });
    await node.seen({ type: 'nodeStarted' });
    const held = node.ask('first', { type: 'hold' });
    await node.stop();
    expect(await held).toEqual({ ok: false, reason: 'dead' });
    expect(await node.ask('first', { type: 'read' })).toEqual({ ok: false, reason: 'dead' });
  });

  it('names ports that do not open', async () => {
    const node = await start({ actors: [{ id: 'first', config: { portsFail: true } }], placement });
    expect((await node.node.ended).message).toContain('the ports do not open');
  });
});

describe('a thread that ends', () => {
  const faults: [Fault, string][] = [
    ['throw', 'thrown in a turn'],
    ['throwOutside', 'thrown outside of a turn'],
    ['rejectPromise', 'rejected and not handled'],
    ['exit', 'exit'],
    ['exhaustMemory', 'memory'],
  ];

  it.each(faults)('by %s fails its asks, is replaced, and its references serve again', async (fault, reason) => {
    const thread = { resourceLimits: { maxOldGenerationSizeMb: 32 } };
    const node = await start({ actors: [{ id: 'first', thread }, { id: 'second' }] });
    await node.seen({ type: 'nodeStarted' });
    node.send('first', { type: 'add', bytes: new Uint8Array(1) });
    const held = node.ask('first', { type: 'hold' });
    const relayed = node.ask('second', { type: 'relay', to: 'first', timeoutMs: 20_000 });
    expect(await relayed).toMatchObject({ reply: { ok: true } });
    node.send('first', { type: 'fault', fault });
    expect(await held).toEqual({ ok: false, reason: 'dead' });
    expect(await node.seen({ type: 'actorFailed', actor: 'first' })).toMatchObject({
      error: expect.stringContaining(reason),
    });
    await node.seen({ type: 'actorReady', actor: 'first', life: 2 });
    expect(await node.ask('first', { type: 'read' })).toMatchObject({ ok: true, reply: { sum: 0 } });
    expect(await node.ask('second', { type: 'relay', to: 'first', timeoutMs: 20_000 })).toMatchObject({
      reply: { ok: true, reply: { sum: 0 } },
    });
    expect(node.actorsOf('actorStarting')).toEqual(['first', 'second', 'first']);
    expect(node.node.metrics.readCounters().get('fixture_additions')).toBe(1);
  });

  it('in an endless loop is killed at the deadline of its stop', async () => {
    const node = await start({ actors: [{ id: 'first', shutdownMs: 100 }, { id: 'second' }] });
    await node.seen({ type: 'nodeStarted' });
    const held = node.ask('first', { type: 'fault', fault: 'loop' });
    expect(await node.stop()).toBe(0);
    expect(await held).toEqual({ ok: false, reason: 'dead' });
    expect(node.actorsOf('actorKilled')).toEqual(['first']);
  });

  it('in an endless loop is killed and replaced when its row has it watched', async () => {
    const node = await start({ actors: [{ id: 'first', hangMs: 200 }] });
    await node.seen({ type: 'nodeStarted' });
    expect(await node.ask('first', { type: 'fault', fault: 'loop' })).toEqual({ ok: false, reason: 'dead' });
    await node.seen({ type: 'actorReady', actor: 'first', life: 2 });
    expect(node.events).toContainEqual({ type: 'actorKilled', actor: 'first', life: 1, missed: 'answer' });
  });

  it('without ever being ready is killed at the deadline of its start', async () => {
    const node = await start({ actors: [{ id: 'first', startMs: 100, config: { neverReady: true } }] });
    expect((await node.node.ended).exitCode).toBe(71);
    expect(node.actorsOf('actorKilled')).toEqual(['first']);
  });

  it('takes the process with it when it must not be killed', () => {
    const script = fileURLToPath(new URL('../../fixtures/runtime/unstoppable-node.mjs', import.meta.url));
    const { status, signal, stdout } = spawnSync(process.execPath, [script], { encoding: 'utf8' });
    expect([status, signal]).toEqual('execve' in process ? [72, null] : [null, 'SIGKILL']);
    expect(stdout).toContain('api missed its deadline to stop and must not be ended by force');
  });
});

describe('a store', () => {
  it('keeps what was acknowledged when its writer dies, and its reader on another thread goes on', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'carillon-store-'));
    const module = new URL('../../fixtures/runtime/store-actor.mjs', import.meta.url);
    const actors = [
      { id: 'writer', module, config: { directory, mode: 'write' } },
      { id: 'reader', module, config: { directory, mode: 'read' } },
    ];
    const node = await start({ actors });
    await node.seen({ type: 'nodeStarted' });
    for (let life = 1; life <= 5; life += 1) {
      await node.seen({ type: 'actorReady', actor: 'writer', life });
      for (let value = life; value < life + 20; value += 1) {
        expect(await node.ask('writer', { type: 'write', value })).toEqual({ ok: true, reply: true });
        expect(await node.ask('reader', { type: 'read' })).toEqual({ ok: true, reply: value });
      }
      const held = node.ask('writer', { type: 'hold' });
      node.send('writer', { type: 'fault', fault: 'throw' });
      expect(await held).toEqual({ ok: false, reason: 'dead' });
    }
    expect(await node.ask('reader', { type: 'read' })).toEqual({ ok: true, reply: 24 });
    expect(await node.stop()).toBe(0);
    rmSync(directory, { recursive: true });
  });
});

describe('rest_for_one', () => {
  it('stops the dependants, last first, and starts all again in order', async () => {
    const node = await start({ actors: chain, strategy: 'rest_for_one' });
    await node.seen({ type: 'nodeStarted' });
    node.send('second', { type: 'fault', fault: 'throw' });
    await node.seen({ type: 'actorReady', actor: 'third', life: 2 });
    expect(node.actorsOf('actorStopped')).toEqual(['third']);
    expect(node.actorsOf('actorStarting')).toEqual(['first', 'second', 'third', 'second', 'third']);
  });
});

describe('an intensity', () => {
  it('that is exceeded stops the node with its exit code', async () => {
    const node = await start({ actors: [{ id: 'first' }], restarts: 1 });
    await node.seen({ type: 'nodeStarted' });
    node.send('first', { type: 'fault', fault: 'throw' });
    await node.seen({ type: 'actorReady', actor: 'first', life: 2 });
    node.send('first', { type: 'fault', fault: 'throw' });
    expect((await node.node.ended).exitCode).toBe(70);
  });
});

describe('the log', () => {
  it('keeps what a failing thread said last, and fatal lines at once', async () => {
    const node = await start({ actors: [{ id: 'first' }] });
    await node.seen({ type: 'nodeStarted' });
    node.send('first', { type: 'fatal' });
    node.send('first', { type: 'fault', fault: 'exit' });
    await node.seen({ type: 'actorReady', actor: 'first', life: 2 });
    await node.stop();
    const lines = node.logLines();
    expect(lines).toContainEqual(
      expect.objectContaining({ level: 60, node: 'n0', actor: 'first', msg: 'the last words' }),
    );
    expect(lines).toContainEqual(
      expect.objectContaining({ level: 40, node: 'n0', actor: 'first', msg: 'about to fail', fault: 'exit' }),
    );
    expect(lines).toContainEqual(expect.objectContaining({ msg: 'started', opened: true }));
  });
});
