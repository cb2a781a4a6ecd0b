import { assertNever } from '../core/assert.ts';
import type { Change, JobChange } from '../core/jobs/changes.ts';
import type { Cause, JobStatus, LaunchNote, Outcome, StopReason, UnplacedWork } from '../core/jobs/records.ts';
import { limits } from '../core/limits.ts';
import type { ExecutionId, JobName, NodeName, WallMs } from '../core/units.ts';

/** A stamp or a time in nanoseconds, in decimal digits: too long for a number in JSON. */
export type Digits = string;

type LaunchWait = NonNullable<UnplacedWork['waits']>['for'];

/** What those need of a change who only look on. */
export type ToldChange =
  | readonly ['jobSet', job: JobName, how: JobChange, quarantine: string | null]
  | readonly ['jobDeleted', job: JobName]
  | readonly [
      'workOpened',
      job: JobName,
      group: Digits,
      attempt: number,
      reason: UnplacedWork['reason'],
      dueAtMs: WallMs,
      waitsFor: LaunchWait | null,
    ]
  | readonly [
      'executionOpened',
      job: JobName,
      id: ExecutionId,
      group: Digits,
      node: NodeName,
      attempt: number,
      cause: Cause,
      scheduledAtMs: WallMs,
    ]
  | readonly [
      'executionEnded',
      job: JobName,
      id: ExecutionId,
      group: Digits,
      node: NodeName,
      attempt: number,
      outcome: Exclude<Outcome, 'running'>,
      startedAtNs: Digits,
      finishedAtNs: Digits,
      outputBytes: number,
    ]
  | readonly ['executionStopping', job: JobName, id: ExecutionId, group: Digits, reason: StopReason]
  | readonly ['executionDropped', job: JobName, id: ExecutionId]
  | readonly ['launchBegan', job: JobName, group: Digits, cause: Cause, scheduledAtMs: WallMs]
  | readonly ['launchEnded', job: JobName, group: Digits, status: JobStatus]
  | readonly ['launchNoted', job: JobName, note: LaunchNote];

/**
 * Changes as a text. It is a third of what they are as objects, to make, to send and to keep, and is read only if somebody
 * wants to know.
 */
export interface ToldChanges {
  readonly count: number;
  /** JSON of a list of `ToldChange`. */
  readonly text: string;
}

/** In lots, so that who wants one change reads few. */
export function tellChanges(changes: readonly Change[]): ToldChanges[] {
  const lots: ToldChanges[] = [];
  for (let start = 0; start < changes.length; start += limits.changesPerText) {
    const lot = changes.slice(start, start + limits.changesPerText);
    lots.push({ count: lot.length, text: JSON.stringify(lot.map(toldOf)) });
  }
  return lots;
}

/** `text` is what `tellChanges` wrote, in this version. */
export const readChanges = ({ text }: ToldChanges): readonly ToldChange[] => JSON.parse(text) as readonly ToldChange[];

function toldOf(change: Change): ToldChange {
  switch (change.type) {
    case 'jobSet':
      return [change.type, change.schedule.name, change.how, change.quarantine];
    case 'jobDeleted':
      return [change.type, change.name];
    case 'workOpened': {
      const { job, group, attempt, reason, dueAtMs, waits } = change.work;
      return [change.type, job, `${group}`, attempt, reason, dueAtMs, waits?.for ?? null];
    }
    case 'executionOpened': {
      const { id, job, group, node, attempt, cause, scheduledAtMs } = change.start;
      return [change.type, job, id, `${group}`, node, attempt, cause, scheduledAtMs];
    }
    case 'executionEnded': {
      const { type, job, id, group, node, attempt, outcome, startedAtNs, finishedAtNs, outputBytes } = change;
      return [type, job, id, `${group}`, node, attempt, outcome, `${startedAtNs}`, `${finishedAtNs}`, outputBytes];
    }
    case 'executionStopping':
      return [change.type, change.job, change.id, `${change.group}`, change.reason];
    case 'executionDropped':
      return [change.type, change.job, change.id];
    case 'launchBegan':
      return [change.type, change.job, `${change.group}`, change.cause, change.scheduledAtMs];
    case 'launchEnded':
      return [change.type, change.job, `${change.group}`, change.status];
    case 'launchNoted':
      return [change.type, change.note.job, change.note];
    default:
      return assertNever(change);
  }
}
