import { assertNever } from '../assert.ts';
import type { Change } from '../jobs/changes.ts';
import type { JobName } from '../units.ts';
import type { PlannerInput } from './planner.ts';

/** What a change of the state means to the planner; null: nothing. */
export function plannerInput(
  change: Change,
): PlannerInput | { readonly type: 'readAgain'; readonly name: JobName } | null {
  switch (change.type) {
    case 'jobSet':
      return { type: 'jobSet', job: change.schedule };
    case 'jobDeleted':
      return { type: 'jobDeleted', name: change.name };
    case 'launchBegan': {
      const { cause, job, scheduledAtMs } = change;
      return cause === 'schedule' ? { type: 'recorded', name: job, upToMs: scheduledAtMs } : null;
    }
    case 'launchNoted':
      // It may be about a run that no schedule asked for: only the job tells up to where due times are recorded.
      return { type: 'readAgain', name: change.note.job };
    case 'workOpened':
    case 'executionOpened':
    case 'executionEnded':
    case 'executionStopping':
    case 'executionDropped':
    case 'launchEnded':
      return null;
    default:
      return assertNever(change);
  }
}

/** Whether who plans due times, and what is to go of histories, has to know of it. */
export const concernsSchedules = (change: Change): boolean =>
  change.type === 'executionEnded' ? change.hasSurplus || change.growsOld : plannerInput(change) !== null;
