import { describe, expect, it } from 'vitest';
import { type NodeProcess, withNode } from '../support/node-process.ts';
import { skipWithoutTerminal } from '../support/terminal-process.ts';
import { waitUntil } from '../support/wait-until.ts';
import { type Ended, run, runOnTerminal, start } from './support/cli-process.ts';
import { DkronClient } from './support/dkron-client.ts';
import { endProcesses, processesWith } from './support/marked-processes.ts';

/** A command line of its own process, and what it has written. */
class Watched {
  out = '';
  readonly ended: Promise<Ended>;
  readonly #kill: (signal: NodeJS.Signals) => void;

  constructor(node: NodeProcess, args: readonly string[]) {
    const [child, ended] = start(node, node.dataDir, args, (out) => {
      this.out = out;
    });
    this.ended = ended;
    this.#kill = (signal) => void child.kill(signal);
  }

  async until(text: string): Promise<void> {
    await waitUntil(() => this.out.includes(text), { what: `it writes ${text}`, seen: () => this.out });
  }

  interrupt(): void {
    this.#kill('SIGINT');
  }
}

/** Runs for ten minutes, with two descendants that a signal to its group doesn't reach. */
const forking = (marker: string) => ({
  command: 'echo begun; setsid sleep 600 & (sleep 600 &) ; sleep 600',
  shell: 'true',
  env: marker,
});

describe.skipIf(process.platform !== 'linux')('a job of ten minutes', () => {
  it('is followed from a second process, stopped, and nothing of it is left', { timeout: 90_000 }, async () => {
    const marker = `MARKER=followed-${process.pid}`;
    await withNode({}, async (node) => {
      const dkron = new DkronClient(node);
      await dkron.create({ name: 'long', retries: 2, executor_config: forking(marker) });
      try {
        await dkron.run('long');
        const follower = new Watched(node, ['executions', 'logs', '-f', 'long']);
        await follower.until('begun\n');
        await waitUntil(() => processesWith(marker).length >= 3, { what: 'three sleep' });

        const stopped = await run(node, node.dataDir, ['executions', 'stop', 'long', '--wait']);
        expect([stopped.code, stopped.out, stopped.error]).toEqual([0, expect.stringMatching(/ was stopped\n$/), '']);
        expect(processesWith(marker)).toEqual([]);
        const followed = await follower.ended;
        expect([followed.code, followed.out]).toEqual([5, expect.stringMatching(/^begun\n.*stopped/s)]);
        expect(followed.error).toMatch(/^Error: execution \d+-n0 failed\n$/);
        // A stop is no failure to retry.
        const executions = await dkron.executions('long');
        expect(executions.map(({ success, attempt }) => [success, attempt])).toEqual([[false, 1]]);
        const again = await run(node, node.dataDir, ['executions', 'stop', 'long', executions[0]?.id ?? '']);
        expect(again.code).toBe(3);
      } finally {
        endProcesses(processesWith(marker));
      }
    });
  });

  it('is left alone by Ctrl-C of who watches', { timeout: 90_000 }, async () => {
    const marker = `MARKER=watched-${process.pid}`;
    await withNode({}, async (node) => {
      const dkron = new DkronClient(node);
      const events = new Watched(node, ['events', '--json']);
      await events.until('listening');
      await dkron.create({
        name: 'long',
        executor_config: { command: 'echo begun; sleep 600', shell: 'true', env: marker },
      });
      try {
        await dkron.run('long');
        await events.until('"started"');
        const follower = new Watched(node, ['executions', 'logs', '-f', 'long']);
        await follower.until('begun\n');
        for (const watched of [follower, events]) watched.interrupt();
        expect(await follower.ended).toMatchObject({ code: 130, signal: null, out: 'begun\n', error: '' });
        expect(await events.ended).toMatchObject({ code: 0, signal: null, error: '' });
        expect(processesWith(marker).length).toBeGreaterThan(0);
        const picture = await run(node, node.dataDir, ['top']);
        expect(picture.out).toMatch(/1 running.*\n {2}long .* begun\n/s);
        expect((await run(node, node.dataDir, ['executions', 'stop', 'long', '--all', '--wait'])).code).toBe(0);
        expect(processesWith(marker)).toEqual([]);
      } finally {
        endProcesses(processesWith(marker));
      }
    });
  });
});

describe.skipIf(process.platform !== 'linux')('a job of ten minutes, on two terminals', () => {
  skipWithoutTerminal();

  it('is followed on one, stopped on the other, and nothing of it is left', { timeout: 90_000 }, async () => {
    const marker = `MARKER=terminals-${process.pid}`;
    await withNode({}, async (node) => {
      const dkron = new DkronClient(node);
      await dkron.create({ name: 'long', executor_config: forking(marker) });
      const options = { directory: node.dataDir, size: { columns: 120, rows: 24 } };
      try {
        await dkron.run('long');
        await waitUntil(() => processesWith(marker).length >= 3, { what: 'three sleep' });
        const logs = ['executions', 'logs', '-f', 'long'];
        await runOnTerminal(node, logs, options, async (left) => {
          await left.untilShown('begun');
          left.type('\u0003');
          expect(await left.ended).toEqual({ code: 130, isRestored: true });
        });
        expect(processesWith(marker).length).toBeGreaterThanOrEqual(3);
        await runOnTerminal(node, logs, options, async (follower) => {
          await follower.untilShown('begun');
          await runOnTerminal(node, ['executions', 'stop', 'long', '--wait'], options, async (stopper) => {
            expect(await stopper.ended).toEqual({ code: 0, isRestored: true });
            expect(stopper.screen.text).toMatch(/\n\d+-n0 was stopped$/);
          });
          expect(processesWith(marker)).toEqual([]);
          expect(await follower.ended).toEqual({ code: 5, isRestored: true });
          expect(follower.screen.text).toMatch(/\nbegun\n.*stopped.*\nError: execution \d+-n0 failed$/s);
        });
      } finally {
        endProcesses(processesWith(marker));
      }
    });
  });
});
