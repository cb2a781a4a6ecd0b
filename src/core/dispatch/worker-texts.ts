import type { StopReason } from '../jobs/records.ts';

const encoder = new TextEncoder();
const NEWLINE = 10;

export const encodeText = (text: string): Uint8Array => encoder.encode(text);

/** Recorded texts of Dkron for work that no executor can do (dkron-v4 2.5); neither ends in a newline. */
const noExecutor = encodeText(
  'grpc: Error on execution streaming, agent connection was abruptly terminated: rpc error: code = Unknown ' +
    'desc = grpc_agent: No executor defined, nothing to do',
);
const unknownExecutor = encodeText('grpc_agent: Specified executor is not present');

/** Dkron's output of an execution whose job names no executor, or one that this node lacks; null: it can start. */
export function unstartableOutput(executor: string, executors: ReadonlySet<string>): Uint8Array | null {
  if (executor === '') return noExecutor;
  return executors.has(executor) ? null : unknownExecutor;
}

/** Nothing may start without its record, and there is no space to write one. */
export const journalFullOutput = encodeText(
  "Not started: the disk of this node's data directory is full. Free some space there.\n",
);

export const stoppedBeforeStart = encodeText('Stopped before it was started.\n');

/** The error of what a node ended by itself, since nobody counted on it any more (P3). */
export const revokedError =
  'stopped: its node had no word from the leader, or was given up by it, and executions of this job must not overlap';
const stopTexts: Readonly<Record<StopReason, string>> = {
  request: 'stopped by request',
  replaced: 'stopped: a newer launch takes its place',
};

/** A line of its own after what was written. */
export const stopLine = (reason: StopReason, output: Uint8Array): Uint8Array =>
  encodeText(`${output.length === 0 || output.at(-1) === NEWLINE ? '' : '\n'}[carillon: ${stopTexts[reason]}]\n`);

export const notStarted = (reason: StopReason): Uint8Array =>
  encodeText(`[carillon: ${stopTexts[reason]}, before it was started]\n`);
