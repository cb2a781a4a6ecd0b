import { symlinkSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Terminal } from '../../../src/cli/types.ts';
import { cli, noTerminal } from '../../support/cli.ts';
import { HttpApi } from '../../support/http-api.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

let api: HttpApi;
let folder: TemporaryFolder;
beforeEach(async () => {
  api = await HttpApi.start();
  folder = new TemporaryFolder();
});
afterEach(() => {
  api.close();
  folder.remove();
});

const job = (name: string, fields: object = {}): object => ({
  name,
  schedule: '@every 1h',
  executor: 'shell',
  executor_config: { command: 'true' },
  ...fields,
});
const run = (command: 'apply' | 'diff', ...args: string[]) =>
  api.cli(['jobs', command, '-f', '.', ...args], noTerminal, folder.path);
const writes = (): string[] => api.requests.filter((request) => !request.startsWith('GET'));

describe('carillon jobs apply', () => {
  it('creates, changes and leaves alone, and shows which', async () => {
    api.create(job('same') as Record<string, unknown>);
    api.create(job('old', { executor_config: { command: 'date', shell: 'true' } }) as Record<string, unknown>);
    folder.write('a.json', [job('same'), job('old', { retries: 2 })]);
    folder.write('deep/er/b.yaml', 'name: new\nschedule: "@manually"\n');
    const { exitCode, out, error } = await run('apply', '--yes');
    expect([exitCode, error]).toEqual([0, '']);
    expect(out).toBe(
      [
        '~ old',
        '    executor_config.command: "date" → "true"',
        '    executor_config.shell: "true" → not set',
        '    retries: 0 → 2',
        '+ new',
        '1 to create, 1 to change, 0 to prune, 1 unchanged',
        'Applied',
        '',
      ].join('\n'),
    );
    expect(writes()).toEqual(['POST /v1/jobs', 'POST /v1/jobs']);
    expect((await run('apply', '--yes')).out).toBe('0 to create, 0 to change, 0 to prune, 3 unchanged\n');
  });

  it('names the keys inside of policies as a file does', async () => {
    api.create(
      job('a', { retry: { interval: '5s', max_interval: '1m' }, retention: { count: 5 } }) as Record<string, unknown>,
    );
    folder.write(
      'a.yaml',
      [
        'name: a',
        'schedule: "@every 1h"',
        'executor: shell',
        'executor_config: {command: "true"}',
        'retry: {interval: 10s, backoff: 2}',
        'retention: {count: 5, age: 72h}',
        'catchup: {policy: once}',
      ].join('\n'),
    );
    expect((await run('diff')).out.split('\n').filter((line) => line.startsWith('    '))).toEqual([
      '    catchup.cap: not set → 100',
      '    catchup.policy: not set → "once"',
      '    catchup.window: not set → "60s"',
      '    retention.age: not set → "72h"',
      '    retry.backoff: 1 → 2',
      '    retry.interval: "5s" → "10s"',
      '    retry.max_interval: "1m" → "1h"',
    ]);
  });

  it('reads one job, lists, documents and {jobs: …}, links to files, and nothing else', async () => {
    folder.write('one.yml', 'name: one\nschedule: "@manually"\n');
    folder.write(
      'more.yaml',
      '- {name: two, schedule: "@manually"}\n---\n---\njobs:\n  - {name: three, schedule: "@manually"}\n',
    );
    folder.write('dump.json', { jobs: [{ ...job('four'), id: 'x', success_count: 7, status: 'failed' }] });
    folder.write('.git/five.yaml', 'name: five');
    folder.write('README.md', '# six');
    folder.write('target.txt', 'name: seven\nschedule: "@manually"\n');
    symlinkSync(path.join(folder.path, 'target.txt'), path.join(folder.path, 'link.yaml'));
    symlinkSync(folder.path, path.join(folder.path, 'loop'));
    expect((await run('apply', '--yes')).error).toBe('');
    expect(api.names()).toEqual(['four', 'one', 'seven', 'three', 'two']);
    expect(api.harness.state.job('four' as never).successCount).toBe(0);
    const one = await api.cli(['jobs', 'diff', '-f', 'one.yml'], noTerminal, folder.path);
    expect(one.out).toBe('0 to create, 0 to change, 0 to prune, 1 unchanged\n');
  });

  it('takes what YAML reads as numbers and booleans for text, where only text can be', async () => {
    folder.write(
      'a.yaml',
      [
        'shared: &shell {shell: true, cwd: /}',
        'ours: &ours {owner: 007}',
        'jobs:',
        '- Name: a',
        '  <<: [*ours]',
        '  displayname: 2024',
        '  schedule: "@manually"',
        '  retries: 3',
        '  disabled: false',
        '  executor: shell',
        '  executor_config:',
        '    <<: *shell',
        '    command: 0x10',
        '    timeout: 0',
        '  processors: {log: {forward: false}}',
        '  tags: {count: 010}',
        '  metadata: {}',
      ].join('\n'),
    );
    expect((await run('apply', '--yes')).error).toBe('');
    const { out } = await api.cli(['jobs', 'get', 'a', '--json']);
    expect(JSON.parse(out)).toMatchObject({
      displayname: '2024',
      owner: '007',
      retries: 3,
      executor_config: { cwd: '/', command: '0x10', shell: 'true', timeout: '0' },
      processors: { log: { forward: 'false' } },
      tags: { count: '010' },
      metadata: null,
    });
    expect((await run('diff')).out).toContain('1 unchanged');
  });

  it('writes parents before children, whatever the order, and moves a family without a cycle on the way', async () => {
    folder.write('a.json', [job('c', { parent_job: 'b' }), job('b', { parent_job: 'a' }), job('a')]);
    expect((await run('apply', '--yes')).error).toBe('');
    folder.write('a.json', [job('a', { parent_job: 'b' }), job('b', { parent_job: 'c' }), job('c')]);
    expect((await run('apply', '--yes')).error).toBe('');
    expect((await run('diff')).out).toContain('3 unchanged');
  });

  it('shows only, with diff and with --dry-run', async () => {
    folder.write('a.json', job('a'));
    const shown = '+ a\n1 to create, 0 to change, 0 to prune, 0 unchanged\n';
    expect((await run('diff')).out).toBe(shown);
    expect((await run('apply', '--dry-run')).out).toBe(shown);
    expect(JSON.parse((await run('diff', '--json')).out)).toEqual({
      applied: false,
      created: ['a'],
      changed: [],
      pruned: [],
      unchanged: 0,
      refused: [],
    });
    expect(writes()).toEqual([]);
  });

  it('--json tells each change', async () => {
    api.create(job('a') as Record<string, unknown>);
    folder.write('a.json', job('a', { owner: 'me' }));
    expect(JSON.parse((await run('apply', '--json', '--yes')).out)).toMatchObject({
      applied: true,
      changed: [{ name: 'a', changes: [{ key: 'owner', before: null, after: '"me"' }] }],
    });
  });
});

