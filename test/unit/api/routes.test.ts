import { beforeEach, describe, expect, it } from 'vitest';
import { limits } from '../../../src/core/limits.ts';
import { nodeName, wallMs } from '../../../src/core/units.ts';
import { ApiHarness, header, testMember, textOf } from '../../support/api-harness.ts';

let api: ApiHarness;
beforeEach(() => {
  api = new ApiHarness();
});

const create = (fields: object): ReturnType<ApiHarness['send']> =>
  api.send('POST', '/v1/jobs', { body: JSON.stringify({ schedule: '@manually', executor: 'shell', ...fields }) });

const outcome = (method: string, target: string, body = ''): [number, string] => {
  const answer = api.send(method, target, { body });
  return [answer.status, textOf(answer)];
};

const errorOf = (method: string, target: string, body = ''): string | null =>
  header(api.send(method, target, { body }), 'Carillon-Error');

describe('headers', () => {
  it('X-Whom goes with grouped routes only', () => {
    const whom = (target: string): string | null => header(api.send('GET', target), 'X-Whom');
    expect(['/v1', '/v1/jobs/none', '/metrics'].map(whom)).toEqual(['n0', 'n0', 'n0']);
    expect(['/health', '/health/ready', '/nope', '/v1/jobs/'].map(whom)).toEqual([null, null, null, null]);
  });

  it('cross-origin headers go to other origins only', () => {
    const allowed = (target: string, origin: string): (string | null)[] => {
      const answer = api.send('GET', target, { headers: { origin } });
      return [header(answer, 'Access-Control-Allow-Origin'), header(answer, 'Access-Control-Expose-Headers')];
    };
    expect(allowed('/v1/jobs', 'http://evil.example')).toEqual(['*', '*']);
    expect(allowed('/v1/jobs/none', 'http://evil.example')).toEqual(['*', '*']);
    expect(allowed('/v1/jobs', 'http://localhost:8080')).toEqual([null, null]);
    expect(allowed('/v1/jobs', 'https://localhost:8080')).toEqual([null, null]);
    expect(allowed('/health', 'http://evil.example')).toEqual([null, null]);
    expect(allowed('/nope', 'http://evil.example')).toEqual([null, null]);
  });

  it('every error names its code, in a form that fits a header', () => {
    expect(errorOf('GET', '/nope')).toMatch(/^route_not_found; /);
    expect(errorOf('GET', '/v1/jobs/none')).toBe('job_not_found; there is no job none');
    expect(errorOf('GET', `/v1/jobs/${encodeURIComponent('é\r\nX: y')}`)).toBe('job_not_found; there is no job ?X: y');
    expect(errorOf('GET', `/v1/jobs/${'a'.repeat(2_000)}`)?.length).toBe(limits.errorHeaderBytes);
    expect(errorOf('POST', '/v1/jobs', '{')).toBe('payload_unreadable; Unable to parse payload: unexpected EOF.');
    expect(errorOf('GET', '/v1/jobs')).toBeNull();
  });

  it('a text with control characters is not called text, as net/http guesses', () => {
    const type = (name: string): string | null => header(create({ name }), 'Content-Type');
    expect(type('a\nb')).toBe('text/plain; charset=utf-8');
    expect(type('a\u0000b')).toBe('application/octet-stream');
  });
});

