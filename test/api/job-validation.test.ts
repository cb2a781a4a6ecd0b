import { describe, expect, it } from 'vitest';
import { definition, useSteadyNode } from './support/steady-node.ts';

/** Dkron's texts for definitions that it refuses (dkron-v4 section 1.5), on every route that takes one. */
const node = useSteadyNode();

const field = 'into Go struct field Job';
const layout = '"2006-01-02T15:04:05Z07:00"';

const undecodable: [string, string, string][] = [
  ['an empty body', '', 'EOF'],
  ['white space', '  \n', 'EOF'],
  ['an array', '[]', 'json: cannot unmarshal array into Go value of type dkron.Job'],
  ['a string', '"x"', 'json: cannot unmarshal string into Go value of type dkron.Job'],
  ['a number', '5', 'json: cannot unmarshal number into Go value of type dkron.Job'],
  ['an object cut off', '{"name":"x"', 'unexpected EOF'],
  ['single quotes', "{'name':'x'}", `invalid character '\\'' looking for beginning of object key string`],
  ['a byte order mark', '\ufeff{"name":"x"}', "invalid character 'ï' looking for beginning of value"],
  ['a numeric name', '{"name":5}', `json: cannot unmarshal number ${field}.name of type string`],
  ['a number among the tags', '{"tags":{"a":1}}', `json: cannot unmarshal number ${field}.tags of type string`],
  [
    'a number among the settings',
    '{"executor_config":{"timeout":30}}',
    `json: cannot unmarshal number ${field}.executor_config of type string`,
  ],
  ['a quoted boolean', '{"disabled":"true"}', `json: cannot unmarshal string ${field}.disabled of type bool`],
  ['a broken count', '{"retries":1.5}', `json: cannot unmarshal number 1.5 ${field}.retries of type uint`],
  ['a negative count', '{"retries":-2}', `json: cannot unmarshal number -2 ${field}.retries of type uint`],
  ['1e400 as a count', '{"retries":1e400}', `json: cannot unmarshal number 1e400 ${field}.retries of type uint`],
  ['a quoted counter', '{"success_count":"0,1"}', `json: cannot unmarshal string ${field}.success_count of type int`],
  [
    'a counter with a point',
    '{"success_count":1.0}',
    `json: cannot unmarshal number 1.0 ${field}.success_count of type int`,
  ],
  [
    'one child as a string',
    '{"dependent_jobs":"x"}',
    `json: cannot unmarshal string ${field}.dependent_jobs of type []string`,
  ],
  [
    'a processor as a string',
    '{"processors":{"log":"x"}}',
    `json: cannot unmarshal string ${field}.processors of type plugin.Config`,
  ],
  [
    'a word as a time',
    '{"next":"tomorrow"}',
    `parsing time "tomorrow" as ${layout}: cannot parse "tomorrow" as "2006"`,
  ],
  ['a policy as a word', '{"retry":"10s"}', `json: cannot unmarshal string ${field}.retry of type retry`],
  [
    'a factor with a point',
    '{"retry":{"backoff":1.5}}',
    `json: cannot unmarshal number 1.5 ${field}.retry.backoff of type int`,
  ],
  [
    'an interval as a number',
    '{"retry":{"interval":10}}',
    `json: cannot unmarshal number ${field}.retry.interval of type string`,
  ],
  [
    'a misspelt key of a policy',
    '{"retry":{"intervall":"10s"}}',
    'unknown key "intervall" in retry, which takes interval, backoff, max_interval',
  ],
  [
    'a misspelt key of a retention',
    '{"retention":{"__proto__":1}}',
    'unknown key "__proto__" in retention, which takes count, age',
  ],
  [
    'a misspelt key of a catch-up',
    '{"catchup":{"limit":1}}',
    'unknown key "limit" in catchup, which takes policy, window, cap',
  ],
  ['a list as a policy', '{"retention":[]}', `json: cannot unmarshal array ${field}.retention of type retention`],
  ['a quoted limit', '{"queue_limit":"1"}', `json: cannot unmarshal string ${field}.queue_limit of type int`],
  [
    'a limit with a point',
    '{"max_executions":1.0}',
    `json: cannot unmarshal number 1.0 ${field}.max_executions of type int`,
  ],
  ['an empty time', '{"starts_at":""}', `parsing time "" as ${layout}: cannot parse "" as "2006"`],
  [
    'a date as a time',
    '{"last_success":"2020-01-01"}',
    `parsing time "2020-01-01" as ${layout}: cannot parse "" as "T"`,
  ],
];

