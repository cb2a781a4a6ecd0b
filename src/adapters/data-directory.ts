import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readBootId } from './boot-id.ts';
import { backToAnchor } from './lmdb-anchor.ts';

/** The data directory can't be used; the message says why and what to do. */
export class DataDirectoryError extends Error {
  override readonly name = 'DataDirectoryError';
}

/** Names the directory among all of this machine; a copy has another name. */
export function dataDirectoryKey(directory: string): string {
  const { dev, ino } = statSync(directory);
  return `${dev}-${ino}`;
}

const LOCK_FILE = 'carillon.lock';

/** A process that holds a directory: its start time tells it from a later one with the same pid. */
interface Holder {
  readonly pid: number;
  readonly startTicks: string;
}

/**
 * Makes the data directory and takes it for this process: two nodes on one directory would destroy it. The lock of a
 * process that is gone (killed, rebooted) is taken over. Stores are put back to what is on the disk for certain: nobody
 * has opened them yet. Returns what releases it.
 */
export function takeDataDirectory(directory: string): () => void {
  const path = join(directory, LOCK_FILE);
  try {
    mkdirSync(directory, { recursive: true, mode: 0o750 });
  } catch (error) {
    throw new DataDirectoryError(`the data directory ${directory} can't be made: ${reasonOf(error)}; see --data-dir`);
  }
  const self: Holder = { pid: process.pid, startTicks: startTicksOf(process.pid) ?? '' };
  if (!create(path, self)) {
    const holder = read(path);
    if (holder !== null && isAlive(holder)) {
      throw new DataDirectoryError(
        `the data directory ${directory} is in use by process ${holder.pid}: stop that one, or give --data-dir`,
      );
    }
    rmSync(path, { force: true });
    if (!create(path, self))
      throw new DataDirectoryError(`another process took the data directory ${directory} just now`);
  }
  backToAnchor(join(directory, 'state'), readBootId());
  return () => rmSync(path, { force: true });
}

function create(path: string, holder: Holder): boolean {
  try {
    writeFileSync(path, JSON.stringify(holder), { flag: 'wx', mode: 0o640 });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw new DataDirectoryError(`${path} can't be written: ${reasonOf(error)}; see --data-dir`);
  }
}

/** Null: nothing that this program wrote; a torn file has no living holder. */
function read(path: string): Holder | null {
  try {
    const { pid, startTicks } = JSON.parse(readFileSync(path, 'utf8')) as Partial<Holder>;
    return typeof pid === 'number' && typeof startTicks === 'string' ? { pid, startTicks } : null;
  } catch {
    return null;
  }
}

function isAlive(holder: Holder): boolean {
  if (holder.startTicks !== '') return startTicksOf(holder.pid) === holder.startTicks;
  try {
    process.kill(holder.pid, 0);
    return holder.pid !== process.pid;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Field 22 of /proc/PID/stat; null where there is no such process or no /proc. */
function startTicksOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