describe('targets', () => {
  it.each(['/v1/jobs/%', '/v1/jobs/%zz', '/v1/jobs/a\u0001', '/v1/jobs/a b', 'v1', 'http://x/v1'])(
    '%j: 400',
    (target) => {
      expect(outcome('GET', target)).toEqual([400, '400 Bad Request']);
    },
  );

  it('with a query that can not be read are refused by our own routes, and taken without it by those of Dkron', () => {
    create({ name: 'a' });
    const own = [
      '/v1/launches',
      '/v1/stats',
      '/v1/schedule/preview',
      '/v1/events',
      '/v1/jobs/a/executions/1-n0/output',
    ];
    const queries = ['?job=%zz', '?spec=%zz&spec=@daily', '?from=1;0', `?${'x'.repeat(2_000)}=%`];
    for (const query of queries) {
      for (const target of own)
        expect(errorOf('GET', target + query), target + query).toMatch(/^query_invalid; .* %25 /);
      expect(errorOf('POST', `/v1/jobs/a/executions/1-n0/stop${query}`)).toMatch(/^query_invalid; /);
      expect(errorOf('GET', `/v1/jobs${query}`)).toBeNull();
    }
  });

  it('are decoded before they are matched', () => {
    create({ name: 'ñ' });
    expect(outcome('GET', '/v1/jobs/%C3%B1')[0]).toBe(200);
    expect(outcome('GET', '/%76%31/jobs')[0]).toBe(200);
    expect(outcome('GET', '/v1/jobs/a%2Fexecutions')[0]).toBe(404);
  });

  it('redirects keep the query and the method', () => {
    const get = api.send('GET', '/v1/jobs/?q=<');
    expect([get.status, header(get, 'Location'), textOf(get)]).toEqual([
      301,
      '/v1/jobs?q=<',
      '<a href="/v1/jobs?q=&lt;">Moved Permanently</a>.\n\n',
    ]);
    const post = api.send('POST', '/v1/jobs/');
    expect([post.status, header(post, 'Location'), textOf(post), header(post, 'Content-Type')]).toEqual([
      307,
      '/v1/jobs',
      '',
      null,
    ]);
  });

  it('bodies are taken where they are read, and nowhere else', () => {
    const limit = (method: string, target: string): number => api.api.bodyLimit(method, target);
    expect(limit('POST', '/v1/jobs?x')).toBe(limits.requestBodyBytes);
    expect(limit('PUT', '/v1/jobs/a')).toBe(limits.requestBodyBytes);
    expect(limit('POST', '/v1/restore')).toBe(limits.restoreBodyBytes);
    expect([limit('POST', '/v1/jobs/a'), limit('GET', '/v1/jobs'), limit('POST', '/%zz')]).toEqual([0, 0, 0]);
  });
});

describe('creating', () => {
  it('echoes what was sent; shows our own keys only where they were set', () => {
    const sent = {
      name: 'a',
      concurrency: 'queue',
      catchup: { policy: 'once' },
      on_lost: 'rerun',
      queue_limit: 2,
      max_executions: 3,
      retry: { interval: '90s' },
      retention: { age: '24h' },
    };
    const own =
      ',"catchup":{"policy":"once","window":"60s","cap":100},"on_lost":"rerun","queue_limit":2,"max_executions":3' +
      ',"retry":{"interval":"90s","backoff":1,"max_interval":"1h"},"retention":{"count":100,"age":"24h"}}';
    expect(textOf(create(sent)).endsWith(own)).toBe(true);
    expect(outcome('GET', '/v1/jobs/a')[1].endsWith(own)).toBe(true);
    expect(textOf(create({ name: 'b' }))).not.toMatch(/catchup|on_lost|queue|executions|retry|retention/);
  });

  it('cuts numbers to 32 bits, as Dkron stores them, and takes any names for children', () => {
    create({ name: 'a', retries: 4_294_967_297, success_count: 4_294_967_299, dependent_jobs: ['', 'No Job!'] });
    const [, stored] = outcome('GET', '/v1/jobs/a');
    expect(JSON.parse(stored)).toMatchObject({ retries: 1, success_count: 3, dependent_jobs: ['', 'No Job!'] });
  });

  it('echoes a time with its offset and stores it in UTC', () => {
    expect(textOf(create({ name: 'a', starts_at: '2099-01-02T03:04:05+02:00' }))).toContain(
      '"2099-01-02T03:04:05+02:00"',
    );
    expect(outcome('GET', '/v1/jobs/a')[1]).toContain('"starts_at":"2099-01-02T01:04:05Z"');
  });

  it('refuses a PUT that names another job than its path', () => {
    const [status, text] = outcome('PUT', '/v1/jobs/x', '{"name":"y","schedule":"@manually"}');
    expect([status, text]).toEqual([400, 'Job validation failed: the body names job "y", the path "x".']);
    expect(outcome('PUT', '/v1/jobs/y', '{"name":"y","schedule":"@manually"}')[0]).toBe(201);
  });

  it('says what is wrong with a parent', () => {
    const parent = (name: string, parentJob: string): [number, string] =>
      outcome('POST', '/v1/jobs', JSON.stringify({ name, parent_job: parentJob }));
    expect(parent('a', 'ghost')).toEqual([404, 'specified parent job not found']);
    expect(parent('a', 'A'.repeat(5_000))).toEqual([404, 'specified parent job not found']);
    create({ name: 'a' });
    expect(parent('b', 'a')[0]).toBe(201);
    expect(parent('a', 'b')[0]).toBe(400);
    expect(errorOf('POST', '/v1/jobs', '{"name":"a","parent_job":"b"}')).toMatch(/^parent_cycle; /);
  });

  it.each([
    ['no_leader', 503],
    ['overloaded', 503],
    ['storage_full', 507],
    ['outcome_unknown', 504],
    ['job_too_large', 413],
  ])('a write refused as %s is %i', (code, status) => {
    api.failNext = code;
    const answer = create({ name: 'a' });
    expect([answer.status, header(answer, 'Carillon-Error')?.split(';')[0]]).toEqual([status, code]);
    expect(outcome('GET', '/v1/jobs/a')[0]).toBe(404);
  });

  it('a run on create that fails is logged and not answered', () => {
    const body = '{"name":"a","schedule":"@manually","tags":{"server":"no"}}';
    expect(outcome('POST', '/v1/jobs?runoncreate', body)[0]).toBe(201);
    expect(api.warnings).toEqual(['runoncreate did not run the job']);
  });
});

