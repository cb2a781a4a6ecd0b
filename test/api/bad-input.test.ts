import { describe, expect, it } from 'vitest';
import { definition, useSteadyNode } from './support/steady-node.ts';

/** Bodies, names and paths that no client should send. What a body may not be as a job: job-validation.test.ts. */
const node = useSteadyNode();

const tenMegabytes = 10 * 1024 * 1024;
const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

/** For the title of a test. */
const shortened = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}… (${text.length})` : text);

const remove = async (name: string): Promise<void> => {
  expect((await node.ask({ method: 'DELETE', path: `/v1/jobs/${name}` })).status).toBe(200);
};

describe('a body too large', () => {
  it.each([
    ['POST', '/v1/jobs'],
    ['PUT', '/v1/jobs/keeper'],
    ['PATCH', '/v1/jobs'],
  ])('of 10 MB is refused: %s %s', async (method, path) => {
    const body = JSON.stringify(definition({ displayname: 'x'.repeat(tenMegabytes) }));
    const answer = await node.ask({ method, path, body });
    expect(answer.status).toBe(413);
  });

  it('of 10 MB is refused when it comes in chunks, without a length', async () => {
    const pieces = Array.from({ length: 160 }, () => Buffer.alloc(65_536, 0x20));
    const answer = await node.ask({ method: 'POST', path: '/v1/jobs' }, { pieces });
    expect(answer.status).toBe(413);
  });

  it.each([
    ['POST', '/v1/jobs/keeper/toggle'],
    ['POST', '/v1/pause'],
    ['DELETE', '/v1/jobs/none'],
    ['GET', '/v1/jobs'],
    ['POST', '/nope'],
  ])('of 10 MB does no harm where none is read: %s %s', async (method, path) => {
    try {
      const answer = await node.ask({ method, path, body: Buffer.alloc(tenMegabytes, 0x61) });
      expect([200, 404, 413]).toContain(answer.status);
    } finally {
      await node.ask({ method: 'POST', path: '/v1/unpause' });
      const keeper = await node.ask({ method: 'GET', path: '/v1/jobs/keeper' });
      if (keeper.text.includes('"disabled":true')) {
        await node.ask({ method: 'POST', path: '/v1/jobs/keeper/toggle' });
      }
    }
  });
});

describe('JSON that goes deep', () => {
  it.each([
    ['lists', deep(100_000)],
    ['lists without an end', '['.repeat(100_000)],
    ['objects', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`],
    ['lists under an unknown key', `{"name":"candidate","schedule":"@manually","unknown":${deep(100_000)}}`],
    ['lists under a known key', `{"name":"candidate","schedule":"@manually","metadata":${deep(100_000)}}`],
  ])('%s of depth 100,000: 400', async (_what, body) => {
    const answer = await node.create(body);
    expect(answer.status).toBe(400);
    expect(answer.text).toMatch(/^Unable to parse payload: .+\.$/s);
  });
});

