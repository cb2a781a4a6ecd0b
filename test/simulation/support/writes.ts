import type { ProposalOutcome } from '../../../actors/proposer.ts';
import { ERROR_HEADER } from '../../../src/api/answers.ts';
import type { HttpAnswer } from '../../../src/api/http.ts';
import { assert, assertNever } from '../../../src/core/assert.ts';
import type { Command } from '../../../src/core/jobs/commands.ts';
import type { SubmittedJob } from '../../../src/core/jobs/records.ts';
import { jobName, type WallMs } from '../../../src/core/units.ts';
import { bodyOf, plannedOf } from './jobs.ts';
import type { HttpEnd } from './simulated-http.ts';

/** What a client that saw only the answers knows of one job: null is "doesn't exist". */
export type Known = { readonly version: string; readonly disabled: boolean } | null;

export type Change =
  /** `displayname` is the version by which the job is told from earlier and later ones. */
  | { readonly type: 'set'; readonly job: SubmittedJob }
  | { readonly type: 'disable'; readonly job: SubmittedJob; readonly disabled: boolean }
  | { readonly type: 'toggle'; readonly name: string }
  | { readonly type: 'delete'; readonly name: string };

/** How a write ended, whichever way it took. */
export type WriteEnd =
  /** Acknowledged; `shown` is what the answer shows of the job, undefined when it shows nothing. */
  | { readonly type: 'done'; readonly shown?: Known }
  /** It certainly did not happen. */
  | { readonly type: 'refused'; readonly reason: string }
  | { readonly type: 'unknown' };

/** The job once the change happened to what is known. */
export function after(change: Change, known: Known): Known {
  switch (change.type) {
    case 'set':
      return { version: change.job.displayname, disabled: change.job.disabled };
    case 'disable':
      return known === null ? null : { ...known, disabled: change.disabled };
    case 'toggle':
      return known === null ? null : { ...known, disabled: !known.disabled };
    case 'delete':
      return null;
    default:
      return assertNever(change);
  }
}

/** The command of a change; null: only the API has such a change. */
export function commandOf(change: Change, nowMs: WallMs): Command | null {
  switch (change.type) {
    case 'set':
      return { type: 'setJob', nowMs, job: change.job, next: plannedOf(change.job, nowMs) };
    case 'disable': {
      const { job, disabled } = change;
      return { type: 'setDisabled', nowMs, name: job.name, disabled, next: plannedOf(job, nowMs) };
    }
    case 'toggle':
      return null;
    case 'delete':
      return { type: 'deleteJob', name: jobName(change.name) };
    default:
      return assertNever(change);
  }
}

export interface Request {
  readonly method: string;
  readonly target: string;
  readonly body: string;
}

/** The request of a change; null: only the log has such a change. */
export function requestOf(change: Change, isPut: boolean): Request | null {
  switch (change.type) {
    case 'set':
      return isPut
        ? { method: 'PUT', target: `/v1/jobs/${change.job.name}`, body: bodyOf(change.job) }
        : { method: 'POST', target: '/v1/jobs', body: bodyOf(change.job) };
    case 'disable':
      return null;
    case 'toggle':
      return { method: 'POST', target: `/v1/jobs/${change.name}/toggle`, body: '' };
    case 'delete':
      return { method: 'DELETE', target: `/v1/jobs/${change.name}`, body: '' };
    default:
      return assertNever(change);
  }
}

export function endOfProposal(outcome: ProposalOutcome): WriteEnd {
  if (outcome.type === 'unknown') return outcome;
  if (outcome.type === 'refused') return { type: 'refused', reason: outcome.reason };
  const { result } = outcome;
  if (result.type !== 'refused') return { type: 'done' };
  // The state machine looked: there is no such job.
  return result.code === 'job_not_found' ? { type: 'done', shown: null } : { type: 'refused', reason: result.code };
}

/** `change` tells what the body of the answer is: a deleted job is shown as it was. */
export function endOfRequest(end: HttpEnd, change: Change): WriteEnd {
  if (end.type === 'cut') return { type: 'unknown' };
  if (end.type === 'unreachable') return { type: 'refused', reason: 'unreachable' };
  const { answer } = end;
  if (answer.status < 300) return { type: 'done', shown: change.type === 'delete' ? null : shownIn(answer) };
  return errorOf(answer);
}

export function errorOf(answer: HttpAnswer): Exclude<WriteEnd, { type: 'done' }> {
  const [, header = ''] = answer.headers.find(([name]) => name === ERROR_HEADER) ?? [];
  const reason = header.split(';')[0] ?? '';
  assert(reason !== 'internal_error', `an error in Carillon: ${answer.body.toString()}`);
  return reason === 'outcome_unknown' ? { type: 'unknown' } : { type: 'refused', reason };
}

export function shownIn(answer: HttpAnswer): Known {
  const shown: unknown = JSON.parse(answer.body.toString());
  assert(typeof shown === 'object' && shown !== null, 'a job is an object');
  assert('displayname' in shown && typeof shown.displayname === 'string', 'a job has a displayname');
  assert('disabled' in shown && typeof shown.disabled === 'boolean', 'a job is disabled or not');
  return { version: shown.displayname, disabled: shown.disabled };
}
