import { assert } from '../assert.ts';
import type { ExecutionStart } from '../jobs/changes.ts';
import type { StopReason } from '../jobs/records.ts';
import { joinTail } from '../join-tail.ts';
import type { Epoch, ExecutionId, MonoMs, WallNs } from '../units.ts';
import { encodeText, stopLine } from './worker-texts.ts';
import type { JournalEntry, WorkEnd, WorkerEvent, WorkerOptions, WorkResult } from './worker-types.ts';

/**
 * journalling: its record is on its way to disk, nothing runs yet; running; interrupted: ran when an earlier life of
 * this node ended; finished: its end is not known to be committed.
 */
export type Held =
  | { phase: 'journalling'; entry: JournalEntry; readonly start: ExecutionStart; stop: HeldStop }
  | { phase: 'running'; entry: JournalEntry; stop: HeldStop }
  | { phase: 'interrupted'; entry: JournalEntry }
  | { phase: 'finished'; entry: JournalEntry; readonly end: WorkEnd; sentAtMs: MonoMs | null };

/** What ends it: a wish for just this execution, or the node, which stops. */
export type HeldStop = StopReason | 'node' | null;

export const isOpen = (phase: Held['phase']): boolean => phase === 'journalling' || phase === 'running';

/** What an earlier life left. */
export function heldOf(entry: JournalEntry): Held {
  const { end } = entry;
  return end === null ? { phase: 'interrupted', entry } : { phase: 'finished', entry, end, sentAtMs: null };
}

export function checkHeld(id: ExecutionId, held: Held, life: Epoch): void {
  assert(held.entry.id === id, 'executions are kept by their id');
  assert((held.phase === 'finished') === (held.entry.end !== null), 'exactly the finished have an end');
  if (held.phase === 'journalling') assert(held.start.epoch === life, 'only work of this life starts');
}

export const acknowledgementOf = ({ id, startedAtNs }: JournalEntry): WorkerEvent => ({
  type: 'startAcknowledged',
  id,
  startedAtNs,
});

/** Of an execution that starts. */
export const entryOf = ({ id, job, executor }: ExecutionStart, startedAtNs: WallNs): JournalEntry => ({
  id,
  job,
  executor,
  startedAtNs,
  process: null,
  end: null,
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

/**
 * Dkron's output of an attempt: the error's line if there is one, then what was written; of both the last bytes. What
 * was stopped has failed, however it took that, and says so in its last line.
 */
export function endingOf(result: WorkResult, stop: HeldStop, limitBytes: number): Omit<WorkEnd, 'finishedAtNs'> {
  const [before, after] = linesBeside(result, stop);
  const success = result.success && !isStop(stop);
  const pieces = [before, result.output, after];
  const joined = joinTail(pieces, limitBytes);
  const cutBytes = pieces.reduce((sum, piece) => sum + piece.length, 0) - joined.length;
  return { success, output: joined, droppedBytes: result.droppedBytes + cutBytes };
}

/** What the recorded output says beside what was written. */
export const closingOf = (result: WorkResult, stop: HeldStop): Uint8Array =>
  joinTail(linesBeside(result, stop), Number.MAX_SAFE_INTEGER);

/** Stopped by somebody: not by its node, which stops itself. */
const isStop = (stop: HeldStop): stop is Exclude<HeldStop, null | 'node'> => stop !== null && stop !== 'node';

function linesBeside({ success, error, output }: WorkResult, stop: HeldStop): readonly [Uint8Array, Uint8Array] {
  return [encodeText(success ? '' : `${error}\n`), isStop(stop) ? stopLine(stop, output) : encodeText('')];
}
