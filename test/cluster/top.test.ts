import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { skipWithoutTerminal, type TerminalProcess } from '../support/terminal-process.ts';
import { prompt, run, runOnTerminal } from './support/cli-process.ts';
import { DkronClient } from './support/dkron-client.ts';
import { SharedNode } from './support/shared-node.ts';

const small = { columns: 20, rows: 5 };

describe('carillon top on a terminal', () => {
  skipWithoutTerminal();
  const node = new SharedNode({ flags: ['--drain-timeout=0s'] });
  const dkron = new DkronClient(node);
  const top = (test: (terminal: TerminalProcess) => Promise<void>, size = { columns: 100, rows: 40 }) =>
    runOnTerminal(node.process, ['top'], { directory: node.dataDir, size }, test);

  /** The terminal is as it was, and so is what stood on it. */
  const expectEnd = async (terminal: TerminalProcess, code: number): Promise<void> => {
    expect(await terminal.ended).toEqual({ code, isRestored: true });
    const { isAlternate, isCursorShown, text } = terminal.screen;
    expect([isAlternate, isCursorShown, text]).toEqual([false, true, prompt]);
  };

  beforeAll(async () => {
    const sleeps = { command: 'echo hello; sleep 600', shell: 'true' };
    await dkron.create({ name: 'long', max_executions: 1, executor_config: sleeps });
    await dkron.create({ name: 'other', executor_config: sleeps });
    await dkron.create({ name: 'bad', executor_config: { command: 'false' } });
    await dkron.run('bad', '?wait');
    await dkron.run('long');
    await dkron.run('long');
  });
  // Ends what runs, which a kill would leave behind.
  afterAll(async () => void (await node.process.stop()));

  it('shows what runs, waits and fails, and what changes, until q', async () => {
    await top(async (terminal) => {
      await terminal.untilShown('3 jobs   1 running   1 waiting   1 failing');
      await terminal.untilShown(/Running, by duration\n.*\n {2}long .* hello\n/);
      await terminal.untilShown(/Waiting\n.*\n {2}long .*max_executions/);
      await terminal.untilShown(/Failing\n.*\n {2}bad +failed +2.* 1\n/);
      expect([terminal.screen.isAlternate, terminal.screen.isCursorShown]).toEqual([true, false]);
      expect(terminal.screen.colours).toBeGreaterThan(0);

      await terminal.untilShown('Lately');
      await dkron.run('other');
      await terminal.untilShown(/ 2 running .*\n {2}long .*\n {2}other .* hello\n/s);
      await terminal.untilShown(/Lately\n.* execution started +other /);
      terminal.type('r');
      await terminal.untilShown(/by duration, reversed\n.*\n {2}other .*\n {2}long /);
      await run(node.process, node.dataDir, ['executions', 'stop', 'other', '--wait']);
      await terminal.untilShown(/ 1 running .* 2 failing/);
      await terminal.untilShown(/ {2}other +failed /);

      expect(terminal.screen.scrolledLines).toBe(0);
      terminal.type('q');
      await expectEnd(terminal, 0);
    });
  });

  it.each([
    ['SIGINT', 0],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('gives the terminal back at %s', async (signal, code) => {
    await top(async (terminal) => {
      await terminal.untilShown('q quit');
      terminal.kill(signal);
      await expectEnd(terminal, code);
    });
  });

  it('fits 20 columns and 5 rows, and any size that it gets', async () => {
    await top(async (terminal) => {
      await terminal.untilShown(
        /^carillon top {3}http:\n3 jobs {3}[12] running\n\nRunning, by duration\n\d+ more below {3}q qu$/,
      );
      terminal.type('j');
      await terminal.untilShown(/\n\n {2}JOB .*\n\d+ more below/);
      terminal.resize({ columns: 100, rows: 40 });
      await terminal.untilShown(/ 1 waiting .*\nFailing\n.*\nLately\n.*\nq quit .*scroll$/s);
      terminal.resize({ columns: 1, rows: 1 });
      await terminal.until('it shows a letter', ({ text }) => text === 'c');
      terminal.resize(small);
      await terminal.untilShown(/^carillon top {3}http:\n3 jobs .*\n\n.*\n\d+ more below/);
      expect(terminal.screen.scrolledLines).toBe(0);
      terminal.type('\u0003');
      await expectEnd(terminal, 0);
    }, small);
  });

  it('does without colours when NO_COLOR asks for it', async () => {
    await runOnTerminal(
      node.process,
      ['top'],
      { directory: node.dataDir, env: { NO_COLOR: '1' } },
      async (terminal) => {
        await terminal.untilShown('1 waiting');
        terminal.type('q');
        await expectEnd(terminal, 0);
        expect(terminal.screen.colours).toBe(0);
      },
    );
  });

  it('ends at q while the server does not answer, and says that it does not', async () => {
    await top(async (terminal) => {
      await terminal.untilShown('1 waiting');
      process.kill(node.process.pid, 'SIGSTOP');
      try {
        await terminal.untilShown('no answer');
        terminal.type('q');
        await expectEnd(terminal, 0);
      } finally {
        process.kill(node.process.pid, 'SIGCONT');
      }
    });
  });
});