describe('a definition that is no job', () => {
  it.each(undecodable)('%s: 400', async (_what, body, message) => {
    const answer = await node.create(body);
    expect(answer.text).toBe(`Unable to parse payload: ${message}.`);
    expect(answer.status).toBe(400);
    expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8');
  });

  it.each([
    ['a time without zone, with seconds', { starts_at: '2025-12-19T09:09:00' }],
    ['a time with lower-case letters', { starts_at: '2025-12-19t09:09:00z' }],
    ['a number as a time', { expires_at: 5 }],
    ['an object as a time', { expires_at: {} }],
    ['a number as next', { next: 5 }],
    ['a list of numbers as children', { dependent_jobs: [1] }],
    ['a boolean among the metadata', { metadata: { a: true } }],
    ['a list as a map', { tags: [] }],
    ['an object as a name', { name: {} }],
    ['a counter beyond 64 bits', { error_count: 1e300 }],
  ])('%s: 400', async (_what, fields) => {
    const answer = await node.create(definition(fields));
    expect(answer.text).toMatch(/^Unable to parse payload: .+\.$/s);
    expect(answer.status).toBe(400);
  });
});

const memory = (limit: string) => ({ executor_config: { command: 'true', mem_limit: limit } });
const memoryError = 'Error parsing job memory limit value';
const codes = (text: string) => ({ executor_config: { command: 'true', success_codes: text } });
const codesError = 'executor_config.success_codes must be exit codes from 0 to 255, as in "0,3"';
const concurrencyError = 'invalid concurrency policy value, use "allow", "forbid", "replace" or "queue"';
const pause = 'must be a duration such as 90s or 1h30m, within 1ms and 720h';

const invalid: [string, Record<string, unknown>, string][] = [
  ['no name', { name: '' }, 'name cannot be empty'],
  ['a capital in the name', { name: 'aBc' }, "name contains illegal character 'B'"],
  ['a blank in the name', { name: 'sp ace' }, "name contains illegal character ' '"],
  ['a slash in the name', { name: 'sla/sh' }, "name contains illegal character '/'"],
  ['a dot in the name', { name: '..' }, "name contains illegal character '.'"],
  ['letters without case in the name', { name: '日本' }, "name contains illegal character '日'"],
  ['NUL in the name', { name: 'a\u0000b' }, "name contains illegal character '\u0000'"],
  ['a lone surrogate in the name', { name: '\ud800' }, "name contains illegal character '\ufffd'"],
  ['itself as parent', { parent_job: 'candidate' }, 'the job can not have itself as parent'],
  ['no schedule', { schedule: '' }, "can't parse job schedule: empty spec string"],
  ['an unknown policy', { concurrency: 'maybe' }, concurrencyError],
  ['a policy with a capital', { concurrency: 'Allow' }, concurrencyError],
  ['an unknown zone', { timezone: 'Mars/Phobos' }, 'unknown time zone Mars/Phobos'],
  ['an offset as zone', { timezone: '+02:00' }, 'unknown time zone +02:00'],
  ['a path as zone', { timezone: '../etc/passwd' }, 'time: invalid location name'],
  ['an absolute path as zone', { timezone: '/etc/passwd' }, 'time: invalid location name'],
  ['a backslash before the zone', { timezone: '\\UTC' }, 'time: invalid location name'],
  [
    'a time-out that is none',
    { executor_config: { command: 'true', timeout: 'abc' } },
    'Error parsing job timeout value',
  ],
  [
    'a time-out without unit',
    { executor_config: { command: 'true', timeout: '1' } },
    'Error parsing job timeout value',
  ],
  ['a memory limit of 0', memory('0'), `${memoryError}: memory limit must be greater than 0`],
  ['a memory limit that is none', memory('lots'), `${memoryError}: invalid memory limit format: `],
  ['a memory limit of an unknown unit', memory('5 parsecs'), `${memoryError}: `],
  ['a word as exit code', codes('ok'), codesError],
  ['an exit code that is none', codes('0,256'), codesError],
  ['a negative exit code', codes('-1'), codesError],
  ['a list of codes with a hole', codes('0,,3'), codesError],
  ['an unknown catch-up', { catchup: { policy: 'some' } }, 'catchup.policy must be one of skip, once, all'],
  [
    'a catch-up of no window',
    { catchup: { window: 'long' } },
    'catchup.window must be a duration such as 90s or 1h30m, and not negative',
  ],
  ['a catch-up of nothing', { catchup: { cap: 0 } }, 'catchup.cap must be within 1 and 1000'],
  ['an unknown answer to a loss', { on_lost: 'retry' }, 'on_lost must be record or rerun'],
  ['a queue that holds nothing', { concurrency: 'queue', queue_limit: 0 }, 'queue_limit must be within 1 and 1000'],
  ['a queue that is too long', { concurrency: 'queue', queue_limit: 1001 }, 'queue_limit must be within 1 and 1000'],
  ['a queue without a queue', { queue_limit: 2 }, 'queue_limit needs concurrency queue'],
  ['no execution at once', { max_executions: 0 }, 'max_executions must be within 1 and 16384'],
  ['too many executions at once', { max_executions: 16_385 }, 'max_executions must be within 1 and 16384'],
  ['a retry after nothing', { retry: { interval: '0s' } }, `retry.interval ${pause}`],
  ['a retry before', { retry: { interval: '-1s' } }, `retry.interval ${pause}`],
  ['a retry after a word', { retry: { interval: 'soon' } }, `retry.interval ${pause}`],
  ['a retry after a number', { retry: { interval: '10' } }, `retry.interval ${pause}`],
  ['a retry after more than 30 days', { retry: { interval: '721h' } }, `retry.interval ${pause}`],
  ['a longest pause of nothing', { retry: { max_interval: '0' } }, `retry.max_interval ${pause}`],
  [
    'a longest pause below the first',
    { retry: { interval: '2h' } },
    'retry.max_interval (1h) must not be shorter than retry.interval',
  ],
  ['a backoff of 0', { retry: { backoff: 0 } }, 'retry.backoff must be within 1 and 100'],
  ['a huge backoff', { retry: { backoff: 4_294_967_295 } }, 'retry.backoff must be within 1 and 100'],
  ['a history of nothing', { retention: { count: 0 } }, 'retention.count must be within 1 and 10000'],
  ['a history of too much', { retention: { count: 10_001 } }, 'retention.count must be within 1 and 10000'],
  [
    'a history of no time',
    { retention: { age: '' } },
    'retention.age must be a duration such as 36h or 720h, at least 1s and below 2562047h',
  ],
  [
    'a history of milliseconds',
    { retention: { age: '999ms' } },
    'retention.age must be a duration such as 36h or 720h, at least 1s and below 2562047h',
  ],
];

