import { readFileSync } from 'node:fs';
import { limits } from '../core/limits.ts';

/** Files, connections and pipes among them, that this process may have open at once; null: nobody knows. */
export function openFileLimit(read = () => readFileSync('/proc/self/limits', 'latin1')): number | null {
  try {
    const [, soft] = /^Max open files +(\S+)/m.exec(read()) ?? [];
    return soft === undefined || !/^\d+$/.test(soft) ? null : Number(soft);
  } catch {
    return null;
  }
}

/** Connections to the API that leave enough files for everything else: stores, and a few for each job that runs. */
export function connectionLimit(openFiles: number | null): number {
  if (openFiles === null) return limits.connections;
  const forOthers = Math.min(Math.max(Math.floor(openFiles / 4), limits.otherFilesLeast), limits.otherFilesMost);
  return Math.min(limits.connections, Math.max(1, openFiles - forOthers));
}
