import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cutLine } from '../../../src/cli/top/cut-line.ts';
import { bodyLines, type Picture, pageLines, plainLines, screenLines } from '../../../src/cli/top/lines.ts';
import { snapshotJson } from '../../../src/cli/top/snapshot-json.ts';
import { afterKey, firstView, type RunningRow, type View } from '../../../src/cli/top/view.ts';
import type { Terminal } from '../../../src/cli/types.ts';
import { cli, noTerminal } from '../../support/cli.ts';
import { HttpApi } from '../../support/http-api.ts';
import { waitUntil } from '../../support/wait-until.ts';

const nowMs = Date.parse('2026-11-21T12:30:00Z');
const row = (job: string, startedAt: string, node = 'n0'): RunningRow => ({
  job,
  execution: `17-${node}`,
  node,
  attempt: 1,
  startedAt: `2026-11-21T12:${startedAt}Z`,
  output: 'line',
});

const picture: Picture = {
  api: 'http://x/',
  nowMs,
  problem: null,
  recent: ['  yesterday'],
  snapshot: {
    leader: 'n0',
    jobs: 12,
    running: [row('b', '29:50', 'n2'), row('a', '29:00', 'n1'), row('c', '29:59', 'n0')],
    waiting: [{ job: 'w', due: '2026-11-21T12:29:00Z', reason: 'queue' }],
    failing: [{ job: 'f', status: 'failed', lastError: '2026-11-21T12:00:00Z', errors: 7 }],
  },
};
const bare = (_style: string, text: string): string => text;
const jobsIn = (view: View): readonly string[] =>
  bodyLines(picture, view, bare)
    .slice(2, 5)
    .map((line) => line.trim()[0] ?? '');

describe('the picture of carillon top', () => {
  it('has a head, what runs, waits, fails and happened, and the keys', () => {
    const size = { columns: 100, rows: 24 };
    const lines = screenLines(picture, firstView, size, bare);
    expect(lines).toHaveLength(24);
    expect(lines.slice(0, 19).map((line) => line.trimEnd())).toEqual([
      'carillon top   http://x/   n0 leads   2026-11-21T12:30:00Z',
      '12 jobs   3 running   1 waiting   1 failing',
      '',
      'Running, by duration',
      '  JOB     FOR  NODE  ATTEMPT  EXECUTION  WRITES',
      '  a    1m 00s  n1          1  17-n1      line',
      '  b    10.0 s  n2          1  17-n2      line',
      '  c     1.0 s  n0          1  17-n0      line',
      '',
      'Waiting',
      '  JOB  DUE                   REASON',
      '  w    2026-11-21T12:29:00Z  queue',
      '',
      'Failing',
      '  JOB  STATUS  LAST ERROR            ERRORS',
      '  f    failed  2026-11-21T12:00:00Z       7',
      '',
      'Lately',
      '  yesterday',
    ]);
    expect(lines[23]).toMatch(/^q quit /);
  });

  it('fits any screen', () => {
    const running = Array.from({ length: 600 }, (_, index) => row(`job-${index}`, '29:50'));
    const full = { ...picture, snapshot: { ...picture.snapshot, running } };
    for (const size of [
      { columns: 1, rows: 1 },
      { columns: 20, rows: 5 },
      { columns: 80, rows: 24 },
      { columns: 300, rows: 90 },
    ]) {
      const lines = screenLines(full, firstView, size, bare);
      expect(lines.length).toBe(Math.max(5, size.rows));
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(size.columns);
    }
    expect(bodyLines(full, firstView, bare)).toContain('  and 100 more');
    expect(screenLines(full, firstView, { columns: 80, rows: 24 }, bare).at(-1)).toMatch(/^\d{3} more below {3}q quit/);
  });

  it('says why it is old, that nobody leads, and nothing of what a server does not tell', () => {
    const snapshot = { ...picture.snapshot, leader: null, waiting: null, running: [], failing: [] };
    const text = plainLines({ ...picture, snapshot, problem: 'no answer', recent: null }, firstView, bare).join('\n');
    expect(text).toContain('nobody leads');
    expect(text).toContain('\nno answer\n');
    expect(text).not.toMatch(/Waiting|Lately|quit/);
    expect(text.match(/ {2}nothing/g)).toHaveLength(2);
  });

  it('lets no control character of a job through', () => {
    const running = [{ ...row('a', '29:50'), output: 'x\u001b[2Jy\u0007' }];
    const text = plainLines({ ...picture, snapshot: { ...picture.snapshot, running } }, firstView, bare).join('\n');
    expect(text).toContain('x?[2Jy?');
  });
});

