import type { ExecutionStart } from '../../src/core/jobs/changes.ts';
import { epoch, executionId, jobName, nodeName, stamp, wallMs, wallNs } from '../../src/core/units.ts';

/** A start as the state hands it over: of `job1`, by its schedule, on `n0`; its launch is of the same stamp. */
export function executionStart(at: bigint, fields: Partial<ExecutionStart> = {}): ExecutionStart {
  const { node = nodeName('n0') } = fields;
  return {
    id: executionId(stamp(at), node),
    job: jobName('job1'),
    stamp: stamp(at),
    node,
    epoch: epoch(3),
    group: stamp(at),
    attempt: 1,
    scheduledAtMs: wallMs(0),
    cause: 'schedule',
    assignedAtNs: wallNs(0n),
    executor: 'shell',
    executorConfig: null,
    processors: null,
    retries: 0,
    retry: null,
    exclusive: false,
    stop: null,
    ...fields,
  };
}
