import { describe, expect, it } from 'vitest';
import { type CatchupDraft, emptyDraft, type JobDraft } from '../../../src/api/job-draft.ts';
import { type JobRules, validateJob } from '../../../src/api/job-rules.ts';

/** Rules that know one good text of each kind. */
const rules: JobRules = {
  scheduleError: ({ schedule }) => (schedule === '@daily' ? null : 'bad spec'),
  timezoneError: (zone) => (zone === 'UTC' ? null : `unknown time zone ${zone}`),
  duration: (text) => (text === '5s' ? 5_000_000_000n : text === '-5s' ? -5_000_000_000n : null),
  successCodesError: (text) => (text === '' || text === '0' ? null : 'must be good'),
  memoryLimitError: (text) => (text === '1MB' ? null : 'bad limit'),
  next: () => null,
  preview: () => ({ ok: true, dueTimes: [] }),
  offsetSeconds: () => 0,
};

const check = (fields: Partial<JobDraft>): string | null =>
  validateJob({ ...emptyDraft('allow'), name: 'a', schedule: '@daily', ...fields }, rules);

const catchup = (fields: Partial<CatchupDraft>): Partial<JobDraft> => ({
  catchup: { policy: 'all', window: '5s', cap: 1n, ...fields },
});

describe('validateJob', () => {
  it.each<[string, Partial<JobDraft>, string | null]>([
    ['nothing wrong', {}, null],
    ['no name', { name: '' }, 'name cannot be empty'],
    ['a blank', { name: 'a b' }, "name contains illegal character ' '"],
    ['the first of several', { name: 'aB/' }, "name contains illegal character 'B'"],
    ['beyond the basic plane', { name: 'a😀' }, "name contains illegal character '😀'"],
    ['letters of any script, lower case', { name: 'ñ_ß-9я' }, null],
    ['another digit', { name: '٣' }, "name contains illegal character '٣'"],
    ['512 bytes', { name: 'ñ'.repeat(256) }, null],
    ['513 bytes', { name: `${'ñ'.repeat(256)}a` }, 'name is longer than 512 bytes'],
    ['itself as parent', { parentJob: 'a' }, 'the job can not have itself as parent'],
    ['a bad schedule', { schedule: 'x' }, "can't parse job schedule: bad spec"],
    ['no schedule', { schedule: '' }, "can't parse job schedule: bad spec"],
    ['no schedule, a parent', { schedule: '', parentJob: 'p' }, null],
    ['a bad schedule, a parent', { schedule: 'x', parentJob: 'p' }, "can't parse job schedule: bad spec"],
    [
      'a bad policy',
      { concurrency: 'Allow' },
      'invalid concurrency policy value, use "allow", "forbid", "replace" or "queue"',
    ],
    ['no policy', { concurrency: '' }, null],
    ['a bad zone', { timezone: 'X' }, 'unknown time zone X'],
    ['a good zone', { timezone: 'UTC' }, null],
    ['a bad timeout', { executor: 'shell', executorConfig: { timeout: 'x' } }, 'Error parsing job timeout value'],
    ['an empty timeout', { executor: 'shell', executorConfig: { timeout: '' } }, null],
    ['a negative timeout', { executor: 'shell', executorConfig: { timeout: '-5s' } }, null],
    ['a timeout elsewhere', { executor: 'http', executorConfig: { timeout: 'x' } }, null],
    [
      'a bad memory limit',
      { executor: 'shell', executorConfig: { mem_limit: 'x' } },
      'Error parsing job memory limit value: bad limit',
    ],
    ['a good memory limit', { executor: 'shell', executorConfig: { mem_limit: '1MB' } }, null],
    ['good codes', { executor: 'shell', executorConfig: { success_codes: '0' } }, null],
    [
      'bad codes',
      { executor: 'shell', executorConfig: { success_codes: 'x' } },
      'executor_config.success_codes must be good',
    ],
    ['codes elsewhere', { executor: 'http', executorConfig: { success_codes: 'x' } }, null],
    ['children that can not exist', { dependentJobs: ['b', 'X', '', 'x'.repeat(5_000)] }, null],
    ['a catch-up', catchup({}), null],
    ['a bad catch-up', catchup({ policy: 'some' }), 'catchup.policy must be one of skip, once, all'],
    ['no window', catchup({ window: '' }), 'catchup.window must be a duration such as 90s or 1h30m, and not negative'],
    [
      'a negative window',
      catchup({ window: '-5s' }),
      'catchup.window must be a duration such as 90s or 1h30m, and not negative',
    ],
    ['no cap', catchup({ cap: 0n }), 'catchup.cap must be within 1 and 1000'],
    ['a large cap', catchup({ cap: 1_001n }), 'catchup.cap must be within 1 and 1000'],
    ['a loss', { onLost: 'rerun' }, null],
    ['a bad loss', { onLost: 'retry' }, 'on_lost must be record or rerun'],
    ['replace', { concurrency: 'replace' }, null],
    ['a queue of one', { concurrency: 'queue' }, null],
    ['a queue of more', { concurrency: 'queue', queueLimit: 1_000n }, null],
    ['the limit of no queue', { concurrency: 'replace', queueLimit: 1n }, 'queue_limit needs concurrency queue'],
    ['a queue below nothing', { concurrency: 'queue', queueLimit: -1n }, 'queue_limit must be within 1 and 1000'],
    ['a limit', { maxExecutions: 1n }, null],
    ['a limit of nothing', { maxExecutions: 0n }, 'max_executions must be within 1 and 16384'],
    ['a retry without retries', { retry: { interval: '5s', backoff: 1n, maxInterval: '5s' } }, null],
    [
      'a huge backoff',
      { retry: { interval: '5s', backoff: 101n, maxInterval: '5s' } },
      'retry.backoff must be within 1 and 100',
    ],
    ['a retention', { retention: { count: 10_000n, age: '5s' } }, null],
    ['a retention of any age', { retention: { count: 1n, age: null } }, null],
    ['a retention of nothing', { retention: { count: 0n, age: null } }, 'retention.count must be within 1 and 10000'],
  ])('%s', (_what, fields, message) => {
    expect(check(fields)).toBe(message);
  });

  it('checks in Dkron’s order', () => {
    const wrong: Partial<JobDraft>[] = [
      { name: '' },
      { name: 'a', parentJob: 'a' },
      { parentJob: '', schedule: 'x' },
      { schedule: '@daily', concurrency: 'x' },
      { concurrency: 'allow', timezone: 'x' },
      { timezone: '', executor: 'shell', executorConfig: { timeout: 'x', mem_limit: 'x' } },
      { executorConfig: { mem_limit: 'x' } },
      { executorConfig: null, onLost: 'x' },
    ];
    const messages = wrong.map((_, index) => {
      const later = Object.assign({}, ...wrong.slice(index + 1).toReversed());
      const earlier = Object.assign({}, ...wrong.slice(0, index + 1));
      return check({ ...later, ...earlier });
    });
    expect(messages.map((message) => message?.split(' ').slice(0, 4).join(' '))).toEqual([
      'name cannot be empty',
      'the job can not',
      "can't parse job schedule:",
      'invalid concurrency policy value,',
      'unknown time zone x',
      'Error parsing job timeout',
      'Error parsing job memory',
      'on_lost must be record',
    ]);
  });
});
