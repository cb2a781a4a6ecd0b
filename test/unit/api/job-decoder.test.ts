import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeJob, decodeJobs } from '../../../src/api/job-decoder.ts';
import { emptyDraft, type JobDraft, submittedJob } from '../../../src/api/job-draft.ts';
import { draftJson } from '../../../src/api/job-json.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function draftOf(json: string): JobDraft {
  const decoded = decodeJob(bytes(json));
  if (!decoded.ok) throw new Error(decoded.error);
  return decoded.value;
}

const errorOf = (json: string): string | null => {
  const decoded = decodeJob(bytes(json));
  return decoded.ok ? null : decoded.error;
};

/** A map as decoded: without a prototype, so that no key means anything. */
const map = <Value>(entries: Record<string, Value>): Record<string, Value> =>
  Object.assign(Object.create(null), entries);

describe('decodeJob: errors of types, in Go’s words', () => {
  const into = 'json: cannot unmarshal';
  it.each([
    ['[]', `${into} array into Go value of type dkron.Job`],
    ['"x"', `${into} string into Go value of type dkron.Job`],
    ['5', `${into} number into Go value of type dkron.Job`],
    ['true', `${into} bool into Go value of type dkron.Job`],
    ['{"name":5}', `${into} number into Go struct field Job.name of type string`],
    ['{"name":true}', `${into} bool into Go struct field Job.name of type string`],
    ['{"name":{}}', `${into} object into Go struct field Job.name of type string`],
    ['{"NAME":[]}', `${into} array into Go struct field Job.name of type string`],
    ['{"disabled":"true"}', `${into} string into Go struct field Job.disabled of type bool`],
    ['{"retries":"1"}', `${into} string into Go struct field Job.retries of type uint`],
    ['{"retries":1.5}', `${into} number 1.5 into Go struct field Job.retries of type uint`],
    ['{"retries":-0}', `${into} number -0 into Go struct field Job.retries of type uint`],
    ['{"retries":1e2}', `${into} number 1e2 into Go struct field Job.retries of type uint`],
    ['{"retries":1e400}', `${into} number 1e400 into Go struct field Job.retries of type uint`],
    [
      '{"retries":18446744073709551616}',
      `${into} number 18446744073709551616 into Go struct field Job.retries of type uint`,
    ],
    ['{"success_count":"0,1"}', `${into} string into Go struct field Job.success_count of type int`],
    [
      '{"error_count":9223372036854775808}',
      `${into} number 9223372036854775808 into Go struct field Job.error_count of type int`,
    ],
    ['{"tags":{"a":1}}', `${into} number into Go struct field Job.tags of type string`],
    ['{"tags":"x"}', `${into} string into Go struct field Job.tags of type map[string]string`],
    ['{"metadata":[]}', `${into} array into Go struct field Job.metadata of type map[string]string`],
    ['{"executor_config":{"timeout":30}}', `${into} number into Go struct field Job.executor_config of type string`],
    [
      '{"executor_config":1}',
      `${into} number into Go struct field Job.executor_config of type plugin.ExecutorPluginConfig`,
    ],
    ['{"processors":{"log":"x"}}', `${into} string into Go struct field Job.processors of type plugin.Config`],
    ['{"processors":[]}', `${into} array into Go struct field Job.processors of type map[string]plugin.Config`],
    ['{"processors":{"log":{"a":1}}}', `${into} number into Go struct field Job.processors of type string`],
    ['{"dependent_jobs":"x"}', `${into} string into Go struct field Job.dependent_jobs of type []string`],
    ['{"dependent_jobs":["x",1]}', `${into} number into Go struct field Job.dependent_jobs of type string`],
    ['{"catchup":"all"}', `${into} string into Go struct field Job.catchup of type catchup`],
    ['{"catchup":{"cap":"1"}}', `${into} string into Go struct field Job.catchup.cap of type int`],
    ['{"on_lost":1}', `${into} number into Go struct field Job.on_lost of type string`],
    ['{"next":5}', 'Time.UnmarshalJSON: input is not a JSON string'],
    ['{"starts_at":{}}', 'Time.UnmarshalJSON: input is not a JSON string'],
  ])('%s', (json, error) => {
    expect(errorOf(json)).toBe(error);
  });

  it('reports the first wrong type, but a bad time before it, and bad syntax before both', () => {
    expect(errorOf('{"retries":-1,"name":5}')).toContain('Job.retries');
    expect(errorOf('{"retries":-1,"next":"x"}')).toMatch(/^parsing time "x"/);
    expect(errorOf('{"retries":-1,"next":"x"')).toBe('unexpected EOF');
  });
});

