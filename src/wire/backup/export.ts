import { executionKey, type StateMeta } from '../../core/jobs/ledger.ts';
import type { Backup, BackupOrigin } from '../../core/jobs/reads.ts';
import type { JobRecord } from '../../core/jobs/records.ts';
import type { LogIndex } from '../../core/units.ts';
import type { StoreSnapshot } from '../../runtime/ports.ts';
import { jobRange, keyText, tableKey, tableRange } from '../state-keys.ts';
import { decodeExecution, decodeJob } from '../state-records.ts';
import { FrameWriter, frameKinds } from './frames.ts';

/** Jobs read in one go, and bytes in one piece, about: a piece takes the reading thread some milliseconds. */
const JOBS_PER_READ = 128;
const PIECE_BYTES = 64 << 10;

export interface ExportedState extends BackupOrigin {
  readonly snapshot: StoreSnapshot;
  readonly meta: StateMeta;
  readonly appliedIndex: LogIndex;
}

/** The state of a snapshot as a file. Work that is open belongs to the cluster that runs it, and is left out. */
export function exportState(state: ExportedState): Backup {
  const pieces = gather(framesOf(state));
  return {
    next: () => {
      const { value, done } = pieces.next();
      return done === true ? null : value;
    },
    close: () => state.snapshot.close(),
  };
}

/** Joins frames to pieces, and ends a piece where as many jobs were read as one turn may read. */
function* gather(frames: Iterable<Uint8Array | null>): Generator<Uint8Array> {
  let piece: Uint8Array[] = [];
  let bytes = 0;
  for (const frame of frames) {
    if (frame !== null) {
      piece.push(frame);
      bytes += frame.length;
    }
    if (bytes < PIECE_BYTES && frame !== null) continue;
    yield Buffer.concat(piece);
    piece = [];
    bytes = 0;
  }
  yield Buffer.concat(piece);
}

/** Null: time for others. */
function* framesOf(state: ExportedState): Generator<Uint8Array | null> {
  const { snapshot, meta, appliedIndex, version, node, createdAtMs } = state;
  const writer = new FrameWriter();
  yield writer.begin();
  yield writer.frame(frameKinds.header, [version, node, createdAtMs, appliedIndex, meta.lastStamp, meta.jobCount]);
  for (const job of parentsFirst(snapshot)) {
    if (job === null) yield null;
    else yield* jobFrames(snapshot, writer, job);
  }
  yield writer.end();
}

interface StoredJob {
  readonly job: JobRecord;
  readonly bytes: Uint8Array;
}

/** All jobs, each parent before its children; in memory are the names of the children. Null: time for others. */
function* parentsFirst(snapshot: StoreSnapshot): Generator<StoredJob | null> {
  const childrenOf = new Map<string, string[]>();
  const parents: string[] = [];
  for (const stored of eachJob(snapshot)) {
    if (stored === null || stored.job.parentJob === '') {
      yield stored;
      if (stored?.job.dependentJobs != null) parents.push(stored.job.name);
    } else {
      const siblings = childrenOf.get(stored.job.parentJob);
      if (siblings === undefined) childrenOf.set(stored.job.parentJob, [stored.job.name]);
      else siblings.push(stored.job.name);
    }
  }
  // Appended to while it is walked: children are parents too.
  for (const [at, parent] of parents.entries()) {
    for (const name of childrenOf.get(parent) ?? []) {
      const bytes = snapshot.get(tableKey('jobs', name));
      if (bytes !== undefined) yield { job: decodeJob(bytes), bytes };
      parents.push(name);
    }
    childrenOf.delete(parent);
    if (at % JOBS_PER_READ === 0) yield null;
  }
  // Whose parent is nowhere: a restore that was cut off.
  for (const name of [...childrenOf.values()].flat()) {
    const bytes = snapshot.get(tableKey('jobs', name));
    if (bytes !== undefined) yield { job: decodeJob(bytes), bytes };
  }
}

/** In order of their names, some at a time. */
function* eachJob(snapshot: StoreSnapshot): Generator<StoredJob | null> {
  let range = tableRange('jobs');
  for (;;) {
    const read: StoredJob[] = [];
    let last: Uint8Array | null = null;
    snapshot.range({ ...range, limit: JOBS_PER_READ }, (key, bytes) => {
      last = key;
      read.push({ job: decodeJob(bytes), bytes });
      return true;
    });
    if (last === null) return;
    range = { ...range, from: after(last) };
    yield* read;
    yield null;
  }
}

/** The least key behind another. */
const after = (key: Uint8Array): Uint8Array => Buffer.concat([key, Uint8Array.of(0)]);

function* jobFrames(snapshot: StoreSnapshot, writer: FrameWriter, { job, bytes }: StoredJob): Generator<Uint8Array> {
  yield writer.frame(frameKinds.job, [bytes]);
  const executions: Uint8Array[] = [];
  if (job.executionsKept > 0) {
    snapshot.range(jobRange('executions', job.name), (_, record) => executions.push(record) > 0);
  }
  for (const record of executions) {
    const { stamp, node, outputBytes } = decodeExecution(record);
    const key = tableKey('outputs', executionKey(job.name, stamp, node));
    const output = outputBytes === 0 ? undefined : snapshot.get(key);
    yield writer.frame(frameKinds.execution, [record, output ?? new Uint8Array(0)]);
  }
  const notes: Uint8Array[] = [];
  if (job.notesKept > 0) {
    snapshot.range(jobRange('notes', job.name), (key, note) => {
      const [, at = '0'] = keyText(key).split('\0');
      return notes.push(writer.frame(frameKinds.note, [BigInt(at), note])) > 0;
    });
  }
  yield* notes;
}
