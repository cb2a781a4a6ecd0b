import { cronExtensions } from '../../src/adapters/cron-extensions.ts';
import { IntlZones } from '../../src/adapters/zones.ts';
import { BackupRestore } from '../../src/api/restore-backup.ts';
import { ScheduleRules } from '../../src/api/schedule-rules.ts';
import type { Command } from '../../src/core/jobs/commands.ts';
import { NODE, type StateHarness } from './state-harness.ts';

/** A backup of what is there now. */
export function backupBytes({ reader, nowMs }: StateHarness): Uint8Array {
  const backup = reader.backup({ version: 'devel', node: NODE, createdAtMs: nowMs });
  const pieces: Uint8Array[] = [];
  for (let piece = backup.next(); piece !== null; piece = backup.next()) pieces.push(piece);
  backup.close();
  return Buffer.concat(pieces);
}

/** Restores a small backup: its commands are applied by `apply`. Throws when it is refused. */
export function restoreBytes(harness: StateHarness, bytes: Uint8Array, apply: (command: Command) => void): void {
  const turns: (() => void)[] = [];
  const restore = new BackupRestore(
    {
      rules: new ScheduleRules(new IntlZones('UTC'), cronExtensions),
      nowMs: () => harness.nowMs,
      after: (_, turn) => {
        turns.push(turn);
        return () => undefined;
      },
      writes: {
        importRecords: (lastStamp, items, done) => {
          apply({ type: 'import', nowMs: harness.nowMs, lastStamp, items });
          done({ ok: true, value: [] });
        },
      },
    },
    bytes,
    (outcome) => {
      if ('code' in outcome) throw new Error(outcome.message);
    },
  );
  restore.begin();
  for (let turn = turns.shift(); turn !== undefined; turn = turns.shift()) turn();
}
