import { assertNever } from '../core/assert.ts';
import type { CommandResult, ImportRefusal, RefusalCode } from '../core/jobs/commands.ts';
import type { Remembered, StateMeta } from '../core/jobs/ledger.ts';
import type {
  ExecutionRecord,
  JobRecord,
  LaunchNote,
  OpenLaunch,
  UnplacedWork,
  WorkWait,
} from '../core/jobs/records.ts';
import { epoch, jobName, type LogIndex, logIndex, nodeName, stamp, wallMs, wallNs } from '../core/units.ts';
import { FieldReader, plainPairs } from './fields.ts';
import { plainJobRecord, readJobRecord } from './job-codec.ts';
import { DecodeError, decodePlain, encodeStored, type Plain } from './msgpack.ts';
import type { StateHash, StateMark } from './state-hash.ts';

/** Version of the records in the state store; the first field of each. */
const VERSION = 1;

const causes = ['schedule', 'manual', 'parent'] as const;

const encode = (fields: readonly Plain[]): Uint8Array => encodeStored([VERSION, ...fields]);

function open(bytes: Uint8Array, what: string): FieldReader {
  const reader = new FieldReader(decodePlain(bytes), what);
  const version = reader.number();
  if (version !== VERSION) throw new DecodeError(`${what}: record version ${version} is not known`);
  return reader;
}

export const encodeJob = (job: JobRecord): Uint8Array => encode([plainJobRecord(job)]);
export const decodeJob = (bytes: Uint8Array): JobRecord => readJobRecord(open(bytes, 'job').tuple('record'));

export const encodeExecution = (record: ExecutionRecord): Uint8Array =>
  encode([
    record.job,
    record.stamp,
    record.node,
    record.epoch,
    record.group,
    record.attempt,
    record.scheduledAtMs,
    record.cause,
    record.startedAtNs,
    record.finishedAtNs,
    record.outcome,
    record.outputBytes,
    record.droppedBytes,
    record.late,
    // Left out while they have their defaults: the hash of the state is that of before.
    ...(record.stop === null && !record.wiped ? [] : [record.stop]),
    ...(record.wiped ? [true] : []),
  ]);

export function decodeExecution(bytes: Uint8Array): ExecutionRecord {
  const reader = open(bytes, 'execution');
  return {
    job: jobName(reader.string()),
    stamp: stamp(reader.bigint()),
    node: nodeName(reader.string()),
    epoch: epoch(reader.number()),
    group: stamp(reader.bigint()),
    attempt: reader.number(),
    scheduledAtMs: wallMs(reader.number()),
    cause: reader.oneOf(causes),
    startedAtNs: wallNs(reader.bigint()),
    finishedAtNs: wallNs(reader.bigint()),
    outcome: reader.oneOf(['running', 'success', 'failed', 'lost']),
    outputBytes: reader.number(),
    droppedBytes: reader.number(),
    late: reader.nullable((field) => field.oneOf(['success', 'failed'])),
    stop: reader.remaining === 0 ? null : reader.nullable((field) => field.oneOf(['request', 'replaced'])),
    wiped: reader.remaining === 0 ? false : reader.boolean(),
  };
}

export const encodeLaunch = (launch: OpenLaunch): Uint8Array =>
  encode([
    launch.job,
    launch.group,
    launch.scheduledAtMs,
    launch.cause,
    launch.pending,
    launch.succeeded,
    launch.failed,
  ]);

export function decodeLaunch(bytes: Uint8Array): OpenLaunch {
  const reader = open(bytes, 'launch');
  return {
    job: jobName(reader.string()),
    group: stamp(reader.bigint()),
    scheduledAtMs: wallMs(reader.number()),
    cause: reader.oneOf(causes),
    pending: reader.number(),
    succeeded: reader.number(),
    failed: reader.number(),
  };
}

export const encodeWork = (work: UnplacedWork): Uint8Array =>
  encode([
    work.stamp,
    work.job,
    work.group,
    work.attempt,
    work.scheduledAtMs,
    work.cause,
    work.reason,
    work.dueAtMs,
    work.node,
    ...(work.waits === null ? [] : [work.waits.for, work.waits.sinceMs]),
  ]);