describe('carillon jobs apply --prune', () => {
  beforeEach(() => {
    api.create(job('p', { metadata: { team: 'a' } }) as Record<string, unknown>);
    api.create(job('q', { parent_job: 'p', metadata: { team: 'a' } }) as Record<string, unknown>);
    api.create(job('r', { parent_job: 'q', metadata: { team: 'a', zone: 'x' } }) as Record<string, unknown>);
    api.create(job('other', { metadata: { team: 'b' } }) as Record<string, unknown>);
    folder.write('a.json', job('kept', { metadata: { team: 'a' } }));
  });

  it('deletes what is in no file, children first', async () => {
    const { out } = await run('apply', '--yes', '--prune');
    expect(out).toMatch(/^(- r\n- q\n- other\n- p|- r\n- q\n- p\n- other)\n\+ kept\n/);
    expect(out).toContain('1 to create, 0 to change, 4 to prune, 0 unchanged\nApplied\n');
    expect(api.names()).toEqual(['kept']);
  });

  it('deletes only what the selectors choose', async () => {
    expect((await run('apply', '--yes', '--prune', '--selector', 'team=a', '--selector', 'zone=x')).error).toMatch(
      /^Note: 1 jobs of the files lack/,
    );
    expect(api.names()).toEqual(['kept', 'other', 'p', 'q']);
    expect((await run('apply', '--yes', '--prune', '--selector', 'team=a')).error).toBe('');
    expect(api.names()).toEqual(['kept', 'other']);
  });

  it('refuses to orphan a job', async () => {
    const { exitCode, error } = await run('apply', '--yes', '--prune', '--selector', 'zone=y');
    expect([exitCode, error]).toEqual([0, expect.stringContaining('Note')]);
    folder.write('b.json', job('r', { parent_job: 'q' }));
    const refused = await run('apply', '--yes', '--prune');
    expect([refused.exitCode, refused.error]).toEqual([
      3,
      'Error: b.json: job "r" has the parent "q", which would be pruned: keep it in the files, or change the child\n',
    ]);
    expect(api.names()).toHaveLength(5);
  });

  it('needs files: an empty folder is no wish to have no jobs', async () => {
    folder.delete('a.json');
    const { exitCode, error } = await run('apply', '--yes', '--prune');
    expect([exitCode, error]).toEqual([1, expect.stringMatching(/^Error: \. holds no job/)]);
    expect(api.names()).toHaveLength(4);
  });

  it('goes with --selector', async () => {
    expect((await run('apply', '--yes', '--selector', 'a=b')).error).toMatch(/^Error: --selector: /);
  });
});

