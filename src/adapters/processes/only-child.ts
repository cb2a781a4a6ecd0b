import { readFileSync } from 'node:fs';
import { LinuxProcessTable } from './linux-process-table.ts';

/** Whom a process that has one child at a time has forked; null: nobody, or it is over. */
export function onlyChildOf(pid: number): number | null {
  const listed = readChildren(pid);
  if (listed !== null) return listed === '' ? null : Number.parseInt(listed, 10);
  return new LinuxProcessTable().rows().find(({ parentPid }) => parentPid === pid)?.pid ?? null;
}

/** Null: this system doesn't list them (`CONFIG_PROC_CHILDREN`), or the process is gone. */
function readChildren(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1');
  } catch {
    return null;
  }
}
