import { readdirSync, readFileSync } from 'node:fs';

/**
 * Living processes in whose environment `marker` occurs (jobs get it through `env`, descendants inherit it). Linux
 * only. Zombies have no environment and don't count.
 */
export function processesWith(marker: string): number[] {
  const found: number[] = [];
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      if (readFileSync(`/proc/${entry}/environ`, 'latin1').includes(marker)) found.push(Number(entry));
    } catch {
      // It ended, or belongs to somebody else.
    }
  }
  return found;
}

/** For the end of a failed test: ends what its job left behind. */
export function endProcesses(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // Gone already.
    }
  }
}