describe('files that are wrong', () => {
  it.each([
    ['a.yaml', 'name: [', /^Error: a\.yaml: line 1: /],
    ['a.yaml', 'name: a\nname: b\n', /^Error: a\.yaml: line 2: Map keys must be unique/],
    ['a.json', '{\n"name": x}', /^Error: a\.json: (line 2: )?Unexpected token/],
    ['a.json', '[1]', /^Error: a\.json: entry 1 is no job/],
    ['a.yaml', 'just text', /^Error: a\.yaml: entry 1 is no job/],
    ['a.yaml', 'name: a\nretrys: 2', /^Error: a\.yaml: job "a": a job has no key "retrys" /],
    ['a.yaml', 'schedule: "@manually"', /^Error: a\.yaml: a job has no name/],
    [
      'a.yaml',
      '- {name: a, schedule: "@manually"}\n- {name: a, schedule: "@manually"}',
      /^Error: a\.yaml: job "a" is defined twice/,
    ],
  ])('%s: %j', async (name, text, message) => {
    folder.write(name, text);
    const { exitCode, error } = await run('apply', '--yes');
    expect(error).toMatch(message);
    expect(exitCode).toBe(1);
    expect(writes()).toEqual([]);
  });

  it.each([
    [job('A'), "name contains illegal character 'A'"],
    [job('a', { schedule: 'now and then' }), "can't parse job schedule: "],
    [job('a', { retries: 'two' }), 'cannot unmarshal string into'],
    [job('a', { parent_job: 'ghost' }), 'its parent "ghost" is neither in the files nor on the server'],
  ])('%j is refused before anything is sent', async (wrong, message) => {
    folder.write('a.json', [wrong, job('fine')]);
    const { exitCode, error } = await run('apply', '--yes');
    expect(error).toContain(message);
    expect(exitCode).toBe(3);
    expect(api.names()).toEqual([]);
  });

  it('names cycles, and the second file of a double', async () => {
    folder.write('a.json', [job('a', { parent_job: 'b' }), job('b', { parent_job: 'a' })]);
    expect((await run('diff')).error).toMatch(/job "a": its parents lead back to itself\n.*job "b": its parents/);
    folder.write('a.json', job('a'));
    folder.write('b.json', job('a'));
    expect((await run('diff')).error).toMatch(/^Error: b\.json: job "a" is defined also in a\.json\n/);
  });

  it('tells twenty problems, and counts the others', async () => {
    folder.write(
      'a.json',
      Array.from({ length: 30 }, (_, index) => job(`A${index}`)),
    );
    const { error } = await run('apply', '--yes');
    expect(error.match(/^Error: /gm)).toHaveLength(21);
    expect(error).toContain('and 10 more; nothing was changed');
  });

  it('says which path there is not', async () => {
    const { exitCode, error } = await cli(['jobs', 'apply', '-f', '/nowhere', '--yes']);
    expect([exitCode, error]).toEqual([1, expect.stringMatching(/^Error: --file: \/nowhere can't be read/)]);
    expect((await cli(['jobs', 'apply', '--yes'])).error).toMatch(/required option '-f, --file <path>' not specified/);
  });
});

describe('the question', () => {
  const asked: string[] = [];
  const answering = (answer: string): Terminal => ({
    ...noTerminal,
    isOutputTty: true,
    isErrorTty: true,
    ask: async (question) => {
      asked.push(question);
      return answer;
    },
  });
  const apply = (terminal: Terminal, ...args: string[]) =>
    api.cli(['jobs', 'apply', '-f', '.', ...args], terminal, folder.path);
  beforeEach(() => {
    asked.splice(0);
    folder.write('a.json', job('a'));
  });

  it('is asked once, and taken at its word', async () => {
    expect((await apply(answering(''))).exitCode).toBe(0);
    expect(api.names()).toEqual([]);
    const { error } = await apply(answering('yes'));
    expect(api.names()).toEqual(['a']);
    expect(error).toMatch(/^\rApplying \[\.{30}\] 0% 0\/1\rApplying \[#{30}\] 100% 1\/1\r\S+K$/);
    expect(asked).toEqual(['Make these changes? [y/N] ', 'Make these changes? [y/N] ']);
  });

  it('stands behind what can be lost, and behind no more lines than fit', async () => {
    folder.write(
      'a.json',
      Array.from({ length: 100 }, (_, index) => job(`a-${index}`)),
    );
    api.create(job('extra') as Record<string, unknown>);
    const { out } = await apply(answering('n'), '--prune');
    expect(out.split('\n')[0]).toContain('- extra');
    expect(out).toContain('… and 41 more lines; --dry-run shows all');
    expect((await apply(answering('n'), '--dry-run')).out.split('\n')).toHaveLength(102);
  });

  it('is not asked with --yes, nor when there is nothing to do', async () => {
    await apply(answering('no'), '--yes');
    await apply(answering('no'));
    expect([api.names(), asked]).toEqual([['a'], []]);
  });

  it('that nobody can answer is an error, before anything happens', async () => {
    const { exitCode, error } = await apply(noTerminal);
    expect([exitCode, error]).toEqual([1, expect.stringMatching(/^Error: there is no terminal to ask on: give --yes/)]);
    expect(api.requests).toEqual([]);
  });
});

describe('an apply that goes wrong on the way', () => {
  const many = Array.from({ length: 60 }, (_, index) => job(`job-${String(index).padStart(2, '0')}`));

  it('is cut off, says how far it came, and ends in the same state when it is repeated', async () => {
    folder.write('a.json', many);
    api.create(job('extra') as Record<string, unknown>);
    let left = 30;
    api.intercept = ({ request }) => {
      if (request.method === 'POST') left -= 1;
      return left < 0;
    };
    const { exitCode, error } = await run('apply', '--yes', '--prune');
    expect(exitCode).toBe(4);
    expect(error).toMatch(
      /^Error: no answer from .*; \d+ of 61 changes are made, and the same command makes the others\n/,
    );
    expect(api.names().length).toBeLessThan(61);

    await api.reopen();
    expect((await run('apply', '--yes', '--prune')).exitCode).toBe(0);
    expect(api.names()).toEqual(many.map((entry) => (entry as { name: string }).name));
    expect((await run('diff', '--prune')).out).toBe('0 to create, 0 to change, 0 to prune, 60 unchanged\n');
  });

  it('stops when the server takes no changes at all', async () => {
    folder.write('a.json', many);
    api.harness.services.pause.isPaused = true;
    const { exitCode, error } = await run('apply', '--yes');
    expect(exitCode).toBe(3);
    expect(error).toBe(
      'Error: New job submissions are currently paused; 0 of 60 changes are made, and the same command makes the others\n',
    );
    expect(writes().length).toBeLessThan(60);
  });

  it('goes on behind a job that is refused, but without its children and without pruning', async () => {
    folder.write('a.json', [job('bad'), job('child', { parent_job: 'bad' }), job('good')]);
    api.create(job('extra') as Record<string, unknown>);
    const served = api.harness.api.handle.bind(api.harness.api);
    api.harness.api.handle = (exchange) => {
      const isBad = Buffer.from(exchange.request.body).toString().includes('"name":"bad"');
      if (isBad)
        exchange.answer({ status: 400, headers: [['Carillon-Error', 'job_invalid; no.']], body: 'Not this one.' });
      else served(exchange);
    };
    const { exitCode, out, error } = await run('apply', '--yes', '--prune', '--json');
    expect(exitCode).toBe(3);
    expect(error.split('\n')).toEqual([
      'Error: job bad: Not this one.',
      'Error: job child: its parent bad was refused',
      'Error: nothing was pruned after the refusals: mend them and repeat the command',
      '',
    ]);
    expect(JSON.parse(out).refused).toEqual([
      { name: 'bad', message: 'Not this one.' },
      { name: 'child', message: 'its parent bad was refused' },
    ]);
    expect(api.names()).toEqual(['extra', 'good']);
  });
});

describe('carillon jobs apply -f -', () => {
  const pipe = (input: string, ...args: string[]) =>
    api.cli(['jobs', 'apply', '-f', '-', ...args], noTerminal, folder.path, input);

  it.each([
    ['one job', 'name: a\nschedule: "@manually"\ndisplayname: 30\n', ['a']],
    ['a list', '- {name: a, schedule: "@manually"}\n- {name: b, schedule: "@manually"}\n', ['a', 'b']],
    ['documents', 'name: a\nschedule: "@manually"\n---\n- {name: b, schedule: "@manually"}\n', ['a', 'b']],
    ['JSON', JSON.stringify(job('a')), ['a']],
    ['a list in JSON', JSON.stringify([job('a'), job('b')]), ['a', 'b']],
    ['what the API lists', `\ufeff${JSON.stringify({ jobs: [job('a', { id: 'a', status: 'failed' })] })}`, ['a']],
    ['YAML that begins as JSON does', '{name: a, schedule: "@manually"}', ['a']],
  ])('takes %s', async (_, input, names) => {
    const { exitCode, out, error } = await pipe(input, '--yes');
    expect([exitCode, error]).toEqual([0, '']);
    expect(out).toContain(`${names.length} to create, 0 to change, 0 to prune, 0 unchanged\nApplied\n`);
    expect(api.names()).toEqual(names);
  });

  it('takes what jobs get shows', async () => {
    api.create(job('a', { retries: 2, metadata: { team: 'x' } }) as Record<string, unknown>);
    for (const format of [[], ['--json']]) {
      const { out } = await api.cli(['jobs', 'get', 'a', ...format]);
      expect((await pipe(out, '--dry-run')).out).toBe('0 to create, 0 to change, 0 to prune, 1 unchanged\n');
    }
  });

  it.each([
    ['', 'standard input holds no job: write YAML or JSON with jobs to it'],
    ['---\n', 'standard input holds no job: write YAML or JSON with jobs to it'],
    ['[]', 'standard input holds no job: write YAML or JSON with jobs to it'],
    ['moon', 'standard input: entry 1 is no job: a job is a map of keys and values'],
    ['name: a\nschedule: [', 'standard input: line 2: '],
    ['{"name": "a",\n"schedule" "x"}', 'standard input: line 2: '],
    ['name: a\nmoon: 1', 'standard input: job "a": a job has no key "moon"'],
    ['[{"name":"a"},{"name":"a"}]', 'standard input: job "a" is defined twice'],
  ])('refuses %j', async (input, message) => {
    api.create({ name: 'kept' });
    const { exitCode, error } = await pipe(input, '--yes', '--prune');
    expect([exitCode, error.split('\n')[0]]).toEqual([1, expect.stringContaining(`Error: ${message}`)]);
    expect(api.names()).toEqual(['kept']);
  });

  it('can not ask, since the answer would be a job', async () => {
    const asking: Terminal = { ...noTerminal, isErrorTty: true, ask: async () => 'y' };
    const { exitCode, error } = await api.cli(['jobs', 'apply', '-f', '-'], asking, folder.path, 'name: a');
    expect([exitCode, error]).toEqual([
      1,
      expect.stringMatching(/^Error: standard input holds the jobs, .*give --yes/),
    ]);
    const shown = await api.cli(['jobs', 'diff', '-f', '-'], asking, folder.path, 'name: a\nschedule: "@manually"');
    expect([shown.error, shown.out]).toEqual(['Reading jobs until Ctrl-D\n', expect.stringContaining('+ a\n')]);
  });
});