describe('text with traps', () => {
  it('keeps `__proto__` and `constructor` as ordinary keys of maps', async () => {
    const maps = '{"__proto__":"p","constructor":"c","toString":"t","hasOwnProperty":"h"}';
    const body = `{"name":"traps","schedule":"@manually","metadata":${maps},"tags":${maps},"processors":{"__proto__":{}}}`;
    expect((await node.create(body)).status).toBe(201);
    const stored = (await node.ask({ method: 'GET', path: '/v1/jobs/traps' })).text;
    const sorted = '{"__proto__":"p","constructor":"c","hasOwnProperty":"h","toString":"t"}';
    expect(stored).toContain(`"metadata":${sorted}`);
    expect(stored).toContain(`"tags":${sorted}`);
    expect(stored).toContain('"processors":{"__proto__":{}}');
    const found = await node.ask({ method: 'GET', path: '/v1/jobs?metadata[__proto__]=p&metadata[constructor]=c' });
    expect(found.headers['x-total-count']).toBe('1');
    await remove('traps');
  });

  it('finds no job by a key that every object has', async () => {
    const found = await node.ask({ method: 'GET', path: '/v1/jobs?metadata[toString]=&metadata[__proto__]=' });
    expect([found.status, found.headers['x-total-count'], found.text]).toEqual([200, '0', '[]']);
  });

  it('ignores `__proto__` as an unknown field of a job', async () => {
    const answer = await node.create(
      '{"__proto__":{"disabled":true,"name":"evil"},"name":"plain","schedule":"@manually"}',
    );
    expect(answer.status).toBe(201);
    expect(answer.text).toContain('"name":"plain"');
    expect(answer.text).toContain('"disabled":false');
    await remove('plain');
  });

  it.each(['__proto__', 'constructor', 'hasownproperty', '-', '_', 'ñandú'])('takes a job named %s', async (name) => {
    const path = `/v1/jobs/${encodeURIComponent(name)}`;
    expect((await node.ask({ method: 'GET', path })).status).toBe(404);
    expect((await node.create(definition({ name }))).status).toBe(201);
    const stored = await node.ask({ method: 'GET', path });
    expect([stored.status, stored.text]).toEqual([200, expect.stringContaining(`"name":"${name}"`)]);
    expect((await node.ask({ method: 'DELETE', path })).status).toBe(200);
  });

  it('turns lone surrogates and broken UTF-8 into U+FFFD', async () => {
    const escaped = '{"name":"odd","schedule":"@manually","displayname":"a\\ud800b\\udc00\\ud83d\\ude00"}';
    expect((await node.create(escaped)).text).toContain('"displayname":"a\ufffdb\ufffd\u{1f600}"');
    const head = Buffer.from('{"name":"odd","schedule":"@manually","displayname":"a');
    const broken = Buffer.concat([head, Buffer.from([0xff, 0xc3, 0x28, 0xe2, 0x82]), Buffer.from('"}')]);
    expect((await node.create(broken)).text).toContain('"displayname":"a\ufffd\ufffd(\ufffd');
    const stored = await node.ask({ method: 'GET', path: '/v1/jobs/odd' });
    expect(stored.text).toContain('"displayname":"a\ufffd\ufffd(\ufffd');
    await remove('odd');
  });

  it('keeps NUL in a value, and refuses it bare in JSON', async () => {
    const answer = await node.create(
      definition({ name: 'nul', owner: 'a\u0000b', metadata: { 'k\u0000': 'v\u0000' } }),
    );
    expect(answer.status).toBe(201);
    const stored = (await node.ask({ method: 'GET', path: '/v1/jobs/nul' })).text;
    expect(stored).toContain('"owner":"a\\u0000b"');
    expect(stored).toContain('"metadata":{"k\\u0000":"v\\u0000"}');
    await remove('nul');
    expect((await node.create('{"name":"nul\u0000","schedule":"@manually"}')).status).toBe(400);
    expect((await node.create('\u0000')).status).toBe(400);
  });

  it('survives a run of a command with NUL in it', async () => {
    const config = { command: 'echo a\u0000b', shell: 'true', cwd: '/\u0000', env: 'A\u0000=b', payload: '\u0000' };
    expect((await node.create(definition({ name: 'nulrun', executor_config: config }))).status).toBe(201);
    const run = await node.ask({ method: 'POST', path: '/v1/jobs/nulrun/run?wait' });
    expect(run.status).toBe(200);
    const executions = await node.ask({ method: 'GET', path: '/v1/jobs/nulrun/executions' });
    expect(executions.text).toContain('"success":false');
    await remove('nulrun');
  });
});

describe('numbers out of bounds', () => {
  it.each([
    '1e400',
    '-1e400',
    '4294967296e10',
    '18446744073709551616',
    '-1',
    '01',
    '+1',
    '0x10',
    'NaN',
    'Infinity',
    '-',
  ])('retries: %s', async (number) => {
    const answer = await node.create(`{"name":"candidate","schedule":"@manually","retries":${number}}`);
    expect(answer.status).toBe(400);
    expect(answer.text).toMatch(/^Unable to parse payload: .+\.$/s);
  });
});

