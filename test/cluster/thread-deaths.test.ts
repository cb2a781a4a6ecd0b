import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withNode } from '../support/node-process.ts';
import { waitUntil } from '../support/wait-until.ts';
import { DkronClient } from './support/dkron-client.ts';
import { runEpisode } from './support/kills/episode.ts';
import { faults, ThreadFaults } from './support/thread-faults.ts';

/** All but `api`, which can't be ended by force. */
const terminable = ['membership', 'log', 'state', 'scheduler', 'dispatcher', 'executor', 'processor'];

/** There, V8 ends the process with the thread whose memory is exhausted, and LMDB's library with one that is ended by force. */
const endsProcess = Number(process.versions.node.split('.')[0]) >= 24;
const survived = endsProcess ? (['throw', 'exit'] as const) : faults;

let seam: ThreadFaults;
beforeEach(() => {
  seam = new ThreadFaults();
});
afterEach(() => {
  seam.close();
});

describe.runIf(process.platform === 'linux')('a thread that dies under load', () => {
  it.each(survived)(
    'by %s is restarted, each in its turn, and the node keeps its promises',
    { timeout: 300_000 },
    async (fault) => {
      const { wrong, counts } = await runEpisode({
        seed: 1,
        kills: terminable.length,
        perSecond: 10,
        node: seam.nodeOptions,
        strike: (node, at) => seam.strikeAndWait(node, terminable[at] ?? '', fault),
      });
      expect(wrong.slice(0, 20)).toEqual([]);
      expect(counts.kills).toBe(terminable.length);
      expect(counts.starts).toBeGreaterThan(0);
      expect(counts['writes acknowledged']).toBeGreaterThan(0);
    },
  );
});

describe('the api thread', () => {
  it.each(['throw', 'exit'] as const)(
    'is restarted after %s, and listens again',
    { timeout: 90_000 },
    async (fault) => {
      await withNode(seam.nodeOptions, async (node) => {
        const dkron = new DkronClient(node);
        await dkron.create({ name: 'before', executor_config: { command: 'true' } });
        await seam.strikeAndWait(node, 'api', fault);
        expect((await dkron.job('before')).name).toBe('before');
        await dkron.run('before', '?wait');
        expect(await dkron.untilEnded('before', 1)).toHaveLength(1);
      });
    },
  );

  it('ends the process with its exit code when it hangs; nothing acknowledged is lost', {
    timeout: 90_000,
  }, async () => {
    await withNode(seam.nodeOptions, async (node) => {
      const dkron = new DkronClient(node);
      await dkron.create({ name: 'before', executor_config: { command: 'true' } });
      seam.strike('api', 'loop');
      await waitUntil(() => !node.running, { what: 'the process ends', deadlineMs: 60_000, seen: () => node.log });
      expect(node.log).toMatch('execve' in process ? /code 72/ : /signal SIGKILL/);
      await node.boot();
      expect((await dkron.job('before')).name).toBe('before');
    });
  });

  it.skipIf(endsProcess)(
    'takes the process with it when its memory is exhausted; nothing acknowledged is lost',
    {
      timeout: 90_000,
    },
    async () => {
      await withNode(seam.nodeOptions, async (node) => {
        const dkron = new DkronClient(node);
        await dkron.create({ name: 'before', executor_config: { command: 'true' } });
        seam.strike('api', 'memory');
        await waitUntil(() => !node.running, { what: 'the process ends', deadlineMs: 60_000, seen: () => node.log });
        await node.boot();
        expect((await dkron.job('before')).name).toBe('before');
      });
    },
  );
});