describe('decodeJob: what is taken', () => {
  it('matches keys exactly or in any case, Go’s two odd letters included', () => {
    expect(draftOf('{"NAME":"a","ſchedule":"@daily","Executor_Config":{"K":"v"}}')).toMatchObject({
      name: 'a',
      schedule: '@daily',
      executorConfig: map({ K: 'v' }),
    });
    expect(draftOf('{"proceßors":{"x":{}},"naïme":"b"}')).toEqual(emptyDraft('allow'));
  });

  it('lets the last of two equal keys win, adds up maps, and forgets them at null', () => {
    expect(draftOf('{"name":"a","Name":"b","retries":1,"retries":2}')).toMatchObject({ name: 'b', retries: 2n });
    expect(draftOf('{"tags":{"a":"1","b":"1"},"tags":{"b":"2"}}').tags).toEqual(map({ a: '1', b: '2' }));
    expect(draftOf('{"tags":{"a":"1"},"tags":null}').tags).toBeNull();
    expect(draftOf('{"dependent_jobs":["a","b"],"dependent_jobs":[null]}').dependentJobs).toEqual(['a']);
  });

  it('leaves the default at null', () => {
    const keys = Object.entries({
      name: 'null',
      concurrency: 'null',
      disabled: 'null',
      retries: 'null',
      tags: 'null',
      processors: 'null',
      next: 'null',
      starts_at: 'null',
      catchup: 'null',
      on_lost: 'null',
      queue_limit: 'null',
      max_executions: 'null',
      retry: 'null',
      retention: 'null',
    });
    expect(draftOf(`{${keys.map(([key, value]) => `"${key}":${value}`).join()}}`)).toEqual(emptyDraft('allow'));
    expect(draftOf('null')).toEqual(emptyDraft('allow'));
    expect(draftOf('{"tags":{"a":null},"processors":{"p":null}}')).toMatchObject({
      tags: map({ a: '' }),
      processors: map({ p: null }),
    });
  });

  it('ignores unknown keys, whatever they hold, and what follows the value', () => {
    expect(draftOf('{"x":{"name":[1,{"]":"}"}]},"name":"a","y":-1e999}garbage')).toMatchObject({ name: 'a' });
  });

  it('keeps keys such as __proto__ as keys', () => {
    const draft = draftOf('{"__proto__":{"name":"evil"},"tags":{"__proto__":"a","constructor":"b"}}');
    expect(draft.name).toBe('');
    expect(Object.entries(draft.tags ?? {})).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ]);
  });

  it('takes integers up to 64 bits', () => {
    expect(
      draftOf('{"retries":18446744073709551615,"success_count":-9223372036854775808,"error_count":-0}'),
    ).toMatchObject({ retries: 18446744073709551615n, successCount: -9223372036854775808n, errorCount: 0n });
  });

  it('fills up what a catch-up policy leaves out', () => {
    expect(draftOf('{"retry":{}}').retry).toEqual({ interval: '10s', backoff: 1n, maxInterval: '1h' });
    expect(draftOf('{"retry":{"Backoff":2},"RETRY":{"interval":"5s"}}').retry).toEqual({
      interval: '5s',
      backoff: 2n,
      maxInterval: '1h',
    });
    expect(draftOf('{"retention":{"age":"1h","age":null}}').retention).toEqual({ count: 100n, age: null });
    expect(draftOf('{"queue_limit":5,"queue_limit":null}').queueLimit).toBeNull();
    expect(draftOf('{"catchup":{"policy":"once"}}').catchup).toEqual({ policy: 'once', window: '60s', cap: 100n });
  });
});

describe('decodeJobs', () => {
  it('sets no concurrency, and takes nothing behind the list', () => {
    const decoded = decodeJobs(bytes(' [{"name":"a"},{}] '));
    expect(decoded.ok && decoded.value.map(({ name, concurrency }) => [name, concurrency])).toEqual([
      ['a', ''],
      ['', ''],
    ]);
    expect(decodeJobs(bytes('[]x')).ok).toBe(false);
  });

  it.each(['{}', '[null]', '[1]', '["x"]', 'null', '[{"name":5}]', '', '[{}'])(
    'refuses %s or takes no job of it',
    (json) => {
      const decoded = decodeJobs(bytes(json));
      expect(decoded.ok ? decoded.value : 'refused').toEqual(json === 'null' ? [] : 'refused');
    },
  );
});

describe('drafts', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 10 });
  const texts = fc.dictionary(text, text, { maxKeys: 3 });
  const job = fc.record({
    id: text,
    name: text,
    displayname: text,
    schedule: text,
    disabled: fc.boolean(),
    success_count: fc.maxSafeInteger(),
    retries: fc.nat(),
    tags: fc.option(texts),
    executor_config: fc.option(texts),
    dependent_jobs: fc.option(fc.array(text, { maxLength: 3 })),
    processors: fc.option(fc.dictionary(text, texts, { maxKeys: 2 })),
    next: fc.constantFrom('2030-01-01T00:00:00Z', '2030-01-01T00:00:00.5+02:00'),
    starts_at: fc.constantFrom(null, '2030-01-01T00:00:00.000000001Z'),
  });

  it('are read, written and read again without a loss', () => {
    fc.assert(
      fc.property(job, (given) => {
        const once = draftOf(JSON.stringify(given));
        expect(draftOf(draftJson(once))).toEqual(once);
        expect(JSON.parse(draftJson(once))).toMatchObject(JSON.parse(JSON.stringify(given)));
      }),
    );
  });

  it('survive any change of a byte: a job or an error, never a crash', () => {
    fc.assert(
      fc.property(job, fc.nat(), fc.nat(255), (given, at, byte) => {
        const mutated = bytes(JSON.stringify(given));
        mutated[at % mutated.length] = byte;
        const decoded = decodeJob(mutated);
        if (decoded.ok) JSON.parse(draftJson(decoded.value));
        else expect(decoded.error).not.toBe('');
      }),
      { numRuns: 3_000 },
    );
  });

  it('become commands with empty maps as null and times in UTC', () => {
    const draft = draftOf(
      '{"name":"a","tags":{},"processors":{"p":null},"dependent_jobs":[],"starts_at":"2030-01-01T00:00:00+01:00","on_lost":"rerun"}',
    );
    expect(submittedJob(draft)).toMatchObject({
      tags: null,
      processors: map({ p: {} }),
      dependentJobs: null,
      startsAt: [Date.UTC(2029, 11, 31, 23) / 1000, 0],
      onLost: 'rerun',
      catchup: null,
    });
  });
});
