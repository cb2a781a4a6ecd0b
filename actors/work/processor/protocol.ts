import type { StringMap } from '../../../src/core/jobs/records.ts';
import type { ExecutionId, JobName, NodeName } from '../../../src/core/units.ts';
import type { Ref } from '../../../src/runtime/types.ts';

/** Accepted by `processor`: the pipeline of one finished attempt. */
export type ProcessorCommand = {
  readonly type: 'process';
  readonly id: ExecutionId;
  readonly job: JobName;
  readonly node: NodeName;
  readonly success: boolean;
  readonly output: Uint8Array;
  readonly processors: Readonly<Record<string, StringMap>>;
  readonly answerTo: Ref<ProcessorEvent>;
};

/** Always sent once per `process`; a broken processor leaves the output as it was. */
export type ProcessorEvent = {
  readonly type: 'processed';
  readonly id: ExecutionId;
  readonly output: Uint8Array;
};
