import { jobSortFields } from '../../core/jobs/reads.ts';
import { limits } from '../../core/limits.ts';
import { answered, failures, jsonOf, location, textContent, total, writeCodes } from './responses.ts';
import { count, flag, listOf, reference, text, time } from './schemas.ts';
import type { Operation, Operations, QueryParameter, Schema } from './types.ts';

const oneOf = (...values: string[]): Schema => ({ type: 'string', enum: values });

const page: readonly QueryParameter[] = [
  { name: '_start', description: 'First of the page, from 0.', schema: count },
  { name: '_end', description: 'End of the page, exclusive.', schema: count },
];

const order = (...fields: string[]): QueryParameter[] => [
  { name: '_sort', description: 'The order.', schema: oneOf(...fields) },
  { name: '_order', description: 'DESC turns it around.', schema: oneOf('ASC', 'DESC') },
];

const theJob = answered(200, 'The job.', jsonOf(reference('Job')));

const setJob = (summary: string, ...more: 'job_name_mismatch'[]): Operation => ({
  summary,
  query: [{ name: 'runoncreate', description: 'Also run it, in the background; any value.', schema: flag }],
  body: jsonOf(reference('SubmittedJob')),
  responses: {
    ...answered(201, 'The job as it was sent.', jsonOf(reference('Job')), location),
    ...failures('sentence', [
      'payload_unreadable',
      'job_invalid',
      ...more,
      'parent_cycle',
      'parent_not_found',
      'submissions_paused',
      'job_too_large',
      ...writeCodes,
    ]),
  },
});

const launched = {
  ...location,
  'Carillon-Launch': { description: 'The launch: `group` of its executions.', schema: text },
};

const runJob: Operation = {
  summary: 'Run it now.',
  query: [{ name: 'wait', description: 'Answer when the run has ended, retries included; any value.', schema: flag }],
  responses: {
    ...answered(200, 'The job as it was before; with `wait`, as it is.', jsonOf(reference('Job')), launched),
    ...failures('empty', ['job_not_found', 'job_disabled', 'no_targets', 'limit_reached', ...writeCodes]),
  },
};

