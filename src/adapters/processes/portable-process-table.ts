import { spawnSync } from 'node:child_process';
import type { ProcessIdentity } from '../../executors/types.ts';
import type { ProcessRow, ProcessTable } from './process-table.ts';
import { sendSignal } from './signals.ts';

const line = /^\s*([0-9]+)\s+([0-9]+)\s+([0-9]+)\s+([0-9]+)\s+(\S+)\s+(.+?)\s*$/;

/**
 * Asks POSIX `ps`, for systems without /proc. It shows no environments: a process that left its group and lost its
 * parents is not found. Sessions count as groups.
 */
export class PortableProcessTable implements ProcessTable {
  identify(pid: number): ProcessIdentity {
    const startTicks = this.rows().find((row) => row.pid === pid)?.startTicks ?? 0;
    return { pid, startTicks, bootId: '' };
  }

  rows(): readonly ProcessRow[] {
    return this.#list().map(({ row }) => row);
  }

  carries(_pid: number, _entry: string): boolean {
    return false;
  }

  environment(_pid: number): ReadonlySet<string> {
    return new Set();
  }

  residentBytes(pid: number): number {
    return this.#list().find(({ row }) => row.pid === pid)?.residentBytes ?? 0;
  }

  signal(pid: number, signal: NodeJS.Signals): boolean {
    return sendSignal(pid, signal);
  }

  signalGroup(groupId: number, signal: NodeJS.Signals): boolean {
    return sendSignal(-groupId, signal);
  }

  #list(): readonly { readonly row: ProcessRow; readonly residentBytes: number }[] {
    const listing = spawnSync('ps', ['-A', '-o', 'pid=,ppid=,pgid=,rss=,stat=,lstart='], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, LC_ALL: 'C' },
      maxBuffer: 64 << 20,
    });
    return (listing.stdout ?? '').split('\n').flatMap((text) => {
      const [, pid, parentPid, groupId, kilobytes, state = 'Z', startedAt = ''] = line.exec(text) ?? [];
      if (pid === undefined || state.startsWith('Z')) return [];
      const startTicks = Date.parse(startedAt) / 1_000;
      const row = {
        pid: Number(pid),
        parentPid: Number(parentPid),
        groupId: Number(groupId),
        sessionId: Number(groupId),
        startTicks: Number.isFinite(startTicks) ? startTicks : 0,
      };
      return [{ row, residentBytes: Number(kilobytes) * 1_024 }];
    });
  }
}
