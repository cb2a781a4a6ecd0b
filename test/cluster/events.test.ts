import { describe, expect, it } from 'vitest';
import { limits } from '../../src/core/limits.ts';
import { waitUntil } from '../support/wait-until.ts';
import type { WebSocketClient } from '../support/web-socket-client.ts';
import { engines } from './support/engines.ts';
import { events, ids, inScene, messagesOf } from './support/event-scene.ts';

describe.each(engines)('events of a real node on %s', (engine, options) => {
  it('reach who reads, whole and in order; who never reads costs a bounded buffer, and gets them later', {
    timeout: 90_000,
  }, async () => {
    await inScene(options, async (scene) => {
      expect(scene.node.log).toContain(engine);
      const [reader, stalled] = [await scene.listen(), await scene.listen('?topics=job,launch,execution,output')];
      stalled.pause();
      let mostBytes = 0;
      const buffered = async (): Promise<number> => {
        const bytes = await scene.gauge('event_bytes_buffered');
        mostBytes = Math.max(mostBytes, bytes);
        return bytes;
      };
      // The system's own buffers take some megabytes first.
      await scene.flood(6);
      await waitUntil(async () => (await buffered()) > limits.socketBacklogBytes, { what: 'a full buffer' });
      await scene.writeJobs(200);
      await waitUntil(() => events(reader).filter(({ job }) => job?.startsWith('job')).length === 200, {
        what: 'events for who reads',
      });
      expect(await scene.gauge('event_bytes_kept')).toBeLessThanOrEqual(limits.eventBytesKept);
      await buffered();
      // Over the limit by one message, and by what goes out together with it.
      expect(mostBytes).toBeLessThan(limits.socketBacklogBytes + 70_000 + 32_768);
      scene.endFlood();
      const ended = (client: WebSocketClient): number =>
        events(client).filter(({ topic, type }) => topic === 'launch' && type === 'ended').length;
      await waitUntil(() => ended(reader) === 6, { what: 'the ends' });
      stalled.resume();
      await waitUntil(() => ended(stalled) === 6, { what: 'the ends, later' });
      const kept = (client: WebSocketClient): string[] =>
        events(client)
          .filter(({ topic }) => topic !== 'output')
          .map(({ id }) => id);
      expect(kept(stalled)).toEqual(kept(reader));
      const numbers = ids(stalled).map((id) => id.split('.').map(Number));
      const isGrowing = numbers.every(([index = 0, ordinal = 0], at) => {
        const [before = 0, last = 0] = numbers[at - 1] ?? [];
        return index > before || (index === before && ordinal > last);
      });
      expect(isGrowing).toBe(true);
    });
  });

  it('go on where a client left, each once; a restart of the node is told as missed', { timeout: 90_000 }, async () => {
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