describe('a job that is not valid', () => {
  it.each(invalid)('%s: 400', async (_what, fields, message) => {
    const answer = await node.create(definition(fields));
    const expected = `Job validation failed: ${message}`;
    if (message.endsWith(' ')) expect(answer.text.startsWith(expected), answer.text).toBe(true);
    else expect(answer.text).toBe(`${expected}.`);
    expect(answer.status).toBe(400);
    expect((await node.ask({ method: 'GET', path: '/v1/jobs/candidate' })).status).toBe(404);
  });

  it('checks in the order of Dkron: name before parent, schedule, policy, zone', async () => {
    const all = { name: '', parent_job: '', schedule: 'x', concurrency: 'x', timezone: 'x' };
    expect((await node.create(definition(all))).text).toContain('name cannot be empty');
    expect((await node.create(definition({ ...all, name: 'a' }))).text).toContain("can't parse job schedule");
    expect((await node.create(definition({ ...all, name: 'a', schedule: '@daily' }))).text).toContain('concurrency');
  });

  it('an unknown parent: 404', async () => {
    const answer = await node.create(definition({ parent_job: 'nobody' }));
    expect([answer.status, answer.text]).toEqual([404, 'specified parent job not found']);
  });

  it('is refused by PATCH and PUT too', async () => {
    const body = JSON.stringify(definition({ name: '' }));
    for (const [method, path] of [
      ['PATCH', '/v1/jobs'],
      ['PUT', '/v1/jobs/candidate'],
    ] as const) {
      const answer = await node.ask({ method, path, body });
      expect([answer.status, answer.text]).toEqual([400, 'Job validation failed: name cannot be empty.']);
    }
  });

  it('is refused by PUT when the body names another job than the path', async () => {
    const body = JSON.stringify(definition({ name: 'keeper-2' }));
    const answer = await node.ask({ method: 'PUT', path: '/v1/jobs/keeper', body });
    expect(answer.status).toBe(400);
  });

  it('is refused when it closes a cycle of parents', async () => {
    expect((await node.create(definition({ name: 'cycle-a' }))).status).toBe(201);
    expect((await node.create(definition({ name: 'cycle-b', parent_job: 'cycle-a' }))).status).toBe(201);
    const answer = await node.create(definition({ name: 'cycle-a', parent_job: 'cycle-b' }));
    expect(answer.status).toBe(400);
    for (const name of ['cycle-b', 'cycle-a']) {
      expect((await node.ask({ method: 'DELETE', path: `/v1/jobs/${name}` })).status).toBe(200);
    }
  });
});

describe('what Dkron takes, odd as it is', () => {
  it.each([
    ['nulls', '{"name":"candidate","schedule":"@manually","concurrency":null,"retries":null,"tags":null}'],
    ['keys in capitals', '{"NAME":"candidate","Schedule":"@manually"}'],
    ['the last of two equal keys', '{"name":"BAD","name":"candidate","schedule":"@manually"}'],
    ['bytes behind the value', '{"name":"candidate","schedule":"@manually"} xx'],
    ['unknown keys', '{"name":"candidate","schedule":"@manually","command":["x"],"unknown":1e400}'],
    ['a time of an HTML form', '{"name":"candidate","schedule":"@manually","starts_at":"2099-12-19T09:09"}'],
  ])('%s: 201', async (_what, body) => {
    const answer = await node.create(body);
    expect(answer.text).toContain('"name":"candidate"');
    expect(answer.text).toContain('"concurrency":"allow"');
    expect(answer.status).toBe(201);
    expect((await node.ask({ method: 'DELETE', path: '/v1/jobs/candidate' })).status).toBe(200);
  });
});
