import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { limits } from '../../src/core/limits.ts';
import { waitUntil } from '../support/wait-until.ts';
import type { WebSocketClient } from '../support/web-socket-client.ts';
import { engines } from './support/engines.ts';
import { type EventScene, events, ids, inScene, type Message, messagesOf } from './support/event-scene.ts';

const OUTPUT = '?topics=output';
const EVERYTHING = '?topics=job,launch,execution,output';

/** All of it fits one event, so none of it may be left out, however slow the machine is. */
const LINES = 600;
const line = (at: number): string => `${at} ${'x'.repeat(90)}\n`;
const written = Array.from({ length: LINES }, (_, at) => line(at)).join('');

/** Shell code that writes these lines, a pause after each ten, and makes the file at the end. */
const writeLines = (file: string): string =>
  `i=0; while [ $i -lt ${LINES} ]; do echo "$i ${'x'.repeat(90)}"; i=$((i+1)); ` +
  `[ $((i % 10)) -gt 0 ] || sleep 0.02; done; touch ${file}`;

/** What the events of some connections say that an execution wrote: each byte once, or it throws. */
function assembled(...clients: readonly WebSocketClient[]): string {
  let text = '';
  for (const event of clients.flatMap(events)) {
    if (event.topic !== 'output') continue;
    if (event.offset !== text.length) throw new Error(`offset ${event.offset} behind ${text.length} bytes`);
    text += event.text;
  }
  return text;
}

const lastId = (client: WebSocketClient): string => messagesOf(client).findLast(({ id }) => id !== undefined)?.id ?? '';

const isOther = ({ topic }: Message): boolean => topic !== 'output';
const ends = (client: WebSocketClient): number =>
  events(client).filter(({ topic, type }) => topic === 'launch' && type === 'ended').length;

const fileIn = (scene: EventScene, name: string): string => path.join(scene.node.dataDir, name);

describe.each(engines)('output events of a real node on %s', (_engine, options) => {
  it('are whole over a reconnect in the middle, nothing missing or twice, beside a client that never reads', async () => {
    await inScene(options, async (scene) => {
      const [always, leaver, stalled] = [
        await scene.listen(EVERYTHING),
        await scene.listen(EVERYTHING),
        await scene.listen(EVERYTHING),
      ];
      stalled.pause();
      const done = fileIn(scene, 'done');
      await scene.run('noisy', writeLines(done));
      await waitUntil(() => assembled(leaver).length > 5_000, { what: 'a part of the output' });
      leaver.destroy();
      const had = ids(leaver);
      await waitUntil(() => assembled(always).length > assembled(leaver).length + 5_000, { what: 'more of it' });
      const back = await scene.listen(`${EVERYTHING}&from=${had.at(-1)}`);
      await waitUntil(() => ends(always) === 1 && ends(back) === 1, { what: 'the end' });
      expect([...had, ...ids(back)]).toEqual(ids(always));
      expect(assembled(leaver, back) === written).toBe(true);
      expect(assembled(always) === written).toBe(true);
      stalled.resume();
      await waitUntil(() => ends(stalled) === 1, { what: 'the end for who reads late' });
      expect(ids(stalled)).toEqual(ids(always));
    });
  });

  it('that nobody hears are there for the only listener when it comes back in time', async () => {
    await inScene(options, async (scene) => {
      const first = await scene.listen(OUTPUT);
      const [done, go] = [fileIn(scene, 'done'), fileIn(scene, 'go')];
      await scene.run('noisy', `while [ ! -e ${go} ]; do echo -n; sleep 0.02; done; ${writeLines(done)}`);
      writeFileSync(go, '');
      await waitUntil(() => assembled(first).length > 5_000, { what: 'a part of the output' });
      first.destroy();
      await waitUntil(() => existsSync(done), { what: 'the rest, which nobody hears' });
      await waitUntil(async () => (await scene.gauge('event_clients')) === 0, { what: 'nobody listens' });
      const back = await scene.listen(`${OUTPUT}&from=${lastId(first)}`);
      await waitUntil(() => assembled(first, back).length >= written.length, { what: 'the rest' });
      expect(assembled(first, back) === written).toBe(true);
      expect(messagesOf(back).filter(({ type }) => type === 'missed')).toEqual([]);
    });
  });

  it('in a flood cost a bounded memory: who never reads is told what output it missed, and misses nothing else', {
    timeout: 120_000,
  }, async () => {
    await inScene(options, async (scene) => {
      const [reader, stalled] = [await scene.listen(), await scene.listen(EVERYTHING)];
      stalled.pause();
      const drain = await scene.listen(OUTPUT);
      let heardBytes = 0;
      let heard = 0;
      await scene.flood(8);
      // The ring, and what the system's own buffers take for who doesn't read.
      const enough = limits.outputEventBytesKept * 2.5;
      await waitUntil(
        async () => {
          for (; heard < drain.texts.length; heard += 1) heardBytes += drain.texts[heard]?.length ?? 0;
          expect(await scene.gauge('event_output_bytes_kept')).toBeLessThanOrEqual(limits.outputEventBytesKept);
          const most = limits.socketBacklogBytes + 70_000 + 32_768;
          expect(await scene.gauge('event_bytes_buffered')).toBeLessThan(most * 2);
          return heardBytes > enough;
        },
        { what: 'a flood', deadlineMs: 80_000, intervalMs: 100, seen: () => String(heardBytes) },
      );
      scene.endFlood();
      await waitUntil(() => ends(reader) === 8, { what: 'the ends' });
      stalled.resume();
      await waitUntil(() => ends(stalled) === 8, { what: 'the ends, later' });
      const others = (client: WebSocketClient): string[] =>
        events(client)
          .filter(isOther)
          .map(({ id }) => id);
      expect(others(stalled)).toEqual(others(reader));
      const missed = messagesOf(stalled).filter((message) => message.type === 'missed');
      expect(missed.map(({ topics }) => topics)).toEqual(missed.map(() => ['output']));
      expect(missed.length).toBeGreaterThan(0);
    });
  });

  it('of before a restart of the node are told as missed', async () => {
    await inScene(options, async (scene) => {
      const first = await scene.listen(OUTPUT);
      await scene.run('short', 'echo before');
      await waitUntil(() => events(first).length === 1, { what: 'the output' });
      const from = lastId(first);
      await scene.node.restart();
      const back = await scene.listen(`${OUTPUT}&from=${from}`);
      await scene.run('short', 'echo after');
      await waitUntil(() => events(back).length === 1, { what: 'the output after the restart' });
      const [missed, listening, chunk] = messagesOf(back);
      expect(missed).toMatchObject({ type: 'missed', from, to: listening?.id });
      expect(chunk?.text).toBe('after\n');
    });
  });
});
