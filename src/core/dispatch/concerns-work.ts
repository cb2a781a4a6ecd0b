import type { Change } from '../jobs/changes.ts';

/** Whether who brings work to nodes has to know of it. Nothing waits yet for a job that is created. */
export const concernsWork = (change: Change): boolean =>
  change.type === 'jobSet' ? change.how !== 'created' : change.type !== 'launchBegan' && change.type !== 'launchNoted';
