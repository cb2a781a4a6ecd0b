import type { ProcessIdentity } from '../../executors/types.ts';
import type { ProcessRow, ProcessTable } from './process-table.ts';

export interface ProcessTreeOptions {
  /** `NAME=value` that all processes of the execution inherit, unless they clean their environment. */
  readonly mark: string;
  /**
   * `NAME=value` of this node: who carries another value under that name is another node's, whatever its mark says. Two
   * nodes of one name on one machine give equal ids to what they start at the same time. Undefined: no other node.
   */
  readonly owner?: string | undefined;
  /** Its main process; null: unknown. */
  readonly root: ProcessIdentity | null;
  /**
   * The main process may be gone and its group or session still be the execution's. True while this life of the node
   * watches it; false for what an earlier life left, when the number may have been given to others.
   */
  readonly groupOutlivesRoot: boolean;
}

/**
 * The processes of an execution: its main process, the rest of that process's group and session, all that carry the
 * execution's mark, the descendants of any of these, and whoever was seen to be one of them before. What left the group
 * and the session, lost its parents and cleaned its environment before it was seen can't be told from a stranger.
 */
export class ProcessTree {
  readonly #table: ProcessTable;
  readonly #options: ProcessTreeOptions;
  /** Living members at the last look, with the time of their start: pids are reused. */
  #seen: ReadonlyMap<number, number> = new Map();

  constructor(table: ProcessTable, options: ProcessTreeOptions) {
    this.#table = table;
    this.#options = options;
  }

  /** Pids of those that live. */
  members(): readonly number[] {
    return this.#membersOf(this.#table.rows());
  }

  /**
   * Sends signals to all that live, and answers how many these were. A group that is theirs alone gets each at one
   * instant: a process that one of them forks at this moment gets it, too, though it wasn't listed yet.
   */
  signal(signals: readonly NodeJS.Signals[]): number {
    const rows = this.#table.rows();
    const members = new Set(this.#membersOf(rows));
    const shared = new Set(rows.filter(({ pid }) => !members.has(pid)).map(({ groupId }) => groupId));
    const groups = new Set<number>();
    const alone: number[] = [];
    for (const { pid, groupId } of rows) {
      if (!members.has(pid)) continue;
      // To kill(2), groups 0 and 1 are this process's own and everybody's.
      if (groupId <= 1 || shared.has(groupId)) alone.push(pid);
      else groups.add(groupId);
    }
    for (const signal of signals) {
      for (const groupId of groups) this.#table.signalGroup(groupId, signal);
      for (const pid of alone) this.#table.signal(pid, signal);
    }
    return members.size;
  }

  #membersOf(all: readonly ProcessRow[]): readonly number[] {
    const rows = all.filter((row) => row.pid !== process.pid);
    const isMember = this.#memberTest(rows);
    const members = new Map<number, number>();
    for (const row of rows) if (isMember(row)) members.set(row.pid, row.startTicks);
    for (let grown = true; grown; ) {
      grown = false;
      for (const row of rows) {
        if (members.has(row.pid) || !members.has(row.parentPid)) continue;
        members.set(row.pid, row.startTicks);
        grown = true;
      }
    }
    this.#seen = members;
    return [...members.keys()];
  }

  #memberTest(rows: readonly ProcessRow[]): (row: ProcessRow) => boolean {
    const { root, mark, groupOutlivesRoot } = this.#options;
    const seen = this.#seen;
    const isKnown = (row: ProcessRow): boolean =>
      seen.get(row.pid) === row.startTicks || (this.#table.carries(row.pid, mark) && this.#isOurs(row.pid));
    if (root === null || root.startTicks === 0) return isKnown;
    const leader = rows.find((row) => row.pid === root.pid);
    const ownsNumber = leader === undefined ? groupOutlivesRoot : leader.startTicks === root.startTicks;
    if (!ownsNumber) return isKnown;
    const isInGroup = (row: ProcessRow): boolean => {
      return row.pid === root.pid || row.groupId === root.pid || row.sessionId === root.pid;
    };
    return (row) => (row.startTicks >= root.startTicks && isInGroup(row)) || isKnown(row);
  }

  #isOurs(pid: number): boolean {
    const { owner } = this.#options;
    if (owner === undefined) return true;
    const name = owner.slice(0, owner.indexOf('=') + 1);
    for (const entry of this.#table.environment(pid)) if (entry.startsWith(name)) return entry === owner;
    return true;
  }
}
