import type { ExecutionStart } from '../jobs/changes.ts';
import { joinTail } from '../join-tail.ts';
import type { MonoMs } from '../units.ts';
import { encodeText } from './worker-texts.ts';
import type { JournalEntry, WorkEnd, WorkerEvent, WorkerOptions, WorkResult } from './worker-types.ts';

/**
 * journalling: its record is on its way to disk, nothing runs yet; running; interrupted: ran when an earlier life of
 * this node ended; finished: its end is not known to be committed.
 */
export type Held =
  | { phase: 'journalling'; entry: JournalEntry; readonly start: ExecutionStart; stopped: boolean }
  | { phase: 'running'; entry: JournalEntry }
  | { phase: 'interrupted'; entry: JournalEntry }
  | { phase: 'finished'; entry: JournalEntry; readonly end: WorkEnd; sentAtMs: MonoMs | null };

export const isOpen = (phase: Held['phase']): boolean => phase === 'journalling' || phase === 'running';

export const acknowledgementOf = ({ id, startedAtNs }: JournalEntry): WorkerEvent => ({
  type: 'startAcknowledged',
  id,
  startedAtNs,
});

/** A worker's account of itself, for a dispatcher that attaches. */
export function reportOf(options: WorkerOptions, held: Iterable<Held>): WorkerEvent {
  const running: JournalEntry[] = [];
  const finished: JournalEntry[] = [];
  const interrupted: JournalEntry[] = [];
  for (const { phase, entry } of held) {
    if (isOpen(phase)) running.push(entry);
    else if (phase === 'finished') finished.push(entry);
    else interrupted.push(entry);
  }
  return {
    type: 'workerReport',
    node: options.node,
    epoch: options.epoch,
    sameBoot: options.sameBoot,
    journalSince: options.journalSince,
    running: running.map(({ id }) => id),
    finished: finished.map(({ id }) => id),
    interrupted: interrupted.map(({ id, startedAtNs }) => ({ id, startedAtNs })),
  };
}

/** Dkron's output of an attempt: the error's line if there is one, then what was written; of both the last bytes. */
export function endingOf(result: WorkResult, limitBytes: number): Omit<WorkEnd, 'finishedAtNs'> {
  const { success, error, output } = result;
  const pieces = success ? [output] : [encodeText(`${error}\n`), output];
  const joined = joinTail(pieces, limitBytes);
  const cutBytes = pieces.reduce((sum, piece) => sum + piece.length, 0) - joined.length;
  return { success, output: joined, droppedBytes: result.droppedBytes + cutBytes };
}
