import { closeSync, fchownSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Account } from './launcher.ts';

/**
 * A descriptor from which a child reads the bytes: a file that has no name any more. Unlike a pipe it holds any number
 * of bytes, whether the child reads them or not, and can be opened again as /dev/stdin. Close it when the child has it.
 * Throws the system's error when there is no room.
 */
export function openInput(bytes: Uint8Array, account: Account | null): number {
  const directory = mkdtempSync(join(tmpdir(), 'carillon-input-'));
  try {
    const path = join(directory, 'input');
    writeFileSync(path, bytes, { mode: 0o600, flag: 'wx' });
    const file = openSync(path, 'r');
    try {
      if (account !== null) fchownSync(file, account.userId, account.groupId);
    } catch {
      // Not root: then the child can't become another user either, and says so itself.
      closeSync(file);
      return openSync(path, 'r');
    }
    return file;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
