import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Account } from './launcher.ts';

export type AccountLookup =
  | { readonly type: 'found'; readonly account: Account }
  | { readonly type: 'unknownUser' }
  | { readonly type: 'unknownGroup' };

/** Looks a user and a group up by their names; without a group it is the user's own. */
export function findAccount(user: string, group: string | null): AccountLookup {
  const userFields = lookUp('passwd', user);
  const userId = numberOf(userFields?.[2]);
  const ownGroupId = numberOf(userFields?.[3]);
  if (userId === null || ownGroupId === null) return { type: 'unknownUser' };
  const groupId = group === null ? ownGroupId : numberOf(lookUp('group', group)?.[2]);
  return groupId === null ? { type: 'unknownGroup' } : { type: 'found', account: { userId, groupId } };
}

/** Fields of an entry: from the file, else from wherever the system keeps names (getent(1)). */
function lookUp(table: 'passwd' | 'group', name: string): readonly string[] | null {
  if (name === '' || /[:\n\0]/.test(name)) return null;
  return entryOf(readTable(table), name) ?? entryOf(askSystem(table, name), name);
}

function entryOf(lines: string, name: string): readonly string[] | null {
  const line = lines.split('\n').find((entry) => entry.startsWith(`${name}:`));
  return line?.split(':') ?? null;
}

function readTable(table: string): string {
  try {
    return readFileSync(`/etc/${table}`, 'utf8');
  } catch {
    return '';
  }
}

function askSystem(table: string, name: string): string {
  // Numbers would be looked up as ids.
  if (/^[0-9]+$/.test(name)) return '';
  return spawnSync('getent', [table, '--', name], { encoding: 'utf8', windowsHide: true }).stdout ?? '';
}

const numberOf = (text: string | undefined): number | null => {
  return text !== undefined && /^[0-9]+$/.test(text) ? Number(text) : null;
};
