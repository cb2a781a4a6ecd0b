import type { ExecutionStart } from '../jobs/changes.ts';
import type { FinishItem } from '../jobs/commands.ts';
import type { ExecutionRecord, StopReason } from '../jobs/records.ts';
import { joinTail } from '../join-tail.ts';
import { limits } from '../limits.ts';
import { type WallMs, type WallNs, wallMs, wallMsOf } from '../units.ts';
import type { FinishedWork, Now, OpenExecution } from './in-flight.ts';
import { retryAt, retryPauseMs } from './retry.ts';
import type { Chooser } from './targets.ts';
import { encodeText, stopLine } from './worker-texts.ts';

/** The end of an attempt as its worker told it, with the output that came out of the processors. */
export function endOf(
  { start }: OpenExecution,
  finished: FinishedWork,
  output: Uint8Array,
  now: Now,
  chooser: Chooser,
): FinishItem {
  const { startedAtNs, finishedAtNs, success, droppedBytes } = finished;
  return {
    job: start.job,
    stamp: start.stamp,
    node: start.node,
    startedAtNs,
    finishedAtNs,
    outcome: success ? 'success' : 'failed',
    output,
    droppedBytes,
    retryAtMs: nextAttemptAt(start, finished, wallMsOf(now.wallNs), chooser),
  };
}

/** What became of an execution that is recorded as lost. Its output is not kept: the record's own says why it was lost. */
export function annotationOf(
  { job, stamp, node }: ExecutionRecord,
  { startedAtNs, finishedAtNs, success }: FinishedWork,
  now: Now,
): FinishItem {
  return {
    job,
    stamp,
    node,
    startedAtNs,
    finishedAtNs,
    outcome: success ? 'success' : 'failed',
    output: new Uint8Array(0),
    droppedBytes: 0,
    retryAtMs: wallMsOf(now.wallNs),
  };
}

function nextAttemptAt(
  { attempt, retry }: ExecutionStart,
  { startedAtNs, finishedAtNs, success }: FinishedWork,
  nowMs: WallMs,
  chooser: Chooser,
): WallMs {
  if (success || retry === null) return retryAt(startedAtNs, finishedAtNs, nowMs, attempt + 1);
  return wallMs(nowMs + retryPauseMs(retry, attempt, chooser));
}

/** The end of an attempt that nobody will ever know the end of (P2). */
export function lossOf({ start }: OpenExecution, startedAtNs: WallNs, why: string, now: Now): FinishItem {
  return {
    job: start.job,
    stamp: start.stamp,
    node: start.node,
    startedAtNs,
    finishedAtNs: now.wallNs,
    outcome: 'lost',
    output: lossText(why, start.stop),
    droppedBytes: 0,
    retryAtMs: wallMsOf(now.wallNs),
  };
}

function lossText(why: string, stop: StopReason | null): Uint8Array {
  const text = encodeText(`execution lost: it ${why}`);
  return stop === null ? text : joinTail([text, stopLine(stop, text)], limits.outputBytes);
}
