import type { FinishItem } from '../jobs/commands.ts';
import type { ExecutionRecord } from '../jobs/records.ts';
import { type WallNs, wallMsOf } from '../units.ts';
import type { FinishedWork, Now, OpenExecution } from './in-flight.ts';
import { retryAt } from './retry.ts';

/** The end of an attempt as its worker told it, with the output that came out of the processors. */
export function endOf(
  { start }: OpenExecution,
  { startedAtNs, finishedAtNs, success, droppedBytes }: FinishedWork,
  output: Uint8Array,
  now: Now,
): FinishItem {
  return {
    job: start.job,
    stamp: start.stamp,
    node: start.node,
    startedAtNs,
    finishedAtNs,
    outcome: success ? 'success' : 'failed',
    output,
    droppedBytes,
    retryAtMs: retryAt(startedAtNs, finishedAtNs, wallMsOf(now.wallNs), start.attempt + 1),
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

/** The end of an attempt that nobody will ever know the end of (P2). */
export function lossOf({ start }: OpenExecution, startedAtNs: WallNs, why: string, now: Now): FinishItem {
  return {
    job: start.job,
    stamp: start.stamp,
    node: start.node,
    startedAtNs,
    finishedAtNs: now.wallNs,
    outcome: 'lost',
    output: encodeText(`execution lost: it ${why}`),
    droppedBytes: 0,
    retryAtMs: wallMsOf(now.wallNs),
  };
}

/** The reasons are ASCII. */
const encodeText = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));