describe('listing jobs', () => {
  beforeEach(() => {
    for (const name of ['a', 'b', 'c', 'd']) create({ name });
  });
  const names = (query: string): string => {
    const answer = api.send('GET', `/v1/jobs?${query}`);
    const list = (JSON.parse(textOf(answer)) as { id: string }[]).map(({ id }) => id).join('');
    return `${answer.status} ${header(answer, 'X-Total-Count')} ${list}`;
  };

  it.each([
    ['_start=1&_end=3', '200 4 bc'],
    ['_start=3&_end=1', '200 4 '],
    ['_start=-1&_end=2', '200 4 '],
    ['_start=0&_end=-1', '200 4 '],
    ['_start=99999999999999999999', '200 4 '],
    ['_start=4', '200 4 '],
    ['_start=x', '200 4 abcd'],
    ['_end=x', '200 4 '],
    ['_end=', '200 4 '],
    ['_end=100', '200 4 abcd'],
    ['_order=DESC', '200 4 dcba'],
    ['_sort=&_order=DESC', '200 4 dcba'],
    ['_sort=started_at', '200 4 abcd'],
    ['q=b', '200 1 b'],
    ['disabled=yes', '200 0 '],
    ['id=a&id=b', '200 4 abcd'],
  ])('%s', (query, expected) => {
    expect(names(query)).toBe(expected);
  });

  it('an unknown order is an error without a body', () => {
    expect(outcome('GET', '/v1/jobs?_sort=timezone')).toEqual([400, '']);
    expect(errorOf('GET', '/v1/jobs?_sort=%00')).toMatch(/^sort_unknown; /);
  });
});

describe('running', () => {
  it('answers at the commit with the job as it was; with wait at the end, with the job as it is', () => {
    create({ name: 'a', executor_config: { command: 'echo x' } });
    const run = api.send('POST', '/v1/jobs/a/run');
    expect([run.status, header(run, 'Location')]).toEqual([200, '/v1/jobs/a/run']);
    expect(textOf(run)).toContain('"success_count":0');
    api.runToEnd();
    expect(api.request('POST', '/v1/jobs/a/run?wait')).toBeNull();
    api.runToEnd();
    expect(outcome('GET', '/v1/jobs/a')[1]).toContain('"success_count":2');
  });

  it('says why not, in the header', () => {
    create({ name: 'off', disabled: true });
    create({ name: 'nowhere', tags: { role: 'web' } });
    expect(outcome('POST', '/v1/jobs/off')).toEqual([404, '']);
    expect(errorOf('POST', '/v1/jobs/off')).toMatch(/^job_disabled; /);
    expect(errorOf('POST', '/v1/jobs/nowhere')).toMatch(/^no_targets; /);
  });
});

