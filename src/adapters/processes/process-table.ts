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
  /** Resident memory; 0 when the process is gone. */
  residentBytes(pid: number): number;
  /** Sends a signal; false when there is no such process any more. */
  signal(pid: number, signal: NodeJS.Signals): boolean;
}

/** What belongs to an execution. */
export interface TreeQuery {
  /** `NAME=value` that all of its processes inherit, unless they clean their environment. */
  readonly mark: string;
  /** Its main process; null: unknown, or not to be trusted any more. */
  readonly root: ProcessIdentity | null;
  /**
   * The main process may be gone and its group or session still be the execution's. True while this life of the node
   * watches it; false for what an earlier life left, when the number may have been given to others.
   */
  readonly groupOutlivesRoot: boolean;
}

/**
 * The living processes of an execution: its main process, the rest of that process's group and session, all that carry
 * the execution's mark, and the descendants of any of these. What left the group and the session, lost its parents and
 * cleaned its environment can't be told from a stranger.
 */
export function membersOf(table: ProcessTable, query: TreeQuery): readonly number[] {
  const rows = table.rows();
  const isMember = memberTest(rows, table, query);
  const members = new Set(rows.filter(isMember).map((row) => row.pid));
  for (let grown = true; grown; ) {
    grown = false;
    for (const row of rows) {
      if (members.has(row.pid) || !members.has(row.parentPid)) continue;
      members.add(row.pid);
      grown = true;
    }
  }
  members.delete(process.pid);
  return [...members];
}

function memberTest(rows: readonly ProcessRow[], table: ProcessTable, query: TreeQuery): (row: ProcessRow) => boolean {
  const { root, mark } = query;
  const carriesMark = (row: ProcessRow): boolean => row.pid !== process.pid && table.carries(row.pid, mark);
  if (root === null || root.startTicks === 0) return carriesMark;
  const leader = rows.find((row) => row.pid === root.pid);
  const ownsNumber = leader === undefined ? query.groupOutlivesRoot : leader.startTicks === root.startTicks;
  if (!ownsNumber) return carriesMark;
  return (row) =>
    (row.startTicks >= root.startTicks &&
      (row.pid === root.pid || row.groupId === root.pid || row.sessionId === root.pid)) ||
    carriesMark(row);
}
