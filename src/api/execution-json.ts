import type { ExecutionRecord } from '../core/jobs/records.ts';
import { executionId, type Instant, instantOfNs, type WallNs, ZERO_INSTANT } from '../core/units.ts';
import { formatInstant } from './json/time.ts';
import { jsonBytes, jsonString } from './json/writer.ts';
import type { BusyExecution } from './services.ts';

/** An execution with all of its output, in UTC (dkron-v4 2.5). */
export const executionJson = (execution: ExecutionRecord, output: Uint8Array): string =>
  executionObject(execution, output, () => 0, '');

/** One of a list: in the job's zone, with at most the last `limit` bytes of its output. */
export function listedExecutionJson(
  execution: ExecutionRecord,
  output: Uint8Array,
  limit: number,
  offsetSeconds: (at: Instant) => number,
): string {
  const isTruncated = execution.outputBytes > limit;
  const shown = output.subarray(Math.max(0, output.length - limit));
  return executionObject(execution, shown, offsetSeconds, `,"output_truncated":${isTruncated}`);
}

/** A running execution, with the latest piece of its output (dkron-v4 1.12). */
export function busyJson(busy: BusyExecution): string {
  const { id, job, node, group, attempt, startedAtNs, latestOutput } = busy;
  return executionMembers({
    id,
    job,
    startedAt: formatInstant(instantOfNs(startedAtNs)),
    finishedAt: formatInstant(ZERO_INSTANT),
    success: false,
    output: latestOutput,
    node,
    group,
    attempt,
    extra: '',
  });
}

function executionObject(
  execution: ExecutionRecord,
  output: Uint8Array,
  offsetSeconds: (at: Instant) => number,
  extra: string,
): string {
  const zoned = (at: WallNs): string => {
    const instant = instantOfNs(at);
    return formatInstant(instant, offsetSeconds(instant));
  };
  const isRunning = execution.outcome === 'running';
  // Not in Dkron: only where an end came after its execution was recorded as lost, and where it is stopped.
  const late = execution.late === null ? '' : `,"late_end":"${execution.late}"`;
  const stop = execution.stop === null ? '' : `,"stop":"${execution.stop}"`;
  return executionMembers({
    id: executionId(execution.stamp, execution.node),
    job: execution.job,
    startedAt: zoned(execution.startedAtNs),
    // Never in a zone: clients tell running executions by exactly this text (dkron-v4 13.1 #35).
    finishedAt: isRunning ? formatInstant(ZERO_INSTANT) : zoned(execution.finishedAtNs),
    success: execution.outcome === 'success',
    output,
    node: execution.node,
    group: execution.group,
    attempt: execution.attempt,
    extra: `${extra}${late}${stop}`,
  });
}

interface Members {
  readonly id: string;
  readonly job: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly success: boolean;
  readonly output: Uint8Array;
  readonly node: string;
  readonly group: bigint;
  readonly attempt: number;
  readonly extra: string;
}

/** Go leaves out an empty output. */
function executionMembers(members: Members): string {
  const output = members.output.length === 0 ? '' : `,"output":${jsonBytes(members.output)}`;
  return (
    `{"id":${jsonString(members.id)},"job_name":${jsonString(members.job)}` +
    `,"started_at":"${members.startedAt}","finished_at":"${members.finishedAt}","success":${members.success}${output}` +
    `,"node_name":${jsonString(members.node)},"group":${members.group},"attempt":${members.attempt}${members.extra}}`
  );
}
