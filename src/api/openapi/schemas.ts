import { limits } from '../../core/limits.ts';
import type { Schema } from './types.ts';

export const text: Schema = { type: 'string' };
export const flag: Schema = { type: 'boolean' };
export const count: Schema = { type: 'integer', minimum: 0 };
export const time: Schema = { type: 'string', format: 'date-time' };
const integer: Schema = { type: 'integer' };
const nullableTime: Schema = { type: ['string', 'null'], format: 'date-time' };
const textMap: Schema = { type: 'object', additionalProperties: text };
const nullableTextMap: Schema = { type: ['object', 'null'], additionalProperties: text };
const nullableTexts: Schema = { type: ['array', 'null'], items: text };

export const listOf = (items: Schema): Schema => ({ type: 'array', items });
export const reference = (name: keyof typeof schemas): Schema => ({ $ref: `#/components/schemas/${name}` });

/** An object all of whose properties are always there, but for those named. */
function objectOf(properties: Readonly<Record<string, Schema>>, optional: readonly string[] = []): Schema {
  const required = Object.keys(properties).filter((key) => !optional.includes(key));
  return { type: 'object', properties, ...(required.length === 0 ? {} : { required }) };
}

const catchup: Schema = {
  ...objectOf(
    {
      policy: { type: 'string', enum: ['all', 'once', 'skip'], default: 'all' },
      window: { type: 'string', description: 'A duration such as 90s or 1h30m.', default: '60s' },
      cap: { type: 'integer', minimum: 1, maximum: limits.catchupCapMost, default: limits.catchupCap },
    },
    ['policy', 'window', 'cap'],
  ),
  description: 'What becomes of due times that were not launched in time.',
};

const onLost: Schema = {
  type: 'string',
  enum: ['record', 'rerun'],
  description: 'What becomes of an execution whose node died with it.',
};

const upTo = (maximum: number): Schema => ({ type: 'integer', minimum: 1, maximum });

const retry: Schema = {
  ...objectOf(
    {
      interval: { type: 'string', description: 'Before the first retry: a duration.', default: '10s' },
      backoff: { ...upTo(limits.retryBackoffMost), default: 1, description: 'Each pause is so many times the last.' },
      max_interval: { type: 'string', description: 'The longest pause.', default: '1h' },
    },
    ['interval', 'backoff', 'max_interval'],
  ),
  description: 'When a failed attempt is repeated.',
};

const retention: Schema = {
  ...objectOf(
    {
      count: { ...upTo(limits.executionsPerJobMost), default: limits.executionsPerJob },
      age: { type: 'string', description: 'A duration; not there: whatever the age.' },
    },
    ['count', 'age'],
  ),
  description: 'Which executions are kept after their end.',
};

/** The keys of a job; the answers have all of them, but for our own, which appear only where they were set. */
const jobProperties: Readonly<Record<string, Schema>> = {
  id: text,
  name: {
    type: 'string',
    maxLength: limits.jobNameBytes,
    description: 'Lower-case letters, digits, _ and -; the identity of the job.',
  },
  displayname: text,
  timezone: { type: 'string', description: "IANA zone of cron fields; empty is the server's own." },
  schedule: { type: 'string', description: 'Cron fields with seconds, a descriptor, or @every, @at, @manually.' },
  owner: text,
  owner_email: text,
  success_count: integer,
  error_count: integer,
  last_success: nullableTime,
  last_error: nullableTime,
  disabled: flag,
  tags: { ...nullableTextMap, description: 'Nodes that may run it: "value" or "value:count" by key.' },
  metadata: nullableTextMap,
  retries: { type: 'integer', minimum: 0, maximum: 4_294_967_295 },
  dependent_jobs: nullableTexts,
  parent_job: { type: 'string', description: 'Runs after each success of that job.' },
  processors: { type: ['object', 'null'], additionalProperties: nullableTextMap },
  concurrency: { type: 'string', description: 'allow, forbid, replace or queue.' },
  executor: { type: 'string', description: 'shell or http.' },
  executor_config: nullableTextMap,
  status: { type: 'string', description: 'success, failed, partially_failed; empty: never finished.' },
  next: { ...time, description: 'The next planned run; 0001-01-01T00:00:00Z: none.' },
  ephemeral: { type: 'boolean', description: 'Deleted after its first success.' },
  starts_at: nullableTime,
  expires_at: nullableTime,
  catchup,
  on_lost: onLost,
  queue_limit: { ...upTo(limits.queueLimitMost), description: 'Launches that may wait under concurrency queue.' },
  max_executions: { ...upTo(limits.maxExecutionsMost), description: 'Executions that may run at once.' },
  retry,
  retention,
};

