import { existsSync } from 'node:fs';
import { LinuxProcessTable } from './linux-process-table.ts';
import { PortableProcessTable } from './portable-process-table.ts';
import type { ProcessTable } from './process-table.ts';
import { WindowsProcessTable } from './windows-process-table.ts';

/** The best view of processes that this system offers. */
export function openProcessTable(): ProcessTable {
  if (process.platform === 'win32') return new WindowsProcessTable();
  return existsSync('/proc/self/stat') ? new LinuxProcessTable() : new PortableProcessTable();
}