describe('keys', () => {
  const page = { pageLines: 5, bodyLines: 12 };
  const press = (view: View, ...keys: string[]): View => keys.reduce((at, key) => afterKey(at, key, page), view);

  it('order what runs', () => {
    expect(jobsIn(firstView)).toEqual(['a', 'b', 'c']);
    expect(jobsIn(press(firstView, 'r'))).toEqual(['c', 'b', 'a']);
    expect(jobsIn(press(firstView, 's', 's'))).toEqual(['c', 'a', 'b']);
    expect(press(firstView, 's', 's', 's').sort).toBe('duration');
  });

  it('scroll, and not beyond', () => {
    expect(press(firstView, '\u001b[B', 'j').offset).toBe(2);
    expect(press(firstView, 'j', '\u001b[A', 'k', 'k').offset).toBe(0);
    expect(press(firstView, ' ', '\u001b[6~', '\u001b[6~').offset).toBe(7);
    expect(press(firstView, ' ', '\u001b[5~').offset).toBe(0);
    expect(press(firstView, ' ', 'g').offset).toBe(0);
    expect(press(firstView, 'x')).toEqual(firstView);
    expect(pageLines({ columns: 80, rows: 24 })).toBe(20);
  });

  it.each(['q', '\u0003'])('%j ends it', (key) => expect(press(firstView, key).isOver).toBe(true));
});

describe('a line that is cut', () => {
  it.each([
    ['abc', 2, 'ab'],
    ['abc', 3, 'abc'],
    ['\u001b[31mabc\u001b[0md', 2, '\u001b[31mab\u001b[0m'],
    ['\u001b[31mab\u001b[0mcd', 3, '\u001b[31mab\u001b[0mc'],
    ['日本', 3, '日'],
    ['e\u0301x', 1, 'e\u0301'],
  ])('%j to %d columns', (line, columns, cut) => expect(cutLine(line, columns)).toBe(cut));
});

describe('carillon top', () => {
  let api: HttpApi;
  beforeEach(async () => {
    api = await HttpApi.start();
    api.create({ name: 'runs', executor_config: { command: 'echo one' } });
    api.create({ name: 'fails', executor_config: { command: 'false' } });
    api.harness.send('POST', '/v1/jobs/fails/run');
    api.harness.runToEnd();
    api.harness.send('POST', '/v1/jobs/runs/run');
  });
  afterEach(() => api.close());

  it.each([[[]], [['--once']]])('without a terminal is one picture %j', async (args) => {
    const { exitCode, out, error } = await api.cli(['top', ...args]);
    expect([exitCode, error]).toEqual([0, '']);
    expect(out).toMatch(/^carillon top {3}http:.* leads .*\n2 jobs .*1 failing\n/);
    expect(out).toMatch(/\nFailing\n.*\n {2}fails +failed +2026-/);
    expect(out).not.toContain('\u001b');
  });

  it('shows what waits, from a server that tells', async () => {
    const served = api.harness.api.handle.bind(api.harness.api);
    const waiting = { job: 'w', state: 'queued', scheduled_at: '2026-11-21T12:29:00Z', attempt: 1, reason: 'queue' };
    api.harness.api.handle = (exchange) => {
      if (!exchange.request.target.startsWith('/v1/launches?state=queued')) served(exchange);
      else exchange.answer({ status: 200, headers: [], body: JSON.stringify([waiting]) });
    };
    expect((await api.cli(['top'])).out).toMatch(/1 waiting.*\nWaiting\n.*\n {2}w +2026-11-21T12:29:00Z +queue\n/s);
  });

  it('is JSON for programs, with the names that the API has', async () => {
    const { out } = await api.cli(['top', '--json']);
    const [running] = JSON.parse(api.harness.send('GET', '/v1/busy').body as string);
    expect(JSON.parse(out)).toEqual({
      leader: expect.any(String),
      jobs: 2,
      running: [
        {
          job: 'runs',
          execution: running.id,
          node: 'n0',
          attempt: 1,
          started_at: running.started_at,
          output: expect.any(String),
        },
      ],
      waiting: [],
      failing: [{ job: 'fails', status: 'failed', last_error: expect.stringMatching(/^2026-/), error_count: 1 }],
    });
  });

  it('names what waits as the API does', () => {
    expect(JSON.parse(snapshotJson(picture.snapshot)).waiting).toEqual([
      { job: 'w', scheduled_at: '2026-11-21T12:29:00Z', reason: 'queue' },
    ]);
    expect(JSON.parse(snapshotJson({ ...picture.snapshot, waiting: null })).waiting).toBeNull();
    for (const key of snapshotJson(picture.snapshot).match(/"\w+":/g) ?? []) expect(key).toBe(key.toLowerCase());
  });

  it('at a terminal draws until q, and gives the screen back', async () => {
    const drawn: (readonly string[])[] = [];
    let press: (key: string) => void = () => undefined;
    let isClosed = false;
    const terminal: Terminal = {
      ...noTerminal,
      isOutputTty: true,
      openScreen: () => ({
        size: () => ({ columns: 40, rows: 12 }),
        draw: (lines) => void drawn.push(lines),
        onKey: (listener) => {
          press = listener;
        },
        onResize: () => undefined,
        close: () => {
          isClosed = true;
        },
      }),
    };
    const ended = api.cli(['top'], terminal);
    await waitUntil(() => drawn.length > 2, { what: 'it draws again and again' });
    press('s');
    expect(drawn.at(-1)?.join('\n')).toContain('by job');
    api.close();
    await waitUntil(() => drawn.at(-1)?.[1]?.includes('no answer'), { what: 'it says that nobody answers' });
    press('q');
    expect((await ended).exitCode).toBe(0);
    expect(isClosed).toBe(true);
  });

  it('needs a server to begin with', async () => {
    expect((await cli(['top', '--api', 'http://127.0.0.1:9'])).exitCode).toBe(4);
  });
});
