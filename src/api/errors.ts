import { limits } from '../core/limits.ts';

/**
 * Every error that the API answers, by code: its status, and the sentence that says what to do. docs/api/errors.md is
 * checked against this table by a test. Codes are never renamed.
 */
export const apiErrors = {
  bad_target: [400, 'The request target is not a valid URL path: check its percent-encoding.'],
  bad_framing: [400, 'The length of the body is stated in contradictory or unknown ways.'],
  route_not_found: [404, 'There is no such route: docs/api/routes.md lists them.'],
  not_acceptable: [404, 'Only text/html is served here: send Accept: text/html, or use /v1.'],
  payload_unreadable: [400, 'The body is not a job in JSON: see the message.'],
  body_too_large: [413, 'The body is larger than this route takes.'],
  job_invalid: [400, 'The job breaks a rule: see the message.'],
  job_name_mismatch: [400, 'The body names another job than the path: use the same name in both.'],
  same_parent: [400, 'A job can not be its own parent.'],
  parent_cycle: [400, 'The parent runs after this job already: a chain may not lead back to itself.'],
  parent_not_found: [404, 'The parent job does not exist: create it first.'],
  submissions_paused: [503, 'New jobs are not taken while paused: POST /v1/unpause.'],
  job_not_found: [404, 'There is no job of that name.'],
  execution_not_found: [404, 'The job has no execution of that id; old ones are removed.'],
  execution_ended: [409, 'The execution has ended, and no attempt follows: there is nothing to stop.'],
  has_dependents: [404, 'Other jobs have this one as parent: delete them first.'],
  job_disabled: [404, 'A disabled job can not be run: enable it with POST /v1/jobs/{job}/toggle.'],
  no_targets: [404, "No live node matches the job's tags."],
  sort_unknown: [400, 'The list can not be sorted by that field.'],
  restore_file_missing: [404, 'Send the backup as multipart/form-data in a file field named "file".'],
  restore_file_invalid: [400, 'The file is not a backup that can be restored: see the message.'],
  limit_reached: [422, 'A limit is reached: docs/operations.md lists them.'],
  job_too_large: [413, 'The job is too large for the log.'],
  leader_unknown: [500, 'There is no leader now: try again in a moment.'],
  not_leader: [404, 'This node is a follower; GET /v1/leader names the leader.'],
  no_leader: [503, 'There is no leader to take the write: try again in a moment.'],
  overloaded: [503, 'Too much is waiting: try again in a moment.'],
  storage_full: [507, 'The disk is full: free space on the servers.'],
  outcome_unknown: [504, 'No answer in time; the change may still happen: read before trying again.'],
  query_invalid: [400, 'A query parameter has a bad value: see the message.'],
  schedule_invalid: [400, 'The schedule can not be read: see the message.'],
  output_not_stored: [404, 'The execution still runs: its output is stored when it ends.'],
  upgrade_required: [426, 'Events are told over a WebSocket: send Upgrade: websocket, or use carillon events.'],
  not_ready: [503, 'The node is starting, or knows no leader yet.'],
  internal_error: [500, 'An error in Carillon; the log of this node has it.'],
} as const satisfies Record<string, readonly [status: number, sentence: string]>;

/** Seconds after which a client should try again what was refused so: `Retry-After`. */
const retryAfterSeconds: Readonly<Record<string, number>> = { no_leader: 1, not_ready: 1, overloaded: 1 };

export type ApiErrorCode = keyof typeof apiErrors;

export const isApiErrorCode = (code: string): code is ApiErrorCode => Object.hasOwn(apiErrors, code);

/** Null: trying again as it is, and soon, is of no use. */
export const retryAfterOf = (code: ApiErrorCode): number | null => retryAfterSeconds[code] ?? null;

export const statusOf = (code: ApiErrorCode): number => apiErrors[code][0];
export const sentenceOf = (code: ApiErrorCode): string => apiErrors[code][1];

/** Value of the header `Carillon-Error`: code and sentence, in visible ASCII. */
export function errorHeader(code: ApiErrorCode, message?: string): string {
  const text = `${code}; ${message === undefined || message === '' ? sentenceOf(code) : message}`;
  return text.replace(/[^\x20-\x7e]+/g, '?').slice(0, limits.errorHeaderBytes);
}
