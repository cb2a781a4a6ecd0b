import { spawnSync } from 'node:child_process';
import type { ProcessIdentity } from '../../executors/types.ts';
import type { ProcessRow, ProcessTable } from './process-table.ts';

/**
 * Windows has no process groups and no signals: a process is listed while it lives, and ended with its descendants by
 * `taskkill`. Memory isn't measured.
 */
export class WindowsProcessTable implements ProcessTable {
  readonly #known = new Set<number>();

  identify(pid: number): ProcessIdentity {
    this.#known.add(pid);
    return { pid, startTicks: 1, bootId: '' };
  }

  rows(): readonly ProcessRow[] {
    for (const pid of this.#known) if (!isAlive(pid)) this.#known.delete(pid);
    return [...this.#known].map((pid) => ({ pid, parentPid: 0, groupId: pid, sessionId: pid, startTicks: 1 }));
  }

  carries(_pid: number, _entry: string): boolean {
    return false;
  }

  environment(_pid: number): ReadonlySet<string> {
    return new Set();
  }

  residentBytes(_pid: number): number {
    return 0;
  }

  signal(pid: number, signal: NodeJS.Signals): boolean {
    if (signal === 'SIGCONT') return true;
    const force = signal === 'SIGKILL' ? ['/F'] : [];
    return spawnSync('taskkill', ['/PID', String(pid), '/T', ...force], { windowsHide: true }).status === 0;
  }

  signalGroup(groupId: number, signal: NodeJS.Signals): boolean {
    return this.signal(groupId, signal);
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
