import { assert } from '../../../src/core/assert.ts';
import type { RetryPolicy, SubmittedJob } from '../../../src/core/jobs/records.ts';
import { plannedNext } from '../../../src/core/schedule/schedule.ts';
import type { Instant, WallMs } from '../../../src/core/units.ts';
import { submitted } from '../../support/state-harness.ts';
import { schedules } from './one-node.ts';

/** Few enough runs in a test's time that the whole history of a job is kept. */
export const lasting: readonly SubmittedJob[] = [
  job('steady', { schedule: '@every 3s' }, { run_ms: '300', output: 'hi' }),
  job('failing', { schedule: '@every 9s', retries: 2 }, { run_ms: '50', fail: 'exit status 1' }),
  job(
    'patient',
    { schedule: '@every 11s', retries: 3, retry: { interval: '700ms', backoff: 3, maxInterval: '4s' } },
    { run_ms: '50', fail: 'exit status 1' },
  ),
  job('alone', { schedule: '*/3 * * * * *', concurrency: 'forbid' }, { run_ms: '5000' }),
  job('slow', { schedule: '@every 10s', concurrency: 'forbid' }, { run_ms: '24000' }),
  job('newest', { schedule: '@every 7s', concurrency: 'replace', retries: 1 }, { run_ms: '9000', deaf: 'true' }),
  job('in-line', { schedule: '@every 5s', concurrency: 'queue', queueLimit: 2 }, { run_ms: '7000' }),
  job('few', { schedule: '@every 4s', maxExecutions: 2, retries: 1 }, { run_ms: '7500' }),
  job('parent', { schedule: '@every 4s' }, { run_ms: '100' }),
  job('child', { schedule: '', parentJob: 'parent' }, { run_ms: '200' }),
  job('again', { schedule: '@every 17s', onLost: 'rerun' }, { run_ms: '3000' }),
  job('lazy', { schedule: '@every 3s', catchup: { policy: 'skip', window: '60s', cap: 10 } }, {}),
  job('once', { schedule: '@every 3s', catchup: { policy: 'once', window: '60s', cap: 10 } }, {}),
];

export const exclusiveJobs = lasting.filter(({ concurrency }) => concurrency !== 'allow').map(({ name }) => name);

/** Of these only the latest executions are kept; some overlap, so that what ends is more than that. */
export const forgetful: readonly SubmittedJob[] = [
  job('brief', { schedule: '@every 1s', retention: { count: 3, age: null } }, { run_ms: '2500', output: 'hi' }),
  job(
    'aging',
    { schedule: '@every 2s', retries: 1, retention: { count: 50, age: '8s' } },
    { run_ms: '50', fail: 'exit status 1' },
  ),
];

/** These are edited, switched off and on, deleted and made again while they run. */
export const changing: readonly SubmittedJob[] = [
  job('edited', { schedule: '@every 4s' }, { run_ms: '100' }),
  job('fickle', { schedule: '*/4 * * * * *' }, { run_ms: '1500' }),
];

export const allJobs = [...lasting, ...forgetful, ...changing];

/** Of these, some are run by hand too: they are never deleted, so that every run is still known at the end. */
export const runByHand = ['steady', 'alone', 'again', 'few', 'in-line'] as const;

function job(name: string, fields: Partial<SubmittedJob>, executorConfig: Record<string, string>): SubmittedJob {
  return submitted(name, { executor: 'simulated', executorConfig, ...fields });
}

/** What the proposer of a command on the job stamps as its next run. */
export function plannedOf(wanted: SubmittedJob, nowMs: WallMs): Instant | null {
  if (wanted.schedule === '') return null;
  const compiled = schedules.compile(wanted.schedule, wanted.name, wanted.timezone);
  assert(compiled.ok, 'the schedules of the load are valid');
  return plannedNext(wanted, compiled.schedule, nowMs, nowMs);
}

/** The body that says the same to the API. */
export function bodyOf(wanted: SubmittedJob): string {
  return JSON.stringify({
    name: wanted.name,
    displayname: wanted.displayname,
    schedule: wanted.schedule,
    disabled: wanted.disabled,
    retries: wanted.retries,
    parent_job: wanted.parentJob,
    concurrency: wanted.concurrency,
    executor: wanted.executor,
    executor_config: wanted.executorConfig,
    ...(wanted.catchup === null ? {} : { catchup: wanted.catchup }),
    ...(wanted.onLost === null ? {} : { on_lost: wanted.onLost }),
    ...(wanted.queueLimit === null ? {} : { queue_limit: wanted.queueLimit }),
    ...(wanted.maxExecutions === null ? {} : { max_executions: wanted.maxExecutions }),
    ...(wanted.retry === null ? {} : { retry: retryBody(wanted.retry) }),
    ...(wanted.retention === null ? {} : { retention: wanted.retention }),
  });
}

const retryBody = ({ interval, backoff, maxInterval }: RetryPolicy): object => ({
  interval,
  backoff,
  max_interval: maxInterval,
});
