import type { ExecutionRecord, JobRecord, LaunchNote } from '../../core/jobs/records.ts';
import {
  type LogIndex,
  logIndex,
  type NodeName,
  nodeName,
  type Stamp,
  stamp,
  type WallMs,
  wallMs,
} from '../../core/units.ts';
import { DecodeError } from '../msgpack.ts';
import { decodeExecution, decodeJob, decodeNote } from '../state-records.ts';
import { BackupInvalid, type Frame, fieldsOf, frameKinds } from './frames.ts';

export interface BackupHeader {
  readonly type: 'header';
  /** Of the Carillon that made it. */
  readonly version: string;
  readonly node: NodeName;
  readonly createdAtMs: WallMs;
  readonly appliedIndex: LogIndex;
  /** The last stamp that was allotted there. */
  readonly lastStamp: Stamp;
  readonly jobs: number;
}

export type BackupRecord =
  | BackupHeader
  | { readonly type: 'job'; readonly job: JobRecord }
  | { readonly type: 'execution'; readonly record: ExecutionRecord; readonly output: Uint8Array }
  | { readonly type: 'note'; readonly stamp: Stamp; readonly note: LaunchNote };

/** What a frame holds; nothing of it aliases the frame. Throws `BackupInvalid`. */
export function decodeFrame(frame: Frame): BackupRecord {
  try {
    return read(frame);
  } catch (error) {
    if (error instanceof BackupInvalid) throw error;
    const reason = error instanceof DecodeError || error instanceof Error ? error.message : String(error);
    throw new BackupInvalid(`the backup can not be read: ${reason}`);
  }
}

function read(frame: Frame): BackupRecord {
  const reader = fieldsOf(frame);
  switch (frame.kind) {
    case frameKinds.header:
      return {
        type: 'header',
        version: reader.string(),
        node: nodeName(reader.string()),
        createdAtMs: wallMs(reader.number()),
        appliedIndex: logIndex(reader.number()),
        lastStamp: stamp(reader.bigint()),
        jobs: reader.number(),
      };
    case frameKinds.job:
      return { type: 'job', job: decodeJob(reader.bytes()) };
    case frameKinds.execution:
      return { type: 'execution', record: decodeExecution(reader.bytes()), output: reader.bytes() };
    case frameKinds.note:
      return { type: 'note', stamp: stamp(reader.bigint()), note: decodeNote(reader.bytes()) };
    default:
      throw new BackupInvalid(`the backup holds frames of kind ${frame.kind}: a later version made it`);
  }
}
