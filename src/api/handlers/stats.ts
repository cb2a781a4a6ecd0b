import {
  addStats,
  emptyMinute,
  type MinuteStats,
  minuteOf,
  permilleMs,
  type Spread,
} from '../../core/jobs/minute-stats.ts';
import { limits } from '../../core/limits.ts';
import { instantOfMs, type JobName, jobName, wallMs, wallMsOfInstant } from '../../core/units.ts';
import { type Call, noJob } from '../call.ts';
import { isJobName } from '../job-rules.ts';
import { formatInstant } from '../json/time.ts';
import { instantIn } from '../query.ts';

const DEFAULT_MINUTES = 60;
const NS_PER_MINUTE = 60_000_000_000n;

/** In minutes since 1970; `to` is exclusive. */
interface Asked {
  readonly job: JobName | null;
  readonly from: number;
  readonly to: number;
  readonly step: number;
}

/** GET /v1/stats: what happened, of all jobs or of one, in steps of whole minutes that begin at multiples of the step. */
export function getStats(call: Call): void {
  const asked = readQuery(call);
  if (typeof asked === 'string') {
    call.refuse({ code: 'query_invalid', message: asked });
    return;
  }
  const { job, from, to, step } = asked;
  const { state } = call.services;
  if (job !== null && (!isJobName(job) || state.job(job) === undefined)) {
    call.refuse(noJob(job));
    return;
  }
  const steps = new Map<number, MinuteStats>();
  for (const stats of state.minutesBetween(job, from, to)) {
    const start = floorTo(stats.minute, step);
    steps.set(start, addStats(steps.get(start) ?? emptyMinute(start), stats));
  }
  const found = [...steps.values()].sort((a, b) => a.minute - b.minute).map(stepJson);
  const range = `"from":${time(from)},"to":${time(to)},"step_seconds":${step * 60}`;
  call.json(200, `{${range},"steps":[${found.join(',')}]}`);
}

const floorTo = (minute: number, step: number): number => minute - (minute % step);

/** A text says what is wrong. What is empty counts as not given. */
function readQuery({ query, services }: Call): Asked | string {
  const step = readStep(query.get('step') ?? '', (text) => services.rules.duration(text));
  if (typeof step === 'string') return step;
  const now = services.nowMs();
  const until = instantIn(query, 'to', instantOfMs(wallMs(now + 60_000)));
  if (typeof until === 'string') return until;
  const to = minuteOf(wallMs(Math.max(0, wallMsOfInstant(until))));
  const since = instantIn(query, 'from', instantOfMs(wallMs((to - DEFAULT_MINUTES) * 60_000)));
  if (typeof since === 'string') return since;
  const from = floorTo(minuteOf(wallMs(Math.max(0, wallMsOfInstant(since)))), step);
  if (from >= to) return 'from must be at least a minute before to';
  if ((to - from) / step > limits.statSteps) {
    const least = Math.ceil((to - from) / limits.statSteps);
    if (least > limits.statMinutes) return `from is too early: the latest ${limits.statMinutes} minutes are kept`;
    return `step must be at least ${least}m for this time: an answer has ${limits.statSteps} steps at most`;
  }
  const job = query.get('job') ?? '';
  return { job: job === '' ? null : jobName(job), from, to, step };
}

/** Whole minutes; a text says what is wrong. */
function readStep(text: string, duration: (text: string) => bigint | null): number | string {
  if (text === '') return 1;
  const ns = duration(text);
  const minutes = ns === null || ns % NS_PER_MINUTE !== 0n ? 0 : Number(ns / NS_PER_MINUTE);
  return minutes >= 1 && minutes <= limits.statMinutes
    ? minutes
    : 'step must be a duration of whole minutes, such as 5m or 1h, up to 168h';
}

const time = (minute: number): string => `"${formatInstant(instantOfMs(wallMs(minute * 60_000)))}"`;

function stepJson({
  minute,
  launches,
  succeeded,
  failed,
  lost,
  skipped,
  missed,
  lateness,
  duration,
}: MinuteStats): string {
  const counts = `"launches":${launches},"succeeded":${succeeded},"failed":${failed},"lost":${lost}`;
  const notes = `"skipped":${skipped},"missed":${missed}`;
  return `{"at":${time(minute)},${counts},${notes},"lateness":${spreadJson(lateness)},"duration":${spreadJson(duration)}}`;
}

const spreadJson = (spread: Spread): string =>
  `{"count":${spread.count},"sum_ms":${spread.sumMs},"max_ms":${spread.maxMs}` +
  `,"p50_ms":${permilleMs(spread, 500)},"p99_ms":${permilleMs(spread, 990)}}`;
