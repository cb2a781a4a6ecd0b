import { assertNever } from '../assert.ts';
import { type JobName, type LogIndex, type WallMs, wallMs } from '../units.ts';
import { applySetJob, jobSchedule, putAndTell } from './apply-job.ts';
import type { Change } from './changes.ts';
import type { Command, CommandResult, ImportItem, ImportRefusal } from './commands.ts';
import { dropSurplus } from './history.ts';
import type { Ledger } from './ledger.ts';

type Item<Type extends ImportItem['type']> = Extract<ImportItem, { type: Type }>;

/**
 * Brings back what a backup holds. What is there already stays: an import that is repeated, as a whole or in part,
 * changes nothing more.
 */
export function applyImport(
  ledger: Ledger,
  index: LogIndex,
  command: Extract<Command, { type: 'import' }>,
  out: Change[],
): CommandResult {
  ledger.raiseLastStamp(command.lastStamp);
  const refusals: ImportRefusal[] = [];
  const longer = new Set<JobName>();
  for (const item of command.items) {
    switch (item.type) {
      case 'job': {
        const refusal = importJob(ledger, index, command.nowMs, item, out);
        if (refusal !== null) refusals.push(refusal);
        break;
      }
      case 'execution':
        if (importExecution(ledger, item)) longer.add(item.record.job);
        break;
      case 'note':
        importNote(ledger, item);
        break;
      default:
        assertNever(item);
    }
  }
  // Whoever sees to the age of histories looks at these anew.
  for (const name of longer) {
    const job = ledger.job(name);
    if (job === undefined || job.retention === null) continue;
    out.push({ type: 'jobSet', schedule: jobSchedule(job), how: 'updated', quarantine: job.quarantine });
  }
  return { type: 'imported', refusals };
}

/**
 * A job that exists is set as by a client, with Dkron's merge. One that doesn't begins now, like any new job: the backup
 * can't know which due times since then were launched, so none before now is due. `@every` keeps its phase (P8).
 */
function importJob(
  ledger: Ledger,
  index: LogIndex,
  nowMs: WallMs,
  item: Item<'job'>,
  out: Change[],
): ImportRefusal | null {
  const { job, anchorMs, highWaterMs, quarantine } = item;
  const existed = ledger.job(job.name) !== undefined;
  const result = applySetJob(ledger, index, { type: 'setJob', nowMs, job, next: job.next }, out);
  if (result.type === 'refused') return { job: job.name, code: result.code, message: result.message };
  const stored = ledger.job(job.name);
  if (existed || stored === undefined) return null;
  const effectiveFromMs = wallMs(Math.max(item.effectiveFromMs, nowMs));
  putAndTell(ledger, { ...stored, next: job.next, effectiveFromMs, anchorMs, highWaterMs, quarantine }, 'updated', out);
  return null;
}

/** History of a job that was not set, or is gone again, is left out. */
function importExecution(ledger: Ledger, { record, output }: Item<'execution'>): boolean {
  const job = ledger.job(record.job);
  if (job === undefined || record.outcome === 'running') return false;
  if (ledger.execution(record.job, record.stamp, record.node) !== undefined) return false;
  ledger.restoreExecution({ ...record, outputBytes: output.length }, output);
  const { name, executionsRunning, retention } = job;
  const executionsKept = job.executionsKept + 1;
  const dropped = dropSurplus(ledger, name, { executionsKept, executionsRunning, retention });
  ledger.putJob({ ...job, executionsKept: executionsKept - dropped });
  return true;
}

function importNote(ledger: Ledger, { note, stamp }: Item<'note'>): void {
  const job = ledger.job(note.job);
  if (job === undefined) return;
  ledger.putJob({ ...job, notesKept: ledger.restoreNote(note, stamp, job.notesKept) });
}
