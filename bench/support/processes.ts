import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts in hundredths of a second wherever it tells programs of time (USER_HZ). */
const ticksPerSecond = 100;
const bytesPerKibibyte = 1_024;
const bytesPerMegabyte = 1e6;

interface ProcessTimes {
  readonly parent: number;
  /** Of the process, and of all of its children that have ended. */
  readonly ticks: number;
}

/**
 * Processor time that these processes and all below them have used so far, those that have ended included: they are
 * counted with whoever waited for them. Linux only.
 */
export function processorSeconds(roots: readonly number[]): number {
  const processes = readProcesses();
  const children = new Map<number, number[]>();
  for (const [pid, { parent }] of processes) children.set(parent, [...(children.get(parent) ?? []), pid]);
  const total = (pid: number): number =>
    (children.get(pid) ?? []).reduce((sum, child) => sum + total(child), processes.get(pid)?.ticks ?? 0);
  return roots.reduce((sum, root) => sum + total(root), 0) / ticksPerSecond;
}

function readProcesses(): ReadonlyMap<number, ProcessTimes> {
  const found = new Map<number, ProcessTimes>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      found.set(Number(name), timesOf(readFileSync(`/proc/${name}/stat`, 'utf8')));
    } catch {
      // It has ended since.
    }
  }
  return found;
}

/** See proc_pid_stat(5); the name, in parentheses, may hold anything. */
function timesOf(stat: string): ProcessTimes {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const field = (number: number): number => Number(fields[number - 3]);
  return { parent: field(4), ticks: field(14) + field(15) + field(16) + field(17) };
}

export interface MemoryUse {
  /** Of the process's own: no page of a file, such as those of LMDB. */
  readonly anonymousMegabytes: number;
  readonly residentMegabytes: number;
}

/** Linux only. */
export function memoryOf(pid: number): MemoryUse {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const megabytes = (name: string): number => {
    const kibibytes = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
    if (kibibytes === undefined) throw new Error(`the system does not tell ${name} of a process`);
    return (Number(kibibytes) * bytesPerKibibyte) / bytesPerMegabyte;
  };
  return { anonymousMegabytes: megabytes('RssAnon'), residentMegabytes: megabytes('VmRSS') };
}
