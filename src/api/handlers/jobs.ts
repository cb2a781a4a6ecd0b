import { type JobQuery, type JobSortField, jobSortFields } from '../../core/jobs/reads.ts';
import { emptyError, textError } from '../answers.ts';
import type { Call } from '../call.ts';
import { sentenceOf } from '../errors.ts';
import { decodeJob } from '../job-decoder.ts';
import { type JobDraft, submittedJob } from '../job-draft.ts';
import { draftJson, jobJson } from '../job-json.ts';
import { isJobName, validateJob } from '../job-rules.ts';
import { looseInteger } from '../query.ts';
import { type Failure, plannedNext } from '../services.ts';

const PARENT_NOT_FOUND = 'specified parent job not found';

/**
 * Dkron's parameter values. Those that list executions there, and invent rows of empty jobs, sort by name here, as
 * does an empty value (dkron-v4 13.1 #45).
 */
const sortFields: ReadonlyMap<string, JobSortField> = new Map([
  ['id', 'name'],
  ...jobSortFields.map((field) => [field, field] as const),
  ['', 'name'],
  ['started_at', 'name'],
  ['finished_at', 'name'],
  ['attempt', 'name'],
]);

/** GET /v1/jobs (dkron-v4 1.4). */
export function listJobs(call: Call): void {
  const { query, services } = call;
  const sortName = query.get('_sort') ?? 'id';
  const sort = sortFields.get(sortName);
  if (sort === undefined) {
    const known = [...sortFields.keys()].slice(0, 9).join(', ');
    call.answer(emptyError('sort_unknown', `there is no order by "${sortName}": use one of ${known}`));
    return;
  }
  const disabled = query.get('disabled') ?? '';
  if (disabled !== '' && disabled !== 'true' && disabled !== 'false') {
    call.list([], 0);
    return;
  }
  const status = query.get('status') ?? '';
  const { total, jobs } = services.jobPage({
    sort,
    descending: query.get('_order') === 'DESC',
    search: query.get('q') ?? '',
    metadata: query.map('metadata'),
    status: status === '' ? null : status === 'untriggered' ? '' : status,
    disabled: disabled === '' ? null : disabled === 'true',
    ...slice(call),
  });
  call.jobs(jobs, total);
}

/** What Dkron panics at (turned around, negative) is an empty page (dkron-v4 13.1 #10). */
function slice({ query }: Call): Pick<JobQuery, 'start' | 'end'> {
  const start = looseInteger(query.get('_start') ?? '');
  const endText = query.get('_end');
  const end = endText === undefined ? null : looseInteger(endText);
  const isEmpty = start < 0 || (end !== null && end < start);
  return isEmpty ? { start: 0, end: 0 } : { start, end };
}

/** GET /v1/jobs/{job} */
export function getJob(call: Call): void {
  const { jobTexts } = call.services;
  let text = jobTexts.get(call.jobName);
  if (text === undefined) {
    const job = call.findJob();
    if (job === undefined) return;
    text = jobJson(job);
    jobTexts.keep(job.name, text);
  }
  call.json(200, text);
}

/** POST and PATCH /v1/jobs, PUT /v1/jobs/{job}: create, or replace as a whole (dkron-v4 1.5). */
export function setJob(call: Call): void {
  const { services, request, query } = call;
  if (services.pause.isPaused) {
    call.answer(textError('submissions_paused', 'New job submissions are currently paused'));
    return;
  }
  const decoded = decodeJob(request.body);
  if (!decoded.ok) {
    call.answer(textError('payload_unreadable', `Unable to parse payload: ${decoded.error}.`));
    return;
  }
  const draft = decoded.value;
  const refusal = refuse(call, draft);
  if (refusal !== null) {
    call.answer(textError(refusal.code, refusal.message));
    return;
  }
  const job = submittedJob(draft);
  services.writes.setJob(job, plannedNext(services, job), (outcome) => {
    if (!outcome.ok) {
      answerRefusedWrite(call, outcome.failure);
      return;
    }
    if (query.has('runoncreate')) runInBackground(call, draft);
    call.json(201, draftJson(draft), [['Location', `${request.target}/${draft.name}`]]);
  });
}

function refuse(call: Call, draft: JobDraft): Failure | null {
  const invalid = validateJob(draft, call.services.rules);
  if (invalid !== null) return { code: 'job_invalid', message: `Job validation failed: ${invalid}.` };
  const [pathName] = call.parameters;
  if (pathName !== undefined && pathName !== draft.name) {
    const message = `Job validation failed: the body names job "${draft.name}", the path "${pathName}".`;
    return { code: 'job_name_mismatch', message };
  }
  const cannotExist = draft.parentJob !== '' && !isJobName(draft.parentJob);
  return cannotExist ? { code: 'parent_not_found', message: PARENT_NOT_FOUND } : null;
}

function answerRefusedWrite(call: Call, { code, message }: Failure): void {
  call.answer(textError(code, message === '' ? sentenceOf(code) : message));
}

/** `runoncreate`: the client does not wait, and does not hear of a failure. */
function runInBackground({ services }: Call, draft: JobDraft): void {
  const job = submittedJob(draft);
  services.writes.run(job.name, job.tags, false, (outcome) => {
    if (outcome.ok) return;
    services.warn('runoncreate did not run the job', { job: job.name, error: outcome.failure.code });
  });
}

/** DELETE /v1/jobs/{job} */
export function deleteJob(call: Call): void {
  const job = call.findJob();
  if (job === undefined) return;
  call.services.writes.deleteJob(job.name, (outcome) => {
    if (outcome.ok) call.job(200, outcome.value);
    else call.fail(outcome.failure);
  });
}

/**
 * POST /v1/jobs/{job} and /v1/jobs/{job}/run: answers when the launch is committed, with the job as it was before, as
 * Dkron shows it; with `wait` in the query, when the launch has ended, with the job as it is then.
 */
export function runJob(call: Call): void {
  const job = call.findJob();
  if (job === undefined) return;
  const { state, writes } = call.services;
  const awaitsEnd = call.query.has('wait');
  const giveUp = writes.run(job.name, job.tags, awaitsEnd, (outcome) => {
    if (!outcome.ok) {
      call.fail(outcome.failure);
      return;
    }
    // An ephemeral job is gone after its success.
    const shown = awaitsEnd ? (state.job(job.name) ?? job) : job;
    call.job(200, shown, [
      ['Location', call.request.target],
      ['Carillon-Launch', String(outcome.value)],
    ]);
  });
  call.onAborted(giveUp);
}

/** POST /v1/jobs/{job}/toggle: the new value is decided here, so that a repeated command can't flip it back. */
export function toggleJob(call: Call): void {
  const job = call.findJob();
  if (job === undefined) return;
  const { rules, writes, nowMs } = call.services;
  writes.setDisabled(job.name, !job.disabled, rules.next(job, job.anchorMs, nowMs()), (outcome) => {
    if (outcome.ok) call.job(200, outcome.value, [['Location', call.request.target]]);
    else call.fail(outcome.failure);
  });
}
