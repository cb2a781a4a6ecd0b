import type { ProcessIdentity } from '../../executors/types.ts';

/** One living process, as it was when the table was read. Zombies are not listed: nothing of them runs. */
export interface ProcessRow {
  readonly pid: number;
  readonly parentPid: number;
  readonly groupId: number;
  readonly sessionId: number;
  /** Rises with the time of start; its unit is the system's own, 0: unknown. */
  readonly startTicks: number;
}

/** The operating system's view of its processes: all that Linux offers behind one interface, with a portable fallback. */
export interface ProcessTable {
  /** Identity of a process that is known to be ours; `startTicks` is 0 when it is gone already. */
  identify(pid: number): ProcessIdentity;
  /** All processes that this user may see. Blocks for some 20 µs per process. */
  rows(): readonly ProcessRow[];
  /** True when the process carries `entry` (`NAME=value`) in the environment it was started with. */
  carries(pid: number, entry: string): boolean;
  /** All entries of that environment; empty when they can't be known. */
  environment(pid: number): ReadonlySet<string>;
  /** Resident memory; 0 when the process is gone. */
  residentBytes(pid: number): number;
  /** Sends a signal; false when there is no such process any more. */
  signal(pid: number, signal: NodeJS.Signals): boolean;
  /** Sends a signal to all of a group at one instant: what they fork meanwhile gets it too (kill(2)). */
  signalGroup(groupId: number, signal: NodeJS.Signals): boolean;
}
