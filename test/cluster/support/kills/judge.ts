import { limits } from '../../../../src/core/limits.ts';
import type { NodeProcess } from '../../../support/node-process.ts';
import { check } from '../../../support/observer/checker.ts';
import { dueTimesByHand } from '../../../support/observer/due-times.ts';
import type { DueTime, Recorded } from '../../../support/observer/history.ts';
import type { Episode } from './episode.ts';
import { type FleetJob, isExclusive } from './fleet.ts';

export interface Verdict {
  /** Nothing, when the node kept its promises. */
  readonly wrong: readonly string[];
  /** How much there was to judge. */
  readonly counts: Readonly<Record<string, number>>;
}

/** The default of catch-up: what was due longer ago is not launched. */
const catchUpWindowMs = 60_000;
/** A due time whose job is being created or switched off just then may count or not. */
const doubtMs = 2_000;

interface Shown {
  readonly id: string;
  readonly attempt: number;
  readonly success: boolean;
  readonly finished_at: string;
}

interface Told {
  readonly job: { readonly success_count: number; readonly error_count: number };
  readonly executions: readonly Shown[];
  readonly losses: readonly { readonly execution: string; readonly scheduled_at: string }[];
  readonly notes: readonly { readonly from: string; readonly to: string; readonly count: number }[];
}

/** Compares what the observer saw with what the node says of itself. */
export async function judge(episode: Episode): Promise<Verdict> {
  const { node, observer, fleet, writers } = episode;
  const wrong = [...episode.survivors, ...writers.flatMap((writer) => writer.wrong)];
  const records: Recorded[] = [];
  const dueTimes: DueTime[] = [];
  const counts = { executions: 0, lost: 0, 'missed or skipped': 0, 'histories not kept whole': 0 };
  const seen = new Map<string, number>();
  for (const { execution } of observer.starts) seen.set(execution, (seen.get(execution) ?? 0) + 1);
  for (const [execution, times] of seen) if (times > 1) wrong.push(`${execution} was started ${times} times`);
  for (const job of fleet) {
    const told = await tell(node, job.name);
    wrong.push(...contradictions(job, told, episode, seen));
    const keptFromMs = oldestKeptMs(told);
    if (keptFromMs > 0) counts['histories not kept whole'] += 1;
    dueTimes.push(...dueTimesOf(job, episode, keptFromMs));
    records.push(...recordsOf(job.name, told));
    counts.executions += told.executions.length;
    counts.lost += told.losses.length;
    counts['missed or skipped'] += told.notes.reduce((sum, { count }) => sum + count, 0);
  }
  const starts = observer.starts.filter(({ attempt }) => attempt === 1);
  const exclusive = new Set(fleet.filter(isExclusive).map(({ name }) => name));
  const findings = check(
    { dueTimes, starts, records },
    { lateAfterMs: catchUpWindowMs, earlyWithinMs: 1_000, exclusive },
  );
  for (const [kind, found] of Object.entries(findings)) {
    for (const one of found) wrong.push(`${kind}: ${JSON.stringify(one)}`);
  }
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
  return {
    wrong,
    counts: {
      kills: episode.outages.length,
      'due times': dueTimes.length,
      starts: observer.starts.length,
      ...counts,
      'writes acknowledged': sum(writers.map(({ acknowledged }) => acknowledged)),
      'writes without an answer': sum(writers.map(({ unanswered }) => unanswered)),
      'reads compared': sum(writers.map(({ read }) => read)),
      'ms down': sum(episode.outages.map(({ fromMs, toMs }) => toMs - fromMs)),
    },
  };
}

async function tell(node: NodeProcess, name: string): Promise<Told> {
  const get = async (target: string): Promise<never> => {
    const answer = await node.request({ method: 'GET', path: target });
    if (answer.status !== 200) throw new Error(`GET ${target}: ${answer.status} ${answer.text}`);
    return JSON.parse(answer.text) as never;
  };
  const notes: Told['notes'] = [
    ...((await get(`/v1/launches?state=missed&job=${name}`)) as Told['notes']),
    ...((await get(`/v1/launches?state=skipped&job=${name}`)) as Told['notes']),
  ];
  return {
    job: await get(`/v1/jobs/${name}`),
    executions: await get(`/v1/jobs/${name}/executions`),
    losses: await get(`/v1/launches?state=lost&job=${name}`),
    notes,
  };
}

/** Counters are what the history shows; what the history shows is what was seen. */
function contradictions(
  { name }: FleetJob,
  { job, executions }: Told,
  { observer }: Episode,
  seen: ReadonlyMap<string, number>,
): string[] {
  const wrong: string[] = [];
  const succeeded = executions.filter(({ success }) => success);
  const counters = [job.success_count, job.error_count];
  const expected = [succeeded.length, executions.length - succeeded.length];
  if (counters.join() !== expected.join())
    wrong.push(`counters of ${name} are ${counters}, its history has ${expected}`);
  for (const { id } of succeeded) {
    if (!seen.has(id)) wrong.push(`${id} of ${name} succeeded, and nobody saw it start`);
    else if (!observer.ended.has(id)) wrong.push(`${id} of ${name} succeeded, and nobody saw it end`);
  }
  const known = new Set(executions.map(({ id }) => id));
  for (const { job: of, execution } of observer.starts) {
    if (of === name && !known.has(execution)) wrong.push(`${execution} of ${name} was started and has no record`);
  }
  return wrong;
}

/** Of due times before it, records may be gone; 0: all are there. */
function oldestKeptMs({ executions }: Told): number {
  if (executions.length < limits.executionsPerJob) return 0;
  return Math.min(...executions.map(({ id }) => Number(BigInt(id.slice(0, id.indexOf('-'))) / 1_000_000n)));
}

function dueTimesOf({ name, schedule }: FleetJob, { created, disabled }: Episode, keptFromMs: number): DueTime[] {
  const from = created.get(name);
  const to = disabled.get(name);
  if (from === undefined || to === undefined) throw new Error(`${name} was created and switched off`);
  // The phase of `@every 1s` is that of the clock.
  const all = dueTimesByHand(schedule, from.fromMs, to.toMs + doubtMs, from.fromMs - 1_000);
  const sinceMs = Math.max(from.toMs + doubtMs, keptFromMs);
  return all.map((atMs) => ({ job: name, atMs, isOptional: atMs <= sinceMs || atMs >= to.fromMs }));
}

const recordsOf = (job: string, { losses, notes }: Told): Recorded[] => [
  ...notes.map(({ from, to }) => ({ job, fromMs: Date.parse(from), toMs: Date.parse(to) })),
  ...losses.map(({ scheduled_at: at }) => ({ job, fromMs: Date.parse(at), toMs: Date.parse(at) })),
];
