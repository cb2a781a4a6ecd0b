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
    case 'executionOpened': {
      const { cause, job, scheduledAtMs } = change.start;
      return cause === 'schedule' ? { type: 'recorded', name: job, upToMs: scheduledAtMs } : null;
    }
    case 'launchNoted':
      // It may be about a run that no schedule asked for: only the job tells up to where due times are recorded.
      return { type: 'readAgain', name: change.note.job };
    case 'workOpened': {
      // A launch that waits is recorded too.
      const { cause, job, scheduledAtMs, reason } = change.work;
      return reason === 'start' && cause === 'schedule' ? { type: 'recorded', name: job, upToMs: scheduledAtMs } : null;
    }
    case 'launchBegan':
    case 'executionEnded':
    case 'executionStopping':
    case 'executionDropped':
    case 'launchEnded':
      return null;
    default:
      return assertNever(change);
  }
}
