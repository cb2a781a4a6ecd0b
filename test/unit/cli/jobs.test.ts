import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { cli } from '../../support/cli.ts';
import { HttpApi } from '../../support/http-api.ts';

let api: HttpApi;
beforeEach(async () => {
  api = await HttpApi.start();
});
afterEach(() => api.close());

describe('carillon jobs list', () => {
  beforeEach(() => {
    api.create({ name: 'parent', schedule: '@every 1h', metadata: { team: 'a' } });
    api.create({ name: 'child', schedule: '', parent_job: 'parent' });
    api.create({ name: 'off', disabled: true, executor_config: { command: 'true' } });
  });

  it('is a table', async () => {
    const { exitCode, out, error } = await api.cli(['jobs', 'list']);
    expect([exitCode, error]).toEqual([0, '']);
    expect(out).toBe(
      [
        'NAME    SCHEDULE      NEXT                  STATUS    SUCCESSES  ERRORS',
        'child   after parent  -                     -                 0       0',
        'off     @manually     -                     disabled          0       0',
        'parent  @every 1h     2026-11-21T08:05:00Z  -                 0       0',
        '',
      ].join('\n'),
    );
  });

  it('filters, orders, and is JSON for programs', async () => {
    const { out } = await api.cli(['jobs', 'list', '--json', '--selector', 'team=a']);
    expect(JSON.parse(out)).toEqual([expect.objectContaining({ name: 'parent' })]);
    const names = async (...args: string[]): Promise<unknown> =>
      JSON.parse((await api.cli(['jobs', 'list', '--json', ...args])).out).map(({ name }: { name: string }) => name);
    expect(await names('--sort', 'name', '--desc')).toEqual(['parent', 'off', 'child']);
    expect(await names('--search', 'chi')).toEqual(['child']);
    expect(await names('--status', 'failed')).toEqual([]);
  });

  it('says on stderr that there are none', async () => {
    const { exitCode, out, error } = await api.cli(['jobs', 'list', '--search', 'zzz']);
    expect([exitCode, out, error]).toEqual([0, '', 'No jobs found\n']);
  });

  it('refuses values that it does not know', async () => {
    const sorted = await api.cli(['jobs', 'list', '--sort', 'moon']);
    expect([sorted.exitCode, sorted.error]).toEqual([1, expect.stringContaining("argument 'moon' is invalid")]);
    const selected = await api.cli(['jobs', 'list', '--selector', 'team']);
    expect([selected.exitCode, selected.error]).toEqual([
      1,
      'Error: --selector: "team" is not key=value, such as team=billing\n' +
        "Usage: carillon jobs list [options]; 'carillon jobs list --help' says more\n",
    ]);
  });
});