/** Jobs and their executions. */
export const jobOperations: Operations = {
  'POST /v1/restore': {
    summary: 'Restore a backup of ours, which is known by its first bytes, or set the jobs of a list of jobs.',
    body: {
      'application/octet-stream': { schema: { type: 'string', format: 'binary' } },
      'multipart/form-data': {
        schema: { type: 'object', properties: { file: { type: 'string', format: 'binary' } }, required: ['file'] },
      },
    },
    responses: {
      ...answered(
        200,
        'What of our backup was restored; for a list of jobs a text that holds a JSON list: what happened to each job.',
        jsonOf({ oneOf: [reference('Restored'), text] }),
      ),
      ...failures('empty', ['restore_file_missing', 'restore_file_invalid', 'job_too_large', ...writeCodes]),
    },
  },
  'GET /v1/backup': {
    summary: 'Jobs, counters and history as of now, in a file for POST /v1/restore (docs/api/backup.md).',
    responses: {
      ...answered(200, 'The file, in pieces.', { 'application/octet-stream': {} }),
      ...failures('own', ['overloaded']),
    },
  },
  'GET /v1/jobs': {
    summary: 'Jobs, filtered, ordered, cut to a page.',
    query: [
      ...order('id', ...jobSortFields),
      ...page,
      { name: 'q', description: 'Part of the name or the displayname, case-sensitive.', schema: text },
      {
        name: 'metadata',
        description: 'Exact values by key; all must match.',
        schema: { type: 'object', additionalProperties: text },
        style: 'deepObject',
        explode: true,
      },
      {
        name: 'status',
        description: 'How it ended last.',
        schema: oneOf('success', 'failed', 'partially_failed', 'untriggered'),
      },
      { name: 'disabled', description: 'Only those that are, or are not.', schema: flag },
    ],
    responses: {
      ...answered(200, 'The page.', jsonOf(listOf(reference('Job'))), total),
      ...failures('empty', ['sort_unknown']),
    },
  },
  'POST /v1/jobs': setJob('Create a job, or replace it as a whole.'),
  'PATCH /v1/jobs': setJob('Create a job, or replace it as a whole.'),
  'PUT /v1/jobs/:job': setJob(
    'Create a job, or replace it as a whole; the body names the same job.',
    'job_name_mismatch',
  ),
  'GET /v1/jobs/:job': {
    summary: 'One job.',
    responses: { ...theJob, ...failures('empty', ['job_not_found']) },
  },
  'DELETE /v1/jobs/:job': {
    summary: 'Delete a job with its executions; what runs goes on to its end.',
    responses: { ...theJob, ...failures('empty', ['job_not_found', 'has_dependents', ...writeCodes]) },
  },
  'POST /v1/jobs/:job': runJob,
  'POST /v1/jobs/:job/run': runJob,
  'POST /v1/jobs/:job/toggle': {
    summary: 'Enable a disabled job, disable an enabled one.',
    responses: {
      ...answered(200, 'The job.', jsonOf(reference('Job')), location),
      ...failures('empty', ['job_not_found', ...writeCodes]),
    },
  },
  'GET /v1/jobs/:job/executions': {
    summary: "Executions kept of a job, times in the job's zone.",
    query: [
      ...order('id', 'started_at', 'finished_at', 'attempt'),
      { name: 'output_size_limit', description: 'Only the last so many bytes of output.', schema: count },
    ],
    responses: {
      ...answered(200, 'The executions, newest first.', jsonOf(listOf(reference('ListedExecution'))), total),
      ...failures('empty', ['job_not_found']),
    },
  },
  'DELETE /v1/jobs/:job/executions': {
    summary: 'Forget its executions and counters.',
    responses: { ...theJob, ...failures('empty', ['job_not_found', ...writeCodes]) },
  },
  'GET /v1/jobs/:job/executions/:execution': {
    summary: 'One execution with all of its output.',
    responses: {
      ...answered(200, 'The execution.', jsonOf(reference('Execution'))),
      ...failures('empty', ['job_not_found', 'execution_not_found']),
    },
  },
  'GET /v1/jobs/:job/executions/:execution/output': {
    summary: 'The stored output of an execution that has ended; with follow also what one that runs writes.',
    query: [
      {
        name: 'follow',
        description: 'Also of one that runs: what is there and then what comes, until its end; whatever the value.',
        schema: text,
      },
      { name: 'from', description: 'With follow: begin behind so many bytes.', schema: count },
    ],
    responses: {
      ...answered(200, 'The bytes that were written, in whatever encoding.', textContent),
      ...failures('own', ['job_not_found', 'execution_not_found', 'output_not_stored', 'query_invalid', 'overloaded']),
    },
  },
  'POST /v1/jobs/:job/executions/:execution/stop': {
    summary: 'End an execution, or give up the retry that waits after it.',
    query: [{ name: 'wait', description: 'Answer when its end is recorded; any value.', schema: flag }],
    responses: {
      ...answered(202, 'The execution; it is being stopped.', jsonOf(reference('Execution'))),
      ...answered(200, 'With `wait`: the execution, which has ended.', jsonOf(reference('Execution'))),
      ...failures('own', ['query_invalid', 'job_not_found', 'execution_not_found', 'execution_ended', ...writeCodes]),
    },
  },
  'GET /v1/schedule/preview': {
    summary: 'The next due times of a schedule.',
    query: [
      { name: 'spec', description: 'A schedule, as a job has it.', schema: text, required: true },
      { name: 'tz', description: "The job's timezone.", schema: text },
      {
        name: 'n',
        description: 'How many.',
        schema: { type: 'integer', minimum: 1, maximum: limits.previewedDueTimes, default: 5 },
      },
      { name: 'from', description: 'They are strictly after this time; default: now.', schema: time },
      { name: 'name', description: "The job's name, which ~ and H depend on.", schema: text },
    ],
    responses: {
      ...answered(200, 'The due times; fewer than `n` where there are no more.', jsonOf(reference('Preview'))),
      ...failures('own', ['query_invalid', 'schedule_invalid']),
    },
  },
  'GET /v1/stats': {
    summary: 'What happened, in steps of whole minutes; steps without anything are left out.',
    query: [
      { name: 'job', description: 'Of that job only: its latest minutes with activity.', schema: text },
      { name: 'from', description: 'Default: an hour before `to`.', schema: time },
      { name: 'to', description: 'Exclusive; default: now.', schema: time },
      { name: 'step', description: 'A duration of whole minutes; default 1m.', schema: text },
    ],
    responses: {
      ...answered(200, 'The steps, the oldest first.', jsonOf(reference('Stats'))),
      ...failures('own', ['query_invalid', 'job_not_found']),
    },
  },
  'GET /v1/launches': {
    summary: 'Launches that were missed, skipped, lost or late, or wait for their turn.',
    query: [
      {
        name: 'state',
        description: 'Which of them.',
        schema: oneOf('missed', 'skipped', 'lost', 'late', 'queued'),
        required: true,
      },
      { name: 'job', description: 'Of that job only.', schema: text },
      ...page,
    ],
    responses: {
      ...answered(
        200,
        'The launches, newest first; those that wait, in the order of their due times.',
        jsonOf(
          listOf({
            oneOf: [
              reference('NotedLaunch'),
              reference('LostLaunch'),
              reference('LateLaunch'),
              reference('QueuedLaunch'),
            ],
          }),
        ),
        total,
      ),
      ...failures('own', ['query_invalid', 'job_not_found']),
    },
  },
};