export function decodeWork(bytes: Uint8Array): UnplacedWork {
  const reader = open(bytes, 'work');
  return {
    stamp: stamp(reader.bigint()),
    job: jobName(reader.string()),
    group: stamp(reader.bigint()),
    attempt: reader.number(),
    scheduledAtMs: wallMs(reader.number()),
    cause: reader.oneOf(causes),
    reason: reader.oneOf(['retry', 'child', 'rerun', 'start']),
    dueAtMs: wallMs(reader.number()),
    node: reader.nullable((field) => nodeName(field.string())),
    waits: reader.remaining === 0 ? null : readWait(reader),
  };
}

const readWait = (reader: FieldReader): WorkWait => ({
  for: reader.oneOf(['queue', 'replace', 'job', 'node']),
  sinceMs: wallMs(reader.number()),
});

export const encodeNote = (note: LaunchNote): Uint8Array =>
  encode([note.job, note.kind, note.fromMs, note.toMs, note.count, note.reason]);

export function decodeNote(bytes: Uint8Array): LaunchNote {
  const reader = open(bytes, 'note');
  return {
    job: jobName(reader.string()),
    kind: reader.oneOf(['missed', 'skipped']),
    fromMs: wallMs(reader.number()),
    toMs: wallMs(reader.number()),
    count: reader.number(),
    reason: reader.string(),
  };
}

export const encodeMeta = (meta: StateMeta): Uint8Array =>
  encode([meta.lastStamp, meta.jobCount, plainPairs(meta.statusCounts, (count) => count)]);

export function decodeMeta(bytes: Uint8Array): StateMeta {
  const reader = open(bytes, 'meta');
  return { lastStamp: stamp(reader.bigint()), jobCount: reader.number(), statusCounts: reader.numberMap() };
}

export const encodeAppliedIndex = (index: LogIndex): Uint8Array => encode([index]);
export const decodeAppliedIndex = (bytes: Uint8Array): LogIndex => logIndex(open(bytes, 'appliedIndex').number());

/** What a store says of its own hash. */
export interface StateCheckRecord {
  readonly format: number;
  readonly hash: StateHash;
  /** Oldest first. */
  readonly marks: readonly StateMark[];
}

export const encodeStateCheck = ({ format, hash, marks }: StateCheckRecord): Uint8Array =>
  encode([format, hash.first, hash.second, marks.map((mark) => [mark.index, mark.hash.first, mark.hash.second])]);

export function decodeStateCheck(bytes: Uint8Array): StateCheckRecord {
  const reader = open(bytes, 'check');
  return {
    format: reader.number(),
    hash: { first: reader.number(), second: reader.number() },
    marks: reader.list((field) => {
      const mark = field.tuple('mark');
      return { index: logIndex(mark.number()), hash: { first: mark.number(), second: mark.number() } };
    }),
  };
}

export const encodeRemembered = (kept: Remembered): Uint8Array =>
  encode([kept.epoch, kept.sequence, plainResult(kept.result)]);

export function decodeRemembered(bytes: Uint8Array): Remembered {
  const reader = open(bytes, 'remembered');
  return { epoch: reader.number(), sequence: reader.number(), result: readResult(reader.tuple('result')) };
}

function plainResult(result: CommandResult): Plain {
  switch (result.type) {
    case 'done':
      return ['done'];
    case 'job':
      return ['job', plainJobRecord(result.job)];
    case 'launched':
      return ['launched', plainJobRecord(result.job), result.group];
    case 'imported':
      return ['imported', result.refusals.map(({ job, code, message }) => [job, code, message])];
    case 'refused':
      return ['refused', result.code, result.message];
    default:
      return assertNever(result);
  }
}

const refusalCodes = [
  'job_not_found',
  'job_disabled',
  'parent_not_found',
  'same_parent',
  'parent_cycle',
  'has_dependents',
  'no_targets',
  'limit_reached',
  'execution_not_found',
  'execution_ended',
] as const satisfies readonly RefusalCode[];

function readRefusal(field: FieldReader): ImportRefusal {
  const reader = field.tuple('refusal');
  return { job: jobName(reader.string()), code: reader.oneOf(refusalCodes), message: reader.string() };
}

function readResult(reader: FieldReader): CommandResult {
  const type = reader.oneOf(['done', 'job', 'launched', 'refused', 'imported']);
  switch (type) {
    case 'done':
      return { type };
    case 'job':
      return { type, job: readJobRecord(reader.tuple('job')) };
    case 'launched':
      return { type, job: readJobRecord(reader.tuple('job')), group: stamp(reader.bigint()) };
    case 'imported':
      return { type, refusals: reader.list(readRefusal) };
    case 'refused':
      return { type, code: reader.oneOf(refusalCodes), message: reader.string() };
    default:
      return assertNever(type);
  }
}