describe('names and paths', () => {
  const long = 'a'.repeat(10_000);

  it('refuses a name of 10,000 characters', async () => {
    const answer = await node.create(definition({ name: long }));
    expect(answer.status).toBe(400);
    expect(answer.text).toMatch(/^Job validation failed: .+\.$/s);
  });

  const lost: [string, string][] = [
    ['GET', `/v1/jobs/${long}`],
    ['DELETE', `/v1/jobs/${long}`],
    ['POST', `/v1/jobs/${long}/run`],
    ['GET', `/v1/jobs/keeper/executions/${long}`],
    ['GET', '/v1/jobs/%zz'],
    ['GET', '/v1/jobs/%'],
    ['GET', '/v1/jobs/%00'],
    ['GET', '/v1/jobs/%ff%fe'],
    ['GET', '/v1/jobs/%ed%a0%80'],
    ['DELETE', '/v1/jobs/%2e%2e'],
    ['GET', '/v1/jobs/..%2f..%2fetc%2fpasswd'],
    ['GET', '/v1/../../../etc/passwd'],
    ['GET', '/../etc/passwd'],
    ['GET', '/v1/jobs/keeper/executions/..'],
    ['GET', '/v1//jobs//keeper'],
    ['GET', '/v1/jobs/keeper/executions/999999999999999999999-n0'],
    ['GET', '/v1/jobs/keeper/executions/-n0'],
    ['GET', '/v1/jobs/keeper/executions/__proto__'],
  ];
  it.each(lost.map(([method, path]) => [method, shortened(path), path] as const))(
    '%s %s is no success',
    async (method, _shown, path) => {
      const answer = await node.ask({ method, path });
      expect([301, 307, 400, 404, 414, 431]).toContain(answer.status);
      expect(answer.text).not.toContain('root:');
    },
  );

  it.each(['/ui/../../../../etc/passwd', '/ui/..%2f..%2f..%2fetc%2fpasswd', '/ui/%2e%2e/%2e%2e/etc/passwd'])(
    '%s leads to no file',
    async (path) => {
      const answer = await node.ask({ method: 'GET', path });
      expect(answer.text).not.toContain('root:');
    },
  );

  const queries = [
    '_start=1e400&_end=-1e400',
    '_start=99999999999999999999&_end=99999999999999999999',
    '_start=-9223372036854775808&_end=9223372036854775807',
    '_sort=__proto__',
    '_sort=%00',
    'q=%zz',
    'q=%ff',
    `q=${'a'.repeat(2_000)}`,
    'metadata[=x&metadata]=y&metadata[]=z&metadata[a=b',
    'metadata[a]=1&metadata[a]=2',
    '&&&===&%=%&',
    'output_size_limit=99999999999999999999',
  ];
  it.each(queries.map((query) => [shortened(query), query] as const))('?%s gets an answer', async (_shown, query) => {
    const list = await node.ask({ method: 'GET', path: `/v1/jobs?${query}` });
    expect([200, 400]).toContain(list.status);
    const executions = await node.ask({ method: 'GET', path: `/v1/jobs/keeper/executions?${query}` });
    expect([200, 400]).toContain(executions.status);
  });
});

describe('a backup to restore that is none', () => {
  const part = (content: string, name = 'file'): string =>
    `--b\r\nContent-Disposition: form-data; name="${name}"; filename="x"\r\n\r\n${content}\r\n--b--\r\n`;

  it.each([
    ['no part', ''],
    ['a part cut off', part('[]').slice(0, 40)],
    ['another part', part('[]', 'other')],
    ['no JSON', part('{bad')],
    ['no list', part('{}')],
    ['a list of numbers', part('[1]')],
    ['JSON of depth 100,000', part(deep(100_000))],
    ['a job that is not valid', part('[{"name":"BAD","schedule":"@daily"}]')],
    ['a job whose parent is missing', part('[{"name":"x","schedule":"@daily","parent_job":"ghost"}]')],
    ['jobs that are their own grandparents', part('[{"name":"x","parent_job":"y"},{"name":"y","parent_job":"x"}]')],
    ['NUL bytes', part('\u0000'.repeat(100))],
  ])('%s', async (_what, body) => {
    for (const type of ['multipart/form-data; boundary=b', 'multipart/form-data', 'multipart/form-data; boundary=']) {
      const answer = await node.ask({ method: 'POST', path: '/v1/restore', headers: { 'content-type': type }, body });
      expect([400, 404]).toContain(answer.status);
    }
    const jobs = await node.ask({ method: 'GET', path: '/v1/jobs' });
    expect(jobs.headers['x-total-count']).toBe('2');
  });
});
