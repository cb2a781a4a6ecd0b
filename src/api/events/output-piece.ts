import type { ExecutionId, JobName, NodeName } from '../../core/units.ts';

/** A piece of what an execution wrote. */
export interface OutputPiece {
  readonly id: ExecutionId;
  readonly job: JobName;
  readonly node: NodeName;
  /** Bytes that it wrote before. */
  readonly offset: number;
  readonly chunk: Uint8Array;
}