const ownJobKeys = ['catchup', 'on_lost', 'queue_limit', 'max_executions', 'retry', 'retention'];

const execution: Readonly<Record<string, Schema>> = {
  id: { type: 'string', description: '<stamp>-<node>' },
  job_name: text,
  started_at: time,
  finished_at: { ...time, description: '0001-01-01T00:00:00Z: it runs.' },
  success: flag,
  output: { type: 'string', description: 'Not there when it is empty.' },
  node_name: text,
  group: { type: 'integer', format: 'int64', description: 'The launch: 19 digits, too many for a JavaScript number.' },
  attempt: { type: 'integer', minimum: 1 },
  late_end: {
    type: 'string',
    enum: ['success', 'failed'],
    description: 'Only of one that was given up as lost and ended nevertheless: how.',
  },
  stop: {
    type: 'string',
    enum: ['request', 'replaced'],
    description: 'It is to be stopped, or was: by a client, or by a newer launch. Not there when nobody wanted that.',
  },
};

const member: Readonly<Record<string, Schema>> = {
  Name: text,
  Addr: text,
  Port: count,
  Tags: textMap,
  Status: { type: 'integer', minimum: 0, maximum: 4, description: '0 none, 1 alive, 2 leaving, 3 left, 4 failed.' },
  ProtocolMin: count,
  ProtocolMax: count,
  ProtocolCur: count,
  DelegateMin: count,
  DelegateMax: count,
  DelegateCur: count,
};

const spread = objectOf({ count, sum_ms: count, max_ms: count, p50_ms: count, p99_ms: count });

const socketAddress = objectOf({ IP: text, Port: count, Zone: text });

export const schemas = {
  Error: {
    ...objectOf({ code: { type: 'string', description: 'Never changes.' }, message: text }),
    description: "An error of Carillon's own routes.",
  },
  Job: objectOf(jobProperties, ownJobKeys),
  SubmittedJob: {
    type: 'object',
    properties: jobProperties,
    required: ['name'],
    description: 'Keys match in any case, unknown ones are ignored, null is "not given". See docs/api/jobs.md.',
  },
  Execution: objectOf(execution, ['output', 'late_end', 'stop']),
  ListedExecution: objectOf({ ...execution, output_truncated: flag }, ['output', 'late_end', 'stop']),
  Status: objectOf({ agent: textMap, serf: textMap, tags: textMap }),
  Leader: objectOf(member),
  Member: objectOf({ ...member, id: text, statusText: text }),
  Server: objectOf({
    Name: text,
    ID: text,
    Region: text,
    Datacenter: text,
    Port: count,
    Bootstrap: flag,
    Expect: count,
    RaftVersion: count,
    BuildVersion: text,
    Addr: socketAddress,
    RPCAddr: socketAddress,
    Status: count,
  }),
  Restored: objectOf({
    jobs: count,
    executions: count,
    notes: count,
    failed: listOf(objectOf({ job: text, code: text, message: text })),
  }),
  Pause: objectOf({ paused: flag }),
  Health: objectOf({ status: { type: 'string', enum: ['healthy', 'ready'] } }),
  Preview: objectOf({ next: { ...listOf(time), maxItems: limits.previewedDueTimes } }),
  NotedLaunch: objectOf({
    job: text,
    state: { type: 'string', enum: ['missed', 'skipped'] },
    from: time,
    to: time,
    count: { type: 'integer', minimum: 1 },
    reason: text,
  }),
  QueuedLaunch: objectOf(
    {
      job: text,
      state: { type: 'string', const: 'queued' },
      scheduled_at: time,
      attempt: { type: 'integer', minimum: 1 },
      node: { type: 'string', description: 'Where it is to run; not there: to be chosen when it starts.' },
      since: time,
      reason: text,
    },
    ['node'],
  ),
  LateLaunch: objectOf({
    job: text,
    state: { type: 'string', const: 'late' },
    execution: text,
    scheduled_at: time,
    started_at: time,
    late_ms: count,
  }),
  Stats: objectOf({
    from: time,
    to: time,
    step_seconds: count,
    steps: listOf(
      objectOf({
        at: time,
        launches: count,
        succeeded: count,
        failed: count,
        lost: count,
        skipped: count,
        missed: count,
        lateness: { ...spread, description: 'From due time to start, of scheduled first attempts.' },
        duration: spread,
      }),
    ),
  }),
  LostLaunch: objectOf({ job: text, state: { type: 'string', const: 'lost' }, execution: text, scheduled_at: time }),
} as const satisfies Record<string, Schema>;