describe('executions', () => {
  const list = (target: string): Record<string, unknown>[] => JSON.parse(outcome('GET', target)[1]);

  it('a running one has the zero time, in whatever zone its job is', () => {
    create({ name: 'a', timezone: 'America/New_York' });
    api.send('POST', '/v1/jobs/a');
    expect(list('/v1/jobs/a/executions')[0]).toMatchObject({ finished_at: '0001-01-01T00:00:00Z', success: false });
    expect(list('/v1/busy')[0]).toMatchObject({ output: 'one\n', finished_at: '0001-01-01T00:00:00Z' });
    api.runToEnd();
    expect(list('/v1/jobs/a/executions')[0]).toMatchObject({ started_at: expect.stringMatching(/-05:00$/) });
    const [, one] = outcome('GET', `/v1/jobs/a/executions/${list('/v1/jobs/a/executions')[0]?.id}`);
    expect(one).toMatch(/"started_at":"[^"]*Z"/);
    expect(one).not.toContain('output_truncated');
  });

  it('group is written in full', () => {
    create({ name: 'a' });
    api.send('POST', '/v1/jobs/a');
    expect(outcome('GET', '/v1/jobs/a/executions')[1]).toMatch(/"group":\d{19},"attempt":1/);
  });

  it('a lost one says how it ended nevertheless, once that is known', () => {
    create({ name: 'a' });
    api.send('POST', '/v1/jobs/a');
    const [running] = api.state.running('a');
    if (running === undefined) throw new Error('nothing runs');
    api.state.finish(running, 'lost', 'execution lost: the reason');
    expect(list('/v1/jobs/a/executions')[0]).not.toHaveProperty('late_end');
    api.state.finish(running, 'success');
    const late = { success: false, output: 'execution lost: the reason', late_end: 'success' };
    expect(list('/v1/jobs/a/executions')[0]).toMatchObject(late);
    expect(outcome('GET', `/v1/jobs/a/executions/${running.stamp}-n0`)[1]).toMatch(
      /"attempt":1,"late_end":"success"}$/,
    );
  });

  it('one that ran when the history was wiped is hidden until its end, as in Dkron, and can be stopped meanwhile', () => {
    create({ name: 'a', concurrency: 'forbid' });
    api.send('POST', '/v1/jobs/a');
    const [running] = api.state.running('a');
    if (running === undefined) throw new Error('nothing runs');
    const path = `/v1/jobs/a/executions/${running.stamp}-n0`;
    api.send('DELETE', '/v1/jobs/a/executions');
    expect(list('/v1/jobs/a/executions')).toEqual([]);
    expect(outcome('GET', path)[0]).toBe(404);
    expect(outcome('POST', `${path}/stop`)[0]).toBe(202);
    api.state.finish(running, 'success');
    expect(list('/v1/jobs/a/executions')).toMatchObject([{ success: true }]);
    expect(outcome('GET', path)[0]).toBe(200);
  });

  it('are cut to their last bytes, also within a character', () => {
    create({ name: 'a', executor_config: { command: 'echo aé' } });
    api.send('POST', '/v1/jobs/a');
    api.runToEnd();
    const text = (limit: string): string => outcome('GET', `/v1/jobs/a/executions?output_size_limit=${limit}`)[1];
    expect(text('2')).toContain('"output":"\\ufffd\\n"');
    expect(text('2')).toContain('"output_truncated":true');
    expect(text('3')).toContain('"output":"é\\n"');
    expect(text('0')).not.toContain('"output":');
    expect(text('99999999999999999999')).toContain('"output_truncated":false');
  });

  it.each(['1-x', '-n0', '__proto__', `1-${'x'.repeat(5_000)}`, '1-%00'])('there is none called %s', (id) => {
    create({ name: 'a' });
    expect(outcome('GET', `/v1/jobs/a/executions/${id}`)).toEqual([404, '']);
  });
});

