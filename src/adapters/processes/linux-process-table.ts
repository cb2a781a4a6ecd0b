import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import type { ProcessIdentity } from '../../executors/types.ts';
import { readBootId } from '../boot-id.ts';
import type { ProcessRow, ProcessTable } from './process-table.ts';
import { sendSignal } from './signals.ts';

/** A stat line is some 300 bytes; a longer one is read up to the fields that count. */
const STAT_BYTES = 2_048;

/** Reads /proc (proc(5)). */
export class LinuxProcessTable implements ProcessTable {
  readonly #bootId = readBootId();
  readonly #scratch = Buffer.alloc(STAT_BYTES);

  identify(pid: number): ProcessIdentity {
    return { pid, startTicks: this.#row(pid)?.startTicks ?? 0, bootId: this.#bootId };
  }

  rows(): readonly ProcessRow[] {
    const rows: ProcessRow[] = [];
    for (const name of readdirSync('/proc')) {
      const pid = Number(name);
      const row = Number.isInteger(pid) ? this.#row(pid) : null;
      if (row !== null) rows.push(row);
    }
    return rows;
  }

  carries(pid: number, entry: string): boolean {
    let environment: Buffer;
    try {
      environment = readFileSync(`/proc/${pid}/environ`);
    } catch {
      // Gone, or of another user: then it is not ours, because only root starts jobs as others.
      return false;
    }
    const wanted = Buffer.from(`${entry}\0`);
    for (let at = environment.indexOf(wanted); at >= 0; at = environment.indexOf(wanted, at + 1)) {
      if (at === 0 || environment[at - 1] === 0) return true;
    }
    return false;
  }

  environment(pid: number): ReadonlySet<string> {
    try {
      return new Set(readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0'));
    } catch {
      return new Set();
    }
  }

  residentBytes(pid: number): number {
    try {
      const status = readFileSync(`/proc/${pid}/status`, 'latin1');
      return Number(/^VmRSS:\s*([0-9]+) kB$/m.exec(status)?.[1] ?? 0) * 1_024;
    } catch {
      return 0;
    }
  }

  signal(pid: number, signal: NodeJS.Signals): boolean {
    return sendSignal(pid, signal);
  }

  signalGroup(groupId: number, signal: NodeJS.Signals): boolean {
    return sendSignal(-groupId, signal);
  }

  /** Null: no such process, or a zombie. */
  #row(pid: number): ProcessRow | null {
    const stat = this.#readStat(pid);
    // The name stands in parentheses and may hold anything, parentheses, too.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state = '', parentPid, groupId, sessionId] = fields;
    const startTicks = fields[19];
    if (state === '' || state === 'Z' || state === 'X' || startTicks === undefined) return null;
    return {
      pid,
      parentPid: Number(parentPid),
      groupId: Number(groupId),
      sessionId: Number(sessionId),
      startTicks: Number(startTicks),
    };
  }

  #readStat(pid: number): string {
    let file: number;
    try {
      file = openSync(`/proc/${pid}/stat`, 'r');
    } catch {
      return '';
    }
    try {
      return this.#scratch.toString('latin1', 0, readSync(file, this.#scratch, 0, STAT_BYTES, null));
    } catch {
      return '';
    } finally {
      closeSync(file);
    }
  }
}
