import type { LaunchPlan, ProcessEnd } from './launcher.ts';

/** What a shell must get right before it is trusted with jobs. */
export interface SlotTrial {
  readonly plan: LaunchPlan;
  passed(end: ProcessEnd | null): boolean;
}

const planOf = (script: string): LaunchPlan => ({
  program: '/bin/sh',
  argumentZero: 'sh',
  args: ['-c', script],
  environment: new Map(),
  workingDirectory: null,
  account: null,
  input: null,
});

/** Process groups of their own, and ends told apart. */
export const slotTrials: readonly SlotTrial[] = [
  {
    plan: planOf('read -r pid name state parent group rest </proc/$$/stat; test "$group" = "$$" && exit 137'),
    passed: (end) => end?.type === 'exited' && end.code === 137,
  },
  {
    plan: planOf('kill -KILL $$'),
    passed: (end) => end?.type === 'signalled' && end.signal === 9,
  },
];
