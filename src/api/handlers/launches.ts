import { latenessNs, type RecentQuery } from '../../core/jobs/reads.ts';
import type { ExecutionRecord, LaunchNote, UnplacedWork, WaitCause } from '../../core/jobs/records.ts';
import { executionId, instantOfMs, instantOfNs, jobName, type WallMs } from '../../core/units.ts';
import { type Call, noJob } from '../call.ts';
import { isJobName } from '../job-rules.ts';
import { formatInstant } from '../json/time.ts';
import { jsonString } from '../json/writer.ts';
import { type Query, wholeNumber } from '../query.ts';

const states = ['missed', 'skipped', 'lost', 'late', 'queued'] as const;
type LaunchState = (typeof states)[number];

/** GET /v1/launches: due times that did not become an execution that began in time and ended, newest first. */
export function listLaunches(call: Call): void {
  const { state: reads } = call.services;
  const state = readState(call.query);
  if (state === null) {
    call.refuse({ code: 'query_invalid', message: `state must be one of ${states.join(', ')}` });
    return;
  }
  const page = readPage(call.query);
  if (typeof page === 'string') {
    call.refuse({ code: 'query_invalid', message: page });
    return;
  }
  if (page.job !== null && (!isJobName(page.job) || reads.job(page.job) === undefined)) {
    call.refuse(noJob(page.job));
    return;
  }
  if (state === 'queued') {
    const { total, records } = reads.queuedWork(page);
    call.list(records.map(queuedJson), total);
  } else if (state === 'late') {
    const { total, records } = reads.recentLates(page);
    call.list(records.map(lateJson), total);
  } else if (state === 'lost') {
    const { total, records } = reads.recentLosses(page);
    call.list(records.map(lossJson), total);
  } else {
    const { total, records } = reads.recentNotes(state, page);
    call.list(records.map(noteJson), total);
  }
}

function readState(query: Query): LaunchState | null {
  return states.find((state) => state === query.get('state')) ?? null;
}

/** A text says what is wrong. */
function readPage(query: Query): RecentQuery | string {
  const start = wholeNumber(query, '_start', 0, [0, Number.MAX_SAFE_INTEGER]);
  if (typeof start === 'string') return start;
  const end = wholeNumber(query, '_end', null, [0, Number.MAX_SAFE_INTEGER]);
  if (typeof end === 'string') return end;
  const job = query.get('job') ?? '';
  return { job: job === '' ? null : jobName(job), start, end };
}

const time = (atMs: WallMs): string => `"${formatInstant(instantOfMs(atMs))}"`;

const waitReasons: Readonly<Record<WaitCause, string>> = {
  queue: 'launches of the job run, or wait before it (concurrency queue)',
  replace: 'what it replaces has not ended (concurrency replace)',
  job: 'the job runs as many executions as it may (max_executions)',
  node: 'its node runs as many executions as it may (--max-executions)',
};

/** One launch that waits, or one execution of it. */
function queuedJson({ job, scheduledAtMs, node, attempt, waits }: UnplacedWork): string {
  const where = node === null ? '' : `,"node":${jsonString(node)}`;
  const why = waits === null ? '' : `,"since":${time(waits.sinceMs)},"reason":${jsonString(waitReasons[waits.for])}`;
  return `{"job":${jsonString(job)},"state":"queued","scheduled_at":${time(scheduledAtMs)},"attempt":${attempt}${where}${why}}`;
}

const noteJson = ({ job, kind, fromMs, toMs, count, reason }: LaunchNote): string =>
  `{"job":${jsonString(job)},"state":"${kind}","from":${time(fromMs)},"to":${time(toMs)}` +
  `,"count":${count},"reason":${jsonString(reason)}}`;

const lossJson = ({ job, stamp, node, scheduledAtMs }: ExecutionRecord): string =>
  `{"job":${jsonString(job)},"state":"lost","execution":${jsonString(executionId(stamp, node))}` +
  `,"scheduled_at":${time(scheduledAtMs)}}`;

const lateJson = (record: ExecutionRecord): string =>
  `{"job":${jsonString(record.job)},"state":"late","execution":${jsonString(executionId(record.stamp, record.node))}` +
  `,"scheduled_at":${time(record.scheduledAtMs)},"started_at":"${formatInstant(instantOfNs(record.startedAtNs))}"` +
  `,"late_ms":${latenessNs(record) / 1_000_000n}}`;