describe('carillon jobs get', () => {
  it('shows a file for apply, with what the server computed as comments', async () => {
    api.create({ name: 'a', retries: 2, executor_config: { command: 'echo "x"', shell: 'true' } });
    const { out } = await api.cli(['jobs', 'get', 'a']);
    expect(out).toMatch(/^# status: not run yet\n# runs: 0 successful, 0 failed\nname: a\n/);
    expect(parse(out)).toEqual({
      name: 'a',
      schedule: '@manually',
      retries: 2,
      executor: 'shell',
      executor_config: { command: 'echo "x"', shell: 'true' },
    });
    expect(JSON.parse((await api.cli(['jobs', 'get', 'a', '--json'])).out)).toMatchObject({ name: 'a', status: '' });
  });

  it('says when there is none', async () => {
    const { exitCode, out, error } = await api.cli(['jobs', 'get', 'nobody']);
    expect([exitCode, out]).toEqual([2, '']);
    expect(error).toMatch(/^Error: job nobody: .*'carillon jobs list' shows all jobs\n$/);
    const odd = await api.cli(['jobs', 'get', 'no\u001b[2J/../x']);
    expect([odd.exitCode, odd.error]).toEqual([
      2,
      expect.stringMatching(/^Error: job no\?\[2J\/\.\.\/x: .*check the name/),
    ]);
  });
});

describe('carillon jobs delete and toggle', () => {
  it('delete', async () => {
    api.create({ name: 'a' });
    api.create({ name: 'b', parent_job: 'a' });
    const refused = await api.cli(['jobs', 'delete', 'a']);
    expect([refused.exitCode, refused.error]).toEqual([3, expect.stringMatching(/^Error: job a: /)]);
    expect((await api.cli(['jobs', 'delete', 'b', 'a'])).out).toBe('Deleted b\nDeleted a\n');
    expect(api.names()).toEqual([]);
    expect((await api.cli(['jobs', 'delete', 'a'])).exitCode).toBe(2);
  });

  it('toggle', async () => {
    api.create({ name: 'a' });
    expect((await api.cli(['jobs', 'toggle', 'a'])).out).toBe('a is disabled now\n');
    expect((await api.cli(['jobs', 'toggle', 'a'])).out).toBe('a is enabled now\n');
    expect(JSON.parse((await api.cli(['jobs', 'toggle', 'a', '--json'])).out)).toMatchObject({ disabled: true });
    expect((await api.cli(['jobs', 'toggle', 'b'])).exitCode).toBe(2);
  });
});

describe('carillon jobs run', () => {
  /** Lets launches end as soon as somebody waits for one. */
  const endRuns = (): void => {
    api.intercept = ({ request }) => {
      if (request.target.includes('?wait')) setImmediate(() => api.harness.runToEnd());
      return false;
    };
  };

  it('starts it', async () => {
    api.create({ name: 'a', executor_config: { command: 'echo one' } });
    const { exitCode, out } = await api.cli(['jobs', 'run', 'a']);
    expect([exitCode, out]).toEqual([0, "Started a; 'carillon executions logs -f a' follows it\n"]);
    expect(api.requests).toEqual(['POST /v1/jobs/a/run']);
  });

  it.each([
    ['echo one', false, 0, 'a succeeded\n', ''],
    ['echo one', true, 0, 'a succeeded\n', ''],
    ['false', false, 5, '', "Error: a failed; 'carillon executions logs a' shows its output\n"],
    ['false', true, 5, '', "Error: a failed; 'carillon executions logs a' shows its output\n"],
  ])('--wait tells how it went: %s, ephemeral: %s', async (command, ephemeral, code, said, complained) => {
    api.create({ name: 'a', ephemeral, executor_config: { command } });
    endRuns();
    const { exitCode, out, error } = await api.cli(['jobs', 'run', '--wait', 'a']);
    expect([exitCode, out, error]).toEqual([code, said, complained]);
  });

  it('--wait --json gives the job as it is then, and the same exit code', async () => {
    api.create({ name: 'a', executor_config: { command: 'false' } });
    endRuns();
    const { exitCode, out } = await api.cli(['jobs', 'run', 'a', '--wait', '--json']);
    expect(exitCode).toBe(5);
    expect(JSON.parse(out)).toMatchObject({ name: 'a', status: 'failed' });
  });

  it('says why not', async () => {
    api.create({ name: 'off', disabled: true });
    api.create({ name: 'nowhere', tags: { role: 'none' } });
    const off = await api.cli(['jobs', 'run', 'off']);
    expect([off.exitCode, off.error]).toEqual([3, expect.stringContaining("'carillon jobs toggle' enables it")]);
    expect((await api.cli(['jobs', 'run', 'nowhere'])).exitCode).toBe(3);
    expect((await api.cli(['jobs', 'run', 'nobody'])).exitCode).toBe(2);
    api.create({ name: 'a' });
    api.harness.failNext = 'no_leader';
    expect((await api.cli(['jobs', 'run', 'a'])).exitCode).toBe(3);
  });
});

describe('carillon jobs next', () => {
  it('shows the next times, as many as asked', async () => {
    api.create({ name: 'a', schedule: '0 0 12 * * *', timezone: 'Europe/Berlin', expires_at: '2026-11-23T12:00:00Z' });
    const { exitCode, out } = await api.cli(['jobs', 'next', 'a']);
    expect(exitCode).toBe(0);
    expect(out).toBe('2026-11-21T12:00:00+01:00\n2026-11-22T12:00:00+01:00\n2026-11-23T12:00:00+01:00\n');
    expect((await api.cli(['jobs', 'next', 'a', '-n', '1'])).out.trim().split('\n')).toHaveLength(1);
    expect(JSON.parse((await api.cli(['jobs', 'next', 'a', '-n2', '--json'])).out).next).toHaveLength(2);
  });

  it('is content with one time from a server that has no preview', async () => {
    api.create({ name: 'a', schedule: '@every 1h' });
    const served = api.harness.api.handle.bind(api.harness.api);
    api.harness.api.handle = (exchange) => {
      if (!exchange.request.target.startsWith('/v1/schedule')) served(exchange);
      else exchange.answer({ status: 404, headers: [], body: '404 page not found' });
    };
    const { exitCode, out, error } = await api.cli(['jobs', 'next', 'a']);
    expect([exitCode, out]).toEqual([0, '2026-11-21T08:05:00Z\n']);
    expect(error).toBe('This server has no GET /v1/schedule/preview: only the first time is known\n');
    expect(await api.cli(['jobs', 'next', 'a', '-n', '1'])).toMatchObject({ out: '2026-11-21T08:05:00Z\n', error: '' });
  });

  it('says why there is none, and refuses a bad count', async () => {
    api.create({ name: 'a' });
    api.create({ name: 'b', parent_job: 'a', schedule: '' });
    api.create({ name: 'c', disabled: true, schedule: '@every 1h' });
    const errors = [];
    for (const name of ['a', 'b', 'c']) errors.push((await api.cli(['jobs', 'next', name])).error);
    expect(errors).toEqual([
      'a is not due again: its schedule is @manually\n',
      'b has no times of its own: it runs after each success of a\n',
      "c is disabled: 'carillon jobs toggle' enables it\n",
    ]);
    expect((await api.cli(['jobs', 'next', 'a', '-n', '0'])).exitCode).toBe(1);
    expect((await api.cli(['jobs', 'next', 'a', '-n', '101'])).error).toContain('no number from 1 to 100');
    expect((await api.cli(['jobs', 'next', 'nobody'])).exitCode).toBe(2);
  });
});

describe('carillon executions', () => {
  it('list is a table, newest first', async () => {
    api.create({ name: 'a', executor_config: { command: 'echo one' } });
    await api.cli(['jobs', 'run', 'a']);
    api.harness.runToEnd();
    await api.cli(['jobs', 'run', 'a']);
    const { out } = await api.cli(['executions', 'list', 'a']);
    const [titles = '', running = '', ended = ''] = out.split('\n');
    expect(titles.split(/ {2,}/)).toEqual(['ID', 'STARTED', 'DURATION', 'STATUS', 'NODE', 'ATTEMPT']);
    expect(running).toMatch(/^\d{19}-n0 {2}2026-\S+Z +0 ms {2}running {2}n0 +1$/);
    expect(ended).toMatch(/^\d{19}-n0 {2}2026-\S+Z +\S+ \S+ {2}success {2}n0 +1$/);
    expect((await api.cli(['executions', 'list', 'a', '--json'])).out).toMatch(/"group":\d{19},/);
  });

  it('logs shows the output of the newest, or of the one that is named', async () => {
    api.create({ name: 'a', executor_config: { command: 'echo one' } });
    const none = await api.cli(['executions', 'logs', 'a']);
    expect([none.exitCode, none.error]).toEqual([2, expect.stringContaining("'carillon jobs run a' makes one")]);
    await api.cli(['jobs', 'run', 'a']);
    const running = await api.cli(['executions', 'logs', 'a']);
    expect([running.exitCode, running.out, running.error]).toEqual([0, '', expect.stringContaining('still runs')]);
    api.harness.runToEnd();
    expect((await api.cli(['executions', 'logs', 'a'])).out).toBe('one\n');
    const [{ id }] = JSON.parse((await api.cli(['executions', 'list', 'a', '--json'])).out);
    expect((await api.cli(['executions', 'logs', 'a', id])).out).toBe('one\n');
    expect(JSON.parse((await api.cli(['executions', 'logs', 'a', id, '--json'])).out)).toMatchObject({ id });
    expect((await api.cli(['executions', 'logs', 'a', '1-x'])).exitCode).toBe(2);
  });

  it('list says when there is nothing', async () => {
    api.create({ name: 'a' });
    expect((await api.cli(['executions', 'list', 'a'])).error).toBe('a has no executions yet\n');
    expect((await api.cli(['executions', 'list', 'b'])).exitCode).toBe(2);
  });
});

describe('the server', () => {
  it('that is not there is exit code 4, with what to do', async () => {
    const { exitCode, error } = await cli(['jobs', 'list', '--api', 'http://127.0.0.1:9']);
    expect(exitCode).toBe(4);
    expect(error).toMatch(
      /^Error: no answer from http:\/\/127\.0\.0\.1:9\/ \(.*ECONNREFUSED.*\): start an agent .*--api/,
    );
    expect(error).not.toContain('Usage');
  });

  it('that is another one is told apart', async () => {
    api.harness.api.handle = ({ answer }) => answer({ status: 200, headers: [], body: '<html>hello' });
    const { exitCode, error } = await api.cli(['jobs', 'list']);
    expect([exitCode, error]).toEqual([4, expect.stringContaining('check --api')]);
  });

  it('is named by --api before CARILLON_API, and either is checked', async () => {
    const flag = await cli(['jobs', 'list', '--api', api.url], { environment: { CARILLON_API: 'http://127.0.0.1:9' } });
    expect(flag.exitCode).toBe(0);
    const bad = await cli(['jobs', 'list'], { environment: { CARILLON_API: 'nowhere' } });
    expect([bad.exitCode, bad.error]).toEqual([1, expect.stringMatching(/^Error: CARILLON_API: nowhere is no URL/)]);
  });

  it('that speaks as Dkron, without error codes, is understood', async () => {
    api.harness.api.handle = ({ answer }) => answer({ status: 404, headers: [], body: '' });
    const { exitCode, error } = await api.cli(['jobs', 'get', 'a']);
    expect([exitCode, error]).toEqual([2, 'Error: job a: the server answered with status 404\n']);
  });
});