describe('the cluster', () => {
  it('without a leader', () => {
    api.leader = null;
    const leader = api.send('GET', '/v1/leader');
    expect([leader.status, textOf(leader), header(leader, 'Content-Type')]).toEqual([
      500,
      'null',
      'text/plain; charset=utf-8',
    ]);
    expect(outcome('GET', '/v1/isleader')).toEqual([404, '"I am a follower"']);
    const ready = api.send('GET', '/health/ready');
    expect([ready.status, JSON.parse(textOf(ready)).code]).toEqual([503, 'not_ready']);
    expect(outcome('GET', '/health')[0]).toBe(200);
  });

  it('counts members by status and shows leaving servers', () => {
    api.members = [testMember, { ...testMember, name: nodeName('n1'), status: 'failed' }];
    expect(JSON.parse(outcome('GET', '/v1')[1]).serf).toMatchObject({ members: '2', failed: '1', left: '0' });
    const left = JSON.parse(outcome('POST', '/v1/leave')[1]);
    expect(left.global[1]).toMatchObject({
      Name: 'n1',
      Datacenter: 'dc1',
      Port: 6868,
      Expect: 1,
      RPCAddr: { IP: '127.0.0.1', Port: 6868, Zone: '' },
      Status: 4,
    });
  });
});

describe('pages', () => {
  it.each([
    ['', 303],
    ['*/*', 303],
    ['text/html,application/xml;q=0.9', 303],
    ['text/*', 303],
    ['application/json', 404],
    ['application/json, */*;q=0.1', 303],
  ])('GET / with Accept %j: %i', (accept, status) => {
    expect(api.send('GET', '/', { headers: { accept } }).status).toBe(status);
  });

  it('the interface is one page that escapes what it shows', () => {
    api.leader = nodeName('<n>') as typeof api.leader;
    create({ name: 'a' });
    const page = api.send('GET', '/ui/anything');
    expect([page.status, header(page, 'Content-Type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(textOf(page)).toContain('&lt;n&gt;');
    expect(textOf(page)).toContain('<th>Jobs</th><td>1</td>');
  });

  it('metrics are Prometheus text', () => {
    expect(outcome('GET', '/metrics')[1]).toBe(
      '# TYPE carillon_http_answers_total counter\ncarillon_http_answers_total{class="2xx"} 7\n' +
        '# TYPE carillon_launches_total counter\ncarillon_launches_total 3\n' +
        '# TYPE carillon_state_applied_index gauge\ncarillon_state_applied_index 12\n',
    );
    expect(JSON.parse(outcome('GET', '/debug/vars')[1])).toMatchObject({
      node: 'n0',
      scheduler_started: 1,
      launches: 3,
    });
  });
});

describe('restoring', () => {
  const restore = (content: string): [number, string] => {
    const body = `--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n${content}\r\n--b--\r\n`;
    const answer = api.send('POST', '/v1/restore', {
      body,
      headers: { contentType: 'multipart/form-data; boundary=b' },
    });
    return [answer.status, textOf(answer)];
  };
  const job = (name: string, parent = ''): object => ({ name, parent_job: parent, schedule: '@manually' });

  it('sets parents before children, depth first', () => {
    const jobs = [job('c', 'b'), job('x'), job('b', 'a'), job('a'), job('d', 'a')];
    const results = ['x', 'a', 'b', 'c', 'd'].map((name) => `success create ${name}`);
    expect(restore(JSON.stringify(jobs))).toEqual([200, JSON.stringify(JSON.stringify(results))]);
    expect(outcome('GET', '/v1/jobs/a')[1]).toContain('"dependent_jobs":["b","d"]');
  });

  it('leaves out the children of a parent that failed', () => {
    api.failNext = 'overloaded';
    expect(restore(JSON.stringify([job('a'), job('b', 'a'), job('x')]))).toEqual([
      200,
      '"[\\"fail create a\\",\\"success create x\\"]"',
    ]);
  });

  it('sets nothing of a file with a mistake in it', () => {
    expect(restore(JSON.stringify([job('a'), job('b', 'c'), job('c', 'b')]))).toEqual([400, '']);
    expect(restore(JSON.stringify([job('a'), { ...job('b'), schedule: 'x' }]))).toEqual([400, '']);
    expect(outcome('GET', '/v1/jobs')[1]).toBe('[]');
    expect(restore('[]')).toEqual([200, '"[]"']);
  });

  it('takes back what the list of jobs gave', () => {
    create({ name: 'a', retries: 2, metadata: { k: 'v' } });
    api.state.nowMs = wallMs(api.state.nowMs + 1_000);
    const backup = outcome('GET', '/v1/jobs')[1];
    expect(restore(backup)[0]).toBe(200);
    expect(outcome('GET', '/v1/jobs')[1]).toBe(backup);
  });
});
